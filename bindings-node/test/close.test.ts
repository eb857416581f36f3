// Closing: what is under way is finished, what comes later is refused.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { IdentityResolver } from 'identity-core'
import { fresh, kinds } from './support/databases.js'
import { failure } from './support/failures.js'

for (const kind of kinds) {
  describe(kind, () => {
    test('calls before it are answered, calls after it are CLOSED, closing again is harmless', async t => {
      const url = await fresh(t, kind)
      const resolver = await IdentityResolver.connect(url)
      const before = Array.from({ length: 100 }, (_, n) => resolver.identify({ phoneNumber: n }))
      const closing = resolver.close()
      const after = [resolver.identify({ phoneNumber: 1 }), resolver.lookup({ phoneNumber: 1 }), resolver.get(1)]
      const errors = await Promise.all(after.map(call => failure(call, 'CLOSED')))
      errors.forEach(error => assert.equal(error.retryable, false))
      assert.equal(new Set((await Promise.all(before)).map(contact => contact.primaryContactId)).size, 100)
      await Promise.all([closing, resolver.close(), resolver.close()])
      await resolver[Symbol.asyncDispose]()
      await failure(resolver.identify({ phoneNumber: 1 }), 'CLOSED')
      if (kind !== 'memory') {
        await using again = await IdentityResolver.connect(url)
        assert.equal((await again.lookup({ phoneNumber: 99 })).length, 1)
      }
    })
  })
}
