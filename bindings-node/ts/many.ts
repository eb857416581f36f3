import type { Import } from '../native.js'
import { type Calls, LONG } from './calls.js'
import { forget, hold, listen, release, take } from './channel.js'
import { encode, joined, NOTHING } from './encode.js'
import { aborted, closed, IdentityError, internal, invalid, unreadable } from './error.js'
import { type Element, Imported } from './imported.js'
import type { Receiver } from './receivers.js'
import { onAbort, option, signalOf } from './signal.js'
import type { IdentifyRequest, IdentifyResult, ManyOptions, Progress } from './types.js'

/** Requests that cross to the native part together. */
const TOGETHER = 1_000

/** Transactions whose requests are under way at once: one is read, one planned, one committed. */
const TRANSACTIONS = 3

/** Whose results somebody waits for. Nothing else may hold them, where a source pauses; a close or a signal is to find them. */
const waitedFor = new Set<Many>()

/** What is left of imports that nobody has any more. */
const dropped = new FinalizationRegistry<() => void>(clear => clear())

/** @internal Where requests come from. */
export type Source = Iterable<IdentifyRequest> | AsyncIterable<IdentifyRequest>

/** @internal Whether requests can come from it. */
export function isSource(requests: unknown): requests is Source {
  try {
    return (
      typeof requests === 'object' &&
      requests !== null &&
      (Array.isArray(requests) || Symbol.iterator in requests || Symbol.asyncIterator in requests)
    )
  } catch (cause) {
    throw unreadable('the source of the requests', cause)
  }
}

/** Begins to read a source, as `for await` does. */
function iterated(source: Source): { isAsync: boolean; iterator: Iterator<IdentifyRequest> | AsyncIterator<IdentifyRequest> } {
  const { [Symbol.asyncIterator]: asyncIterator } = source as Partial<AsyncIterable<IdentifyRequest>>
  const isAsync = asyncIterator !== undefined && asyncIterator !== null
  const begin: unknown = isAsync ? asyncIterator : (source as Partial<Iterable<IdentifyRequest>>)[Symbol.iterator]
  const iterator: unknown = typeof begin === 'function' ? begin.call(source) : undefined
  if (typeof iterator !== 'object' || iterator === null || typeof (iterator as { next?: unknown }).next !== 'function') {
    throw invalid('the requests must be an array or an iterable')
  }
  return { isAsync, iterator: iterator as Iterator<IdentifyRequest> | AsyncIterator<IdentifyRequest> }
}

/** @internal The requests of an array as it is now: whoever fills it anew meanwhile means it for another call. */
export function copied(requests: readonly IdentifyRequest[]): IdentifyRequest[] {
  try {
    return Array.prototype.slice.call(requests) as IdentifyRequest[]
  } catch (cause) {
    throw unreadable('the source of the requests', cause)
  }
}

/** What the native part tells of an import. */
type Message = { contacts: Element[]; with: Progress } | 'end' | IdentityError

/**
 * @internal Many requests from one source, and their results in order. The source is read as far as a few transactions are
 * ahead of what was taken of the results, and no further.
 */
export class Many implements Receiver {
  readonly #calls: Calls
  readonly #options: ManyOptions | null | undefined
  readonly #source: Source
  readonly number = take(1)
  #onProgress: ManyOptions['onProgress']
  #native!: Import
  #window = 0
  #iterator: Iterator<IdentifyRequest> | AsyncIterator<IdentifyRequest> | undefined
  /** Lines that wait for the end of this tick, two of each request, and their characters. */
  #lines: string[] = []
  #length = 0
  #rows = 0
  #answered = 0
  #progress = 0
  /** Promises of the progress callback that are not settled yet. */
  #telling = 0
  /** Rows that did not reach the native part: an empty one went in their place. */
  #refused = new Map<number, IdentityError>()
  /** Results that nobody has taken yet. */
  #ready: IdentifyResult[][] = []
  #taken = 0
  #isAsking = false
  #isHeld = false
  /** The source has no more. */
  #isRead = false
  /** Nor has the native part. */
  #hasEnded = false
  #isOver = false
  /** Why it ends at once. */
  #failure: { error: unknown } | undefined
  /** What the source has thrown; what it gave before is answered first. */
  #thrown: { error: unknown } | undefined
  #wakeReader: (() => void) | undefined
  #wakeTaker: (() => void) | undefined

  constructor(calls: Calls, source: Source, options: ManyOptions | null | undefined) {
    this.#calls = calls
    this.#source = source
    this.#options = options
  }

