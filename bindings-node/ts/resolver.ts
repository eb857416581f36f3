import { Resolver } from '../native.js'
import { channel } from './channel.js'
import { Calls } from './calls.js'
import { answers } from './decode.js'
import { encoded } from './encode.js'
import { closed, IdentityError, internal, invalid, isIdentityError } from './error.js'
import { copied, isSource, Many, type Source } from './many.js'
import { Open } from './open.js'
import { disposable, Results } from './results.js'
import { signalOf } from './signal.js'
import type {
  CallOptions,
  ConnectOptions,
  ConsolidatedContact,
  IdentifyRequest,
  IdentifyResult,
  ManyOptions,
} from './types.js'

/**
 * Finds out who a customer is, in this process and on the shop's own database.
 *
 * One resolver serves the whole process. Many calls may be made at once, from any number of processes on the same database;
 * what is asked at the same time shares transactions. How many may wait is bounded ({@link ConnectOptions.queueLength}): those
 * beyond it get `OVERLOADED` at once. For more requests than that there is {@link identifyMany}. Nothing here throws: every
 * failure is a rejected promise with an {@link IdentityError}.
 *
 * ```ts
 * const resolver = await IdentityResolver.connect(process.env.DATABASE_URL)
 * const contact = await resolver.identify({ email: 'mcfly@hillvalley.edu', phoneNumber: '123456' })
 * ```
 */
export class IdentityResolver implements AsyncDisposable {
  readonly #calls: Calls
  readonly #open = new Open()

  private constructor(calls: Calls) {
    this.#calls = calls
  }

  /**
   * Connects to a database. Tables that are missing are created.
   *
   * | URL | database |
   * |---|---|
   * | `mysql://user:password@host:port/name`, or `mariadb://…` | MySQL 8 and later, MariaDB 10.6 and later |
   * | `sqlite://contacts.db`, `sqlite:///var/lib/shop/contacts.db` | a file, created when it is missing |
   * | `memory:` | this process; nothing outlives it |
   *
   * @param url The database; typed so that a variable of the environment may be given. Without one: `CONFIGURATION`.
   * @throws {@link IdentityError} `CONFIGURATION`, `UNAVAILABLE`, `REFUSED`, `NOT_ADOPTED`.
   */
  static async connect(url: string | undefined, options?: ConnectOptions | null): Promise<IdentityResolver> {
    if (typeof url !== 'string') {
      throw new IdentityError('the database URL must be a string', { code: 'CONFIGURATION' })
    }
    const text = optionsText(options ?? {})
    const native = new Resolver(channel)
    const calls = new Calls(native)
    await calls.call(call => native.connect(call, url, text))
    return new IdentityResolver(calls)
  }

  /**
   * Finds out who this is: creates a person, adds what is new to a known one, merges two that turn out to be one, or writes
   * nothing where nothing is new.
   *
   * @throws {@link IdentityError} `INVALID_INPUT`, and the database was not changed; `CONFLICT`, `UNAVAILABLE`, `OVERLOADED`,
   * `TIMEOUT`, and the same call may be made again.
   */
  identify(request: IdentifyRequest, options?: CallOptions): Promise<ConsolidatedContact> {
    try {
      const line = encoded(request)
      const signal = signalOf(options)
      return signal === undefined
        ? this.#calls.identify(line)
        : this.#calls.call((call, cancellable) => this.#calls.native.identify(call, line, cancellable), signal)
    } catch (error) {
      return IdentityResolver.#refuse(this, error)
    }
  }

