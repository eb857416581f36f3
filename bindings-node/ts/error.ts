/**
 * What a failure means to a program.
 *
 * | code | what | retry |
 * |---|---|---|
 * | `INVALID_INPUT` | the request is none; `field` names what is wrong | no |
 * | `CONFLICT` | other writers kept changing the same people | yes |
 * | `UNAVAILABLE` | the database cannot be reached | yes, later |
 * | `OVERLOADED` | too many calls are waiting | yes, later |
 * | `TIMEOUT` | the call took longer than it may | yes |
 * | `ABORTED` | the call's signal was aborted | as you like |
 * | `CLOSED` | the resolver was closed | no |
 * | `REFUSED` | the database refuses: a missing privilege, a value that a column cannot hold | no |
 * | `UNSOUND` | something else wrote to `Contact` what contradicts the rules | no |
 * | `NOT_ADOPTED` | `Contact` holds rows that nobody adopted, or that cannot be adopted | no |
 * | `CONFIGURATION` | the URL, an option, or the shape of a table does not fit | no |
 * | `ID_TOO_LARGE` | an id beyond 2^53 - 1, which a number would show wrong | no |
 * | `INTERNAL` | a bug of the library | no |
 */
export type IdentityErrorCode =
  | 'INVALID_INPUT'
  | 'CONFLICT'
  | 'UNAVAILABLE'
  | 'OVERLOADED'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'CLOSED'
  | 'REFUSED'
  | 'UNSOUND'
  | 'NOT_ADOPTED'
  | 'CONFIGURATION'
  | 'ID_TOO_LARGE'
  | 'INTERNAL'

/** What is known of a failure beside its message. */
export interface IdentityErrorOptions extends ErrorOptions {
  /** See {@link IdentityError.code}. */
  code: IdentityErrorCode
  /** See {@link IdentityError.field}. */
  field?: 'email' | 'phoneNumber' | undefined
  /** See {@link IdentityError.retryable}. Default: false. */
  retryable?: boolean | undefined
}

/**
 * Every failure of this library. No message holds an email or a phone number.
 *
 * Every call may be made again after any error: what it did already it does not do again.
 */
export class IdentityError extends Error {
  /** What the failure means to a program. It never changes its name, while messages may. */
  readonly code: IdentityErrorCode
  /** The field of the request that is at fault, where there is one. */
  readonly field: 'email' | 'phoneNumber' | undefined
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean

  constructor(message: string, options: IdentityErrorOptions) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = options.code
    this.field = options.field
    this.retryable = options.retryable ?? false
  }
}
Object.defineProperty(IdentityError.prototype, 'name', { value: 'IdentityError', writable: true, configurable: true })

/** @internal An error as the native part describes it. */
export interface Described {
  code: IdentityErrorCode
  message: string
  retryable: boolean
  field?: 'email' | 'phoneNumber'
  causes?: string[]
}

/** @internal */
export function fromDescription({ message, causes = [], ...options }: Described): IdentityError {
  const cause = causes.reduceRight<Error | undefined>(
    (cause, message) => new Error(message, cause === undefined ? undefined : { cause }),
    undefined,
  )
  return new IdentityError(message, cause === undefined ? options : { ...options, cause })
}

/** @internal What is no failure of the library, but of what it was given. */
export function invalid(message: string, field?: 'email' | 'phoneNumber'): IdentityError {
  return new IdentityError(message, { code: 'INVALID_INPUT', field })
}

/** @internal What cannot even be looked at: getters and proxies may throw whatever they like. */
export function unreadable(what: string, cause: unknown): IdentityError {
  return new IdentityError(`${what} cannot be read`, { code: 'INVALID_INPUT', cause })
}

/** @internal Whatever the native part throws: it should not. */
export function internal(cause: unknown): IdentityError {
  return new IdentityError('a bug of identity-core; please report it', { code: 'INTERNAL', cause })
}

/** @internal Whether it is one of ours. Of some proxies even that cannot be asked. */
export function isIdentityError(value: unknown): value is IdentityError {
  try {
    return value instanceof IdentityError
  } catch {
    return false
  }
}

/** @internal Why a signal gives a call up. */
export function aborted(signal: AbortSignal): IdentityError {
  const cause = reason(signal)
  return isTimeout(cause)
    ? new IdentityError('the call took longer than its signal allows', { code: 'TIMEOUT', retryable: true, cause })
    : new IdentityError('the call was aborted', { code: 'ABORTED', cause })
}

function reason(signal: AbortSignal): unknown {
  try {
    return signal.reason as unknown
  } catch (error) {
    return error
  }
}

/** It may be anything that somebody aborts with. */
function isTimeout(reason: unknown): boolean {
  try {
    return reason instanceof DOMException && reason.name === 'TimeoutError'
  } catch {
    return false
  }
}

/** @internal */
export function closed(): IdentityError {
  return new IdentityError('the resolver is closed', { code: 'CLOSED' })
}
