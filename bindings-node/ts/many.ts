import type { Import } from '../native.js'
import type { Calls } from './calls.js'
import { forget, hold, listen, release, take } from './channel.js'
import { answers } from './decode.js'
import { encode } from './encode.js'
import { aborted, closed, IdentityError, internal, invalid } from './error.js'
import type { Receiver } from './receivers.js'
import type { IdentifyRequest, IdentifyResult, ManyOptions, Progress } from './types.js'

/** Requests that cross to the native part together. */
const TOGETHER = 1_000

/** Transactions whose requests are under way at once: one is read, one planned, one committed. */
const TRANSACTIONS = 3

/** @internal Where requests come from. */
export type Source = Iterable<IdentifyRequest> | AsyncIterable<IdentifyRequest>

/** What the native part tells of an import. */
type Message = { contacts: unknown[]; with: Progress } | 'end' | IdentityError

/**
 * @internal Many requests from one source, and their results in order. The source is read as far as a few transactions are
 * ahead of what was taken of the results, and no further.
 */
export class Many implements Receiver {
  readonly #calls: Calls
  readonly #options: ManyOptions
  readonly #source: Source
  readonly number = take(1)
  #native!: Import
  #window = 0
  #iterator: Iterator<IdentifyRequest> | AsyncIterator<IdentifyRequest> | undefined
  /** Lines that wait for the end of this tick. */
  #lines: string[] = []
  #rows = 0
  #answered = 0
  #progress = 0
  /** Rows that did not reach the native part: an empty one went in their place. */
  #refused = new Map<number, IdentityError>()
  /** Results that nobody has taken yet. */
  #ready: IdentifyResult[][] = []
  #taken = 0
  #isAsking = false
  #isHeld = false
  #hasEnded = false
  #isOver = false
  #failure: { error: unknown } | undefined
  #wakeReader: (() => void) | undefined
  #wakeTaker: (() => void) | undefined

  constructor(calls: Calls, source: Source, options: ManyOptions) {
    this.#calls = calls
    this.#source = source
    this.#options = options
  }

  /** The results, a few at a time. */
  async *chunks(): AsyncGenerator<IdentifyResult[], void, void> {
    const signal = this.#options.signal ?? undefined
    const abort = (): void => this.fail(aborted(signal as AbortSignal))
    this.#begin(signal)
    signal?.addEventListener('abort', abort, { once: true })
    void this.#read()
    try {
      for (;;) {
        if (this.#failure !== undefined) {
          throw this.#failure.error
        }
        const chunk = this.#ready.shift()
        if (chunk !== undefined) {
          this.#taken += chunk.length
          this.#wakeReader?.()
          yield chunk
        } else if (this.#hasEnded) {
          return
        } else {
          await new Promise<void>(resolve => (this.#wakeTaker = resolve))
        }
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#end()
      await this.#letGo()
    }
  }

  /** Ends it: whoever waits for a result gets the error. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wakeReader?.()
    this.#wakeTaker?.()
  }

  #begin(signal: AbortSignal | undefined): void {
    if (this.#calls.isClosed) {
      throw closed()
    }
    if (signal !== undefined && typeof signal.addEventListener !== 'function') {
      throw invalid('signal must be an AbortSignal')
    }
    if (signal?.aborted) {
      throw aborted(signal)
    }
    listen(this)
    try {
      this.#native = this.#calls.native.import(this.number)
    } catch (error) {
      forget(this.number)
      throw internal(error)
    }
    this.#window = TRANSACTIONS * this.#calls.native.importSize
  }

  /** Reads the source. It fails nowhere: what goes wrong is what whoever waits for a result gets. */
  async #read(): Promise<void> {
    try {
      const source = this.#source
      const isAsync = Symbol.asyncIterator in source
      const iterator = isAsync ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
      this.#iterator = iterator
      for (;;) {
        while (this.#rows - this.#taken >= this.#window && !this.#isStopped) {
          await new Promise<void>(resolve => (this.#wakeReader = resolve))
        }
        if (this.#isStopped) {
          return
        }
        const next = iterator.next()
        this.#isAsking = isAsync
        const { done, value } = isAsync ? await next : (next as IteratorResult<IdentifyRequest>)
        this.#isAsking = false
        if (this.#isStopped) {
          return
        }
        if (done) {
          break
        }
        this.#add(value)
        if (this.#lines.length >= TOGETHER) {
          this.#flush()
          // Others have their turn.
          await new Promise(resolve => setImmediate(resolve))
        }
      }
      this.#iterator = undefined
      this.#flush()
      this.#native.end()
      this.#hold()
    } catch (error) {
      this.#iterator = undefined
      this.fail(error)
    }
  }

  get #isStopped(): boolean {
    return this.#isOver || this.#failure !== undefined
  }

  #add(request: unknown): void {
    let line = '\n\n'
    try {
      line = encode(request)
    } catch (error) {
      this.#refused.set(this.#rows, error as IdentityError)
    }
    this.#rows += 1
    if (this.#lines.push(line) === 1) {
      // Where the source pauses, what it has given goes on.
      process.nextTick(this.#flush)
    }
  }

  #flush = (): void => {
    if (this.#lines.length > 0 && !this.#isStopped) {
      this.#native.push(this.#lines.join(''))
      this.#lines = []
      this.#hold()
    }
  }

  /** What the native part tells. */
  receive(message: unknown): void {
    this.#receive(message as Message)
  }

  #receive(message: Message): void {
    if (message === 'end') {
      this.#hasEnded = true
    } else if (message instanceof IdentityError) {
      this.fail(message)
    } else {
      const results = answers(message.contacts)
      const first = this.#answered
      this.#answered += results.length
      this.#correct(results, first)
      this.#ready.push(results)
      if (this.#answered === this.#rows - this.#lines.length && this.#iterator !== undefined) {
        this.#release()
      }
      this.#tell(message.with)
    }
    this.#wakeTaker?.()
  }

  /** Puts what did not reach the native part in its place. */
  #correct(results: IdentifyResult[], first: number): void {
    for (const [row, error] of this.#refused) {
      if (row >= first + results.length) {
        break
      }
      results[row - first] = error
      this.#refused.delete(row)
    }
    const last = results.at(-1)
    if (last instanceof IdentityError && last.code === 'CLOSED') {
      this.fail(last)
    }
  }

  #tell(progress: Progress): void {
    if (progress.rows === this.#progress) {
      return
    }
    this.#progress = progress.rows
    try {
      this.#options.onProgress?.(progress)
    } catch (error) {
      this.fail(error)
    }
  }

  /** The process stays alive while an answer is waited for, and not for a source that pauses, or results that nobody takes. */
  #hold(): void {
    if (!this.#isHeld) {
      this.#isHeld = true
      hold()
    }
  }

  #release(): void {
    if (this.#isHeld) {
      this.#isHeld = false
      release()
    }
  }

  #end(): void {
    this.#isOver = true
    if (!this.#hasEnded) {
      this.#calls.native.cancel(this.number)
    }
    forget(this.number)
    this.#release()
    this.#wakeReader?.()
  }

  /** As `for await` does when it is left early. A source that is asked at the moment may never answer: it is not waited for. */
  async #letGo(): Promise<void> {
    const iterator = this.#iterator
    this.#iterator = undefined
    const end = async (): Promise<void> => void (await iterator?.return?.())
    // What it throws now is nobody's concern any more.
    const gone = end().catch(() => {})
    if (!this.#isAsking) {
      await gone
    }
  }
}