  /**
   * Does for each request in order what {@link identify} would, in far fewer transactions. Each request has its own result:
   * one that is invalid is answered with its error and harms no other.
   *
   * An array is answered with an array, as a promise; a loop may take it one by one too. Any other iterable, such as a stream
   * of rows, is answered with an async iterable: it is read as the results are taken, so however long it is, memory holds a few
   * transactions of it. Where the results are not taken, nothing happens; leaving the loop ends the import after what is
   * committed. Whoever takes them without a loop ends with `return()`, so that the source is closed too.
   *
   * ```ts
   * for await (const result of resolver.identifyMany(rows(), { onProgress: console.log })) {
   *   if (result instanceof IdentityError) console.warn(result.message)
   * }
   * ```
   *
   * @throws {@link IdentityError} `ABORTED`, `TIMEOUT`, `CLOSED`, `INVALID_INPUT` for what is no source or no option; and what
   * the source itself throws, once all that it gave before is answered.
   */
  identifyMany(
    requests: readonly IdentifyRequest[],
    options?: ManyOptions,
  ): Promise<IdentifyResult[]> & AsyncGenerator<IdentifyResult, void, void>
  identifyMany(
    requests: Iterable<IdentifyRequest> | AsyncIterable<IdentifyRequest>,
    options?: ManyOptions,
  ): AsyncGenerator<IdentifyResult, void, void>
  identifyMany(
    requests: readonly IdentifyRequest[] | Source,
    options?: ManyOptions,
  ): Results | AsyncGenerator<IdentifyResult, void, void> {
    try {
      if (!isSource(requests)) {
        throw invalid('the requests must be an array or an iterable')
      }
      if (!Array.isArray(requests)) {
        return disposable(this.#each(new Many(this.#calls, requests, options)))
      }
      const many = new Many(this.#calls, copied(requests as readonly IdentifyRequest[]), options)
      return Results.from(this.#calls.counted(() => all(many)))
    } catch (error) {
      return Results.from(IdentityResolver.#refuse(this, error))
    }
  }

  /**
   * Every person that the email and the phone number lead to, oldest first: none, one, or two that nothing has proved to be
   * one yet. Reads only.
   */
  lookup(request: IdentifyRequest, options?: CallOptions): Promise<ConsolidatedContact[]> {
    try {
      const line = encoded(request)
      const { native } = this.#calls
      const found = this.#calls.call<{ contacts: unknown[] }>(
        (call, cancellable) => native.lookup(call, line, cancellable),
        signalOf(options),
      )
      return found.then(({ contacts }) => answers(contacts) as ConsolidatedContact[])
    } catch (error) {
      return IdentityResolver.#refuse(this, error)
    }
  }

  /**
   * The person that a contact, primary or secondary, belongs to now, or `null` where there is no such live contact. Reads
   * only.
   *
   * @param contactId The id. Ids beyond 2^53 - 1 need a `bigint`.
   */
  get(contactId: number | bigint, options?: CallOptions): Promise<ConsolidatedContact | null> {
    try {
      if (typeof contactId !== 'bigint' && !Number.isSafeInteger(contactId)) {
        throw invalid('the contact id must be a whole number that JavaScript holds exactly, or a bigint')
      }
      const { native } = this.#calls
      const id = contactId.toString()
      return this.#calls.call((call, cancellable) => native.get(call, id, cancellable), signalOf(options))
    } catch (error) {
      return IdentityResolver.#refuse(this, error)
    }
  }

  /**
   * Waits for the calls that are under way, then lets go of the database. Calls that come later get `CLOSED`, and so do
   * imports of iterables at their next step. Closing again is harmless. A process may end without it.
   */
  async close(): Promise<void> {
    try {
      const closing = this.#calls.close()
      this.#open.fail(closed())
      await closing
    } catch (error) {
      await IdentityResolver.#refuse(this, error)
    }
  }

  /** The same as {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Whoever takes a method off its resolver to call it alone is told so. */
  static #refuse(resolver: unknown, error: unknown): Promise<never> {
    if (typeof resolver !== 'object' || resolver === null || !(#calls in resolver)) {
      return Promise.reject(invalid('methods are called on their resolver: resolver.identify(…), not identify(…) alone'))
    }
    return Promise.reject(isIdentityError(error) ? error : internal(error))
  }

  async *#each(many: Many): AsyncGenerator<IdentifyResult, void, void> {
    const end = this.#open.add(many)
    try {
      for await (const chunk of many.chunks()) {
        yield* chunk
      }
    } finally {
      end()
    }
  }
}

async function all(many: Many): Promise<IdentifyResult[]> {
  const results: IdentifyResult[] = []
  for await (const chunk of many.chunks()) {
    for (const result of chunk) {
      results.push(result)
    }
  }
  return results
}

const OPTIONS: Record<keyof ConnectOptions, true> = {
  acquireTimeoutMs: true,
  adopt: true,
  batchSize: true,
  concurrentLoads: true,
  concurrentWrites: true,
  defaultRegion: true,
  importSize: true,
  maxConflicts: true,
  maxConnections: true,
  maxReconnects: true,
  queueLength: true,
  timeoutMs: true,
}

/** Whatever JSON would leave out, or turn into null, is kept, so that it is refused. */
function optionsText(options: ConnectOptions): string {
  try {
    const text = JSON.stringify(withInherited(options), (_, value: unknown) => {
      switch (typeof value) {
        case 'bigint':
        case 'function':
        case 'symbol':
          return String(value)
        case 'number':
          return Number.isFinite(value) ? value : String(value)
        default:
          return value
      }
    }) as string | undefined
    return text ?? 'null'
  } catch (cause) {
    throw new IdentityError('the options cannot be read', { code: 'CONFIGURATION', cause })
  }
}

/** The options of an object of a class may be getters, which are none of its own properties. */
function withInherited(options: ConnectOptions): unknown {
  if (typeof options !== 'object' || Array.isArray(options)) {
    return options
  }
  const all: Record<string, unknown> = { ...options }
  for (const name of Object.keys(OPTIONS) as (keyof ConnectOptions)[]) {
    all[name] = options[name]
  }
  return all
}
