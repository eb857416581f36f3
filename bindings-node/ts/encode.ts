import { IdentityError, invalid } from './error.js'

/**
 * @internal A request as a line of JSON. What a request is, and what is wrong with one, is for the native part to say, as for
 * every caller of the library; here is refused only what JSON cannot carry there.
 */
export function encode(request: unknown): string {
  try {
    return line(request)
  } catch (error) {
    // Getters may throw whatever they like.
    throw error instanceof IdentityError
      ? error
      : new IdentityError('the request cannot be read', { code: 'INVALID_INPUT', cause: error })
  }
}

function line(request: unknown): string {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return 'null'
  }
  const { email, phoneNumber } = request as { email?: unknown; phoneNumber?: unknown }
  let line = '{'
  if (email !== undefined && email !== null) {
    line += '"email":' + (typeof email === 'string' ? text(email, 'email') : 'false')
  }
  if (phoneNumber !== undefined && phoneNumber !== null) {
    line += (line === '{' ? '"phoneNumber":' : ',"phoneNumber":') + phone(phoneNumber)
  }
  return line + '}'
}

function phone(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return text(value, 'phoneNumber')
    case 'bigint':
      return value.toString()
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
function text(value: string, field: 'email' | 'phoneNumber'): string {
  if (!value.isWellFormed()) {
    throw invalid(`${field} must be well-formed Unicode`, field)
  }
  return JSON.stringify(value)
}
