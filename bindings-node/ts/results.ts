import type { IdentifyResult } from './types.js'

/**
 * @internal Results as an array that is awaited, and one by one for `for await`: an array is an iterable too, so whoever has
 * one by that type has a loop around what it is answered with.
 */
export class Results extends Promise<IdentifyResult[]> implements AsyncGenerator<IdentifyResult, void, void> {
  /** What `then` makes of it is any promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  readonly #each = this.#oneByOne()

  static from(results: Promise<IdentifyResult[]>): Results {
    return new Results(resolve => resolve(results))
  }

  next(): Promise<IteratorResult<IdentifyResult, void>> {
    return this.#iterated().next()
  }

  return(value: void | PromiseLike<void>): Promise<IteratorResult<IdentifyResult, void>> {
    return this.#iterated().return(value)
  }

  throw(error: unknown): Promise<IteratorResult<IdentifyResult, void>> {
    return this.#iterated().throw(error)
  }

  [Symbol.asyncIterator](): this {
    this.#iterated()
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** Whoever iterates is told there of what goes wrong; nobody awaits the promise then. */
  #iterated(): AsyncGenerator<IdentifyResult, void, void> {
    this.catch(() => {})
    return this.#each
  }

  async *#oneByOne(): AsyncGenerator<IdentifyResult, void, void> {
    yield* await this
  }
}

/** @internal A generator for `await using`, which its type promises: Node has that since version 24. */
export function disposable<T>(generator: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
  if (!Reflect.has(generator, Symbol.asyncDispose)) {
    const value = async (): Promise<void> => void (await generator.return())
    Object.defineProperty(generator, Symbol.asyncDispose, { value, configurable: true, writable: true })
  }
  return generator
}
