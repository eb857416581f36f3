import { invalid, isIdentityError, unreadable } from './error.js'

/** The largest number that the native part takes as a phone number's digits. */
const LARGEST = 2n ** 64n - 1n

/** Follows a request that goes as JSON. */
const JSON_FOLLOWS = '\0'

/** @internal A request as it goes to the native part, see src/request.rs. */
export type Lines = readonly [first: string, second: string]

/** @internal In the place of a request that cannot go there: one that says nothing. */
export const NOTHING: Lines = ['', '']

/** @internal The text of one request. */
export function encoded(request: unknown): string {
  const [first, second] = encode(request)
  return first + '\n' + second + '\n'
}

/** @internal The text of several, whose lines follow one another. */
export function joined(lines: readonly string[]): string {
  return lines.join('\n') + '\n'
}

/**
 * @internal A request as two lines: an email and a phone number as they are, or else JSON. What a request is, and what is wrong
 * with one, is for the native part to say, as for every caller of the library; here is refused only what cannot be carried
 * there.
 */
export function encode(request: unknown): Lines {
  try {
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      return asJson('null')
    }
    const { email, phoneNumber } = request as { email?: unknown; phoneNumber?: unknown }
    const first = line(email)
    const second = isDigits(phoneNumber) ? phoneNumber.toString() : line(phoneNumber)
    return first !== undefined && second !== undefined && first.isWellFormed() && second.isWellFormed()
      ? [first, second]
      : asJson(json(email, phoneNumber))
  } catch (error) {
    throw isIdentityError(error) ? error : unreadable('the request', error)
  }
}

/** A number that is as good as the text of its digits. */
function isDigits(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)
}

/** A value that is one line, as it is; empty is as good as absent. */
function line(value: unknown): string | undefined {
  if (typeof value === 'string') {
    return value.includes('\n') || value.includes('\0') ? undefined : value
  }
  return value === undefined || value === null ? '' : undefined
}

function asJson(text: string): Lines {
  return [text, JSON_FOLLOWS]
}

function json(email: unknown, phoneNumber: unknown): string {
  const fields: string[] = []
  if (email !== undefined && email !== null) {
    fields.push('"email":' + (typeof email === 'string' ? quoted(email, 'email') : 'false'))
  }
  if (phoneNumber !== undefined && phoneNumber !== null) {
    fields.push('"phoneNumber":' + phone(phoneNumber))
  }
  return `{${fields.join(',')}}`
}

function phone(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value, 'phoneNumber')
    case 'bigint':
      // Whatever is beyond has too many digits to print for nothing, and is refused like this one.
      return value < 0n || value > LARGEST ? '-1' : value.toString()
    case 'number':
      if (!Number.isSafeInteger(value)) {
        throw invalid(
          'phoneNumber must be a whole number that JavaScript holds exactly, if it is a number; give larger ones as a ' +
            'string or a bigint',
          'phoneNumber',
        )
      }
      return value.toString()
    default:
      return 'false'
  }
}

/** Half a surrogate pair is no text outside of JavaScript. */
function quoted(value: string, field: 'email' | 'phoneNumber'): string {
  if (!value.isWellFormed()) {
    throw invalid(`${field} must be well-formed Unicode`, field)
  }
  return JSON.stringify(value)
}
