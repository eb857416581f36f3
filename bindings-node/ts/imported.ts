import { type Described, fromDescription } from './error.js'
import type { ConsolidatedContact, IdentifyResult } from './types.js'

/** @internal What the native part tells of a request of an import, see src/reply.rs: the elements of a contact, or an error. */
export type Element = number | string | { error: Described }

/**
 * @internal The results of an import.
 *
 * They are read here, and not as decode.ts reads what calls are answered: the engine learns for each place in the code whether what
 * is made there stays, and if so makes it where it stays. The results of an import are kept, what calls are answered goes soon; made
 * in one place, the results of imports were moved about by the collector, and an import took a fifth longer.
 */
export class Imported {
  readonly #elements: Element[]
  #next = 0

  constructor(elements: Element[]) {
    this.#elements = elements
  }

  results(): IdentifyResult[] {
    const results: IdentifyResult[] = []
    while (this.#next < this.#elements.length) {
      results.push(this.#result())
    }
    return results
  }

  #result(): IdentifyResult {
    const element = this.#elements[this.#next]
    if (typeof element === 'number') {
      return this.#contact()
    }
    this.#next += 1
    return fromDescription((element as { error: Described }).error)
  }

  #contact(): ConsolidatedContact {
    const primaryContactId = this.#element<number>()
    const emails = this.#list<string>()
    const phoneNumbers = this.#list<string>()
    return { primaryContactId, emails, phoneNumbers, secondaryContactIds: this.#list<number>() }
  }

  #element<T>(): T {
    return this.#elements[this.#next++] as T
  }

  #list<T>(): T[] {
    const count = this.#element<number>()
    switch (count) {
      case 0:
        return []
      case 1:
        return [this.#element<T>()]
      case 2:
        return [this.#element<T>(), this.#element<T>()]
      default:
        this.#next += count
        return this.#elements.slice(this.#next - count, this.#next) as T[]
    }
  }
}
