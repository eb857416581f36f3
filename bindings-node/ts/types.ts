/** An email, a phone number, or both, as the caller has them; trimming and normalising is the library's work. */
export interface IdentifyRequest {
  /** The email. Missing, `null`, empty and only white space are all the same: there is none. */
  email?: string | null | undefined
  /**
   * The phone number: text, or a whole number whose digits it is. A number must be a safe integer, since JavaScript has
   * rounded larger ones already; those go in as text or as a `bigint` of at most 64 bits. Leading zeros need text.
   */
  phoneNumber?: string | number | bigint | null | undefined
}

/** One person: a primary contact, and the secondary contacts that are linked to it. */
export interface ConsolidatedContact {
  /** The id of the primary contact: the oldest of them. */
  primaryContactId: number
  /** The emails without repetition: the primary's own first, then those of the secondaries by age. */
  emails: string[]
  /** The phone numbers, in the same order. */
  phoneNumbers: string[]
  /** The ids of the secondary contacts, by age. */
  secondaryContactIds: number[]
}

/** How a resolver works. Every option may be left out. */
export interface ConnectOptions {
  /**
   * Takes over a table `Contact` that holds rows which this library never saw: it is checked as a whole, then used as it is.
   * Without it such a table is refused with `NOT_ADOPTED`. Default: false.
   */
  adopt?: boolean | undefined
  /**
   * The country in which phone numbers without a country code are read: an ISO 3166 code such as `'US'`. Phone numbers then
   * become E.164. Choose it before the first contact. Default: none, numbers are compared digit by digit.
   */
  defaultRegion?: string | undefined
  /** How long a call may take, in milliseconds, before it is given up with `TIMEOUT`. Not for `identifyMany`. Default: for ever. */
  timeoutMs?: number | undefined
  /** How many connections to the database there are at most, from 1 to 10,000. Default: 10. */
  maxConnections?: number | undefined
  /** How long a call waits for a connection, in milliseconds, before it gets `UNAVAILABLE`. Default: 3000. */
  acquireTimeoutMs?: number | undefined
  /** How many requests of concurrent callers one transaction takes at most, from 1 to 1,000,000. Default: 256. */
  batchSize?: number | undefined
  /** How many requests one transaction of `identifyMany` takes at most, from 1 to 1,000,000. Default: 4000. */
  importSize?: number | undefined
  /**
   * How many requests may wait for others to be served, at least 1; past that callers get `OVERLOADED` at once. What an
   * `identifyMany` holds does not count. Default: 10000.
   */
  queueLength?: number | undefined
  /** How many batches are read at once, at least 1. Default: 2. */
  concurrentLoads?: number | undefined
  /** How many batches are written at once, at least 1. Default: 2. */
  concurrentWrites?: number | undefined
  /** How often a batch that conflicts with other writers is tried again before its callers get `CONFLICT`. Default: 50. */
  maxConflicts?: number | undefined
  /** How often a batch is tried again at once when the connection is lost. Default: 2. */
  maxReconnects?: number | undefined
}

/** What may be said of a single call. */
export interface CallOptions {
  /**
   * Gives the call up when it is aborted: with `TIMEOUT` where the signal is one of `AbortSignal.timeout`, with `ABORTED`
   * otherwise. What it had asked for has happened or not, as a whole.
   */
  signal?: AbortSignal | undefined
}

/** How far an `identifyMany` is. */
export interface Progress {
  /** Requests that were answered, with a person or with an error. */
  rows: number
  /** People that were created. */
  people: number
  /** Times that two people turned out to be one. */
  merges: number
}

/** What may be said of an `identifyMany`. */
export interface ManyOptions extends CallOptions {
  /**
   * Called now and then, with what was done since the begin. What it throws ends the import, and so does a promise of it that
   * is rejected; the import waits for its promises before it ends. So it must not await the resolver's `close`, which waits for
   * imports of arrays.
   */
  onProgress?: ((progress: Progress) => unknown) | undefined
}

/** What a request of an `identifyMany` came to: its person, or why there is none. An error harms no other request. */
export type IdentifyResult = ConsolidatedContact | import('./error.js').IdentityError
