import assert from 'node:assert/strict'
import { IdentityError, type IdentityErrorCode } from 'identity-core'

/** The error with which a promise is rejected; it must be one of ours. */
export async function failure(promise: unknown, code?: IdentityErrorCode): Promise<IdentityError> {
  assert.ok(promise instanceof Promise, 'a promise, whatever was given')
  const error: unknown = await promise.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof IdentityError && error instanceof Error, String(error))
  if (code !== undefined) {
    assert.equal(error.code, code, error.message)
  }
  return error
}
