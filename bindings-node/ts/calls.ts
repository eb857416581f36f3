import type { Resolver } from '../native.js'
import { forget, hold, listen, release, take } from './channel.js'
import { aborted, closed, IdentityError, internal } from './error.js'
import type { Receiver } from './receivers.js'
import { onAbort } from './signal.js'

/**
 * @internal Texts of requests that are longer do not wait for more: a crossing is dear for a request, and not for a million
 * characters. Nor would JavaScript hold all that many such requests come to in one text.
 */
export const LONG = 1_000_000

/** How a promise is settled. */
interface Settle<T> {
  resolve(value: T): void
  reject(error: IdentityError): void
}

/** A call on its way: its answer settles its promise. */
class Running implements Receiver {
  readonly #calls: Calls
  readonly #settle: Settle<never>
  /** The request, where it waits for the end of its tick. */
  readonly line: string
  number = 0

  constructor(calls: Calls, settle: Settle<never>, line = '') {
    this.#calls = calls
    this.#settle = settle
    this.line = line
  }

  receive(answer: unknown): void {
    this.#calls.end(this.number)
    if (answer instanceof IdentityError) {
      this.#settle.reject(answer)
    } else {
      this.#settle.resolve(answer as never)
    }
  }
}

/**
 * @internal The calls of one resolver: each has a promise, and all are answered before the resolver closes.
 *
 * What is asked in one tick crosses to the native part as one text, since a crossing costs more than a request.
 */
export class Calls {
  readonly native: Resolver
  #waiting: Running[] = []
  /** The characters of those who wait. */
  #length = 0
  #running = 0
  #onIdle: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(native: Resolver) {
    this.native = native
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /** Makes a call of its own. `start` hands it to the native part. */
  call<T>(start: (call: number, cancellable: boolean) => void, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(closed())
      } else if (signal === undefined) {
        this.#start({ resolve, reject }, call => start(call, false))
      } else {
        this.#startCancellable({ resolve, reject }, start, signal)
      }
    })
  }

  /** Identifies a request, together with all that are asked for in this tick. */
  identify<T>(line: string): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(closed())
        return
      }
      if (this.#length + line.length > LONG) {
        this.#flush()
      }
      this.#length += line.length
      if (this.#waiting.push(new Running(this, { resolve, reject }, line)) === 1) {
        process.nextTick(this.#flush)
      }
    })
  }

  /** Counts work that has to be done before the resolver closes. */
  async counted<T>(work: () => Promise<T>): Promise<T> {
    if (this.isClosed) {
      throw closed()
    }
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#done()
    }
  }

  /** Waits for what is under way, then lets go of the database. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#flush()
    if (this.#running > 0) {
      await new Promise<void>(resolve => (this.#onIdle = resolve))
    }
    await new Promise((resolve, reject) => this.#start({ resolve, reject }, call => this.native.close(call)))
  }

  #flush = (): void => {
    const waiting = this.#waiting
    if (waiting.length === 0) {
      return
    }
    this.#waiting = []
    this.#length = 0
    const first = take(waiting.length)
    waiting.forEach((running, position) => this.#listen(first + position, running))
    try {
      let lines = ''
      for (const running of waiting) {
        lines += running.line
      }
      this.native.identify(first, lines, false)
    } catch (error) {
      waiting.forEach(running => running.receive(internal(error)))
    }
  }

  #start(settle: Settle<never>, start: (call: number) => void): Running {
    const running = new Running(this, settle)
    this.#listen(take(1), running)
    try {
      start(running.number)
    } catch (error) {
      running.receive(internal(error))
    }
    return running
  }

  #startCancellable<T>(settle: Settle<T>, start: (call: number, cancellable: boolean) => void, signal: AbortSignal): void {
    if (signal.aborted) {
      settle.reject(aborted(signal))
      return
    }
    const untie = onAbort(signal, () => {
      this.native.cancel(running.number)
      running.receive(aborted(signal))
    })
    const untied: Settle<T> = {
      resolve(value) {
        settle.resolve(value)
        untie()
      },
      reject(error) {
        settle.reject(error)
        untie()
      },
    }
    const running = this.#start(untied as Settle<never>, call => start(call, true))
  }

  #listen(call: number, running: Running): void {
    running.number = call
    this.#running += 1
    hold()
    listen(running)
  }

  /** An answer has come, or is not wanted any more. */
  end(call: number): void {
    forget(call)
    release()
    this.#done()
  }

  #done(): void {
    this.#running -= 1
    if (this.#running === 0) {
      this.#onIdle?.()
    }
  }
}