  /** The results, a few at a time. */
  async *chunks(): AsyncGenerator<IdentifyResult[], void, void> {
    const untie = this.#begin()
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
        } else if (!this.#hasEnded || this.#telling > 0) {
          await this.#news()
        } else if (this.#thrown !== undefined) {
          throw this.#thrown.error
        } else {
          return
        }
      }
    } finally {
      untie?.()
      this.#isOver = true
      this.#stop()
      this.#wakeReader?.()
      await this.#letGo()
    }
  }

  /** Ends it: whoever waits for a result gets the error. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop()
    this.#wakeReader?.()
    this.#wakeTaker?.()
  }

  /** Tells how to let go of the signal. */
  #begin(): (() => void) | undefined {
    if (this.#calls.isClosed) {
      throw closed()
    }
    const signal = signalOf(this.#options)
    this.#onProgress = option(this.#options, 'onProgress')
    if (this.#onProgress !== undefined && typeof this.#onProgress !== 'function') {
      throw invalid('onProgress must be a function')
    }
    if (signal?.aborted) {
      throw aborted(signal)
    }
    const untie = signal && this.#tie(signal)
    try {
      this.#native = this.#calls.native.import(this.number)
      this.#window = TRANSACTIONS * this.#calls.native.importSize
    } catch (error) {
      untie?.()
      throw internal(error)
    }
    return untie
  }

  /** Weakly, since signals may live much longer. */
  #tie(signal: AbortSignal): () => void {
    const tied = new WeakRef(this)
    const untie = onAbort(signal, () => tied.deref()?.fail(aborted(signal)))
    dropped.register(this, untie, tied)
    return () => {
      dropped.unregister(tied)
      untie()
    }
  }

  /** Reads the source. It fails nowhere: what goes wrong is what whoever waits for a result gets. */
  async #read(): Promise<void> {
    try {
      if (!(await this.#readAll())) {
        return
      }
    } catch (error) {
      this.#thrown = { error }
    }
    this.#iterator = undefined
    this.#flush()
    if (this.#isStopped) {
      return
    }
    try {
      this.#native.end()
      this.#isRead = true
      this.#hold()
    } catch (error) {
      this.fail(internal(error))
    }
  }

  /** Tells whether that was all; else it was stopped. */
  async #readAll(): Promise<boolean> {
    const source = this.#source
    const { isAsync, iterator } = iterated(source)
    this.#iterator = iterator
    for (;;) {
      while (this.#rows - this.#taken >= this.#window && !this.#isStopped) {
        await new Promise<void>(resolve => (this.#wakeReader = resolve))
      }
      if (this.#isStopped) {
        return false
      }
      const next = iterator.next()
      this.#isAsking = isAsync
      const given = isAsync ? await next : (next as IteratorResult<IdentifyRequest>)
      this.#isAsking = false
      if (typeof given !== 'object' || given === null) {
        throw invalid('the iterator of the requests must give objects, as iterators do')
      }
      const { done, value } = given
      if (this.#isStopped) {
        return false
      }
      if (done) {
        return true
      }
      this.#add(value)
      if (this.#lines.length >= 2 * TOGETHER || this.#length >= LONG) {
        this.#flush()
        // Others have their turn.
        await new Promise(resolve => setImmediate(resolve))
      }
    }
  }

  get #isStopped(): boolean {
    return this.#isOver || this.#failure !== undefined
  }

  #add(request: unknown): void {
    let lines = NOTHING
    try {
      lines = encode(request)
    } catch (error) {
      this.#refused.set(this.#rows, error as IdentityError)
    }
    const [first, second] = lines
    const length = first.length + second.length + 2
    if (this.#length + length > LONG) {
      this.#flush()
    }
    this.#rows += 1
    this.#length += length
    if (this.#lines.push(first, second) === 2) {
      // Where the source pauses, what it has given goes on.
      process.nextTick(this.#flush)
    }
  }

  #flush = (): void => {
    if (this.#lines.length === 0 || this.#isStopped) {
      return
    }
    const lines = this.#lines
    this.#lines = []
    this.#length = 0
    try {
      this.#native.push(joined(lines))
      this.#hold()
    } catch (error) {
      this.fail(internal(error))
    }
  }

  /** What the native part tells. */
  receive(message: unknown): void {
    try {
      this.#receive(message as Message)
    } catch (error) {
      this.fail(internal(error))
    }
  }

  #receive(message: Message): void {
    if (message === 'end') {
      this.#hasEnded = true
      this.#release()
    } else if (message instanceof IdentityError) {
      this.fail(message)
    } else {
      const results = new Imported(message.contacts).results()
      const first = this.#answered
      this.#answered += results.length
      this.#correct(results, first)
      this.#ready.push(results)
      if (this.#answered === this.#rows - this.#lines.length / 2 && !this.#isRead) {
        this.#release()
      }
      void this.#tell(message.with)
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

  /** What the callback throws ends the import, at once or by a promise. */
  async #tell(progress: Progress): Promise<void> {
    if (progress.rows === this.#progress) {
      return
    }
    this.#progress = progress.rows
    this.#telling += 1
    const onProgress = this.#onProgress
    try {
      await onProgress?.(progress)
    } catch (error) {
      this.fail(error)
    }
    this.#telling -= 1
    this.#wakeTaker?.()
  }

  /** Waits for something to happen. */
  async #news(): Promise<void> {
    waitedFor.add(this)
    await new Promise<void>(resolve => (this.#wakeTaker = resolve))
    waitedFor.delete(this)
  }

  /**
   * While answers are on their way, they have somebody to go to, and the process stays alive; not for a source that pauses,
   * nor for results that nobody takes.
   */
  #hold(): void {
    if (!this.#isHeld) {
      this.#isHeld = true
      listen(this)
      hold()
    }
  }

  #release(): void {
    if (this.#isHeld) {
      this.#isHeld = false
      forget(this.number)
      release()
    }
  }

  /** No more answers are wanted. */
  #stop(): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true
      this.#calls.native.cancel(this.number)
    }
    this.#release()
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
