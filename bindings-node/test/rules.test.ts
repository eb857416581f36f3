// What the library does on each database, seen from JavaScript.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConsolidatedContact, IdentityError, IdentityResolver, type IdentifyRequest } from 'identity-core'
import { fresh, kinds } from './support/databases.js'

const lorraine = { email: 'lorraine@hillvalley.edu', phoneNumber: '123456' }
const mcfly = { email: 'mcfly@hillvalley.edu', phoneNumber: '123456' }
const george = { email: 'george@hillvalley.edu', phoneNumber: '919191' }

for (const kind of kinds) {
  describe(kind, () => {
    test('creates, links, merges, and writes nothing where nothing is new', async t => {
      await using resolver = await IdentityResolver.connect(await fresh(t, kind), { maxConnections: 4 })
      assert.deepEqual(await resolver.identify(lorraine), contact(1, [lorraine.email], ['123456'], []))
      const both = contact(1, [lorraine.email, mcfly.email], ['123456'], [2])
      assert.deepEqual(await resolver.identify(mcfly), both)
      for (const known of [
        { email: ' McFly@HillValley.EDU ' },
        { phoneNumber: 123_456 },
        { phoneNumber: 123_456n },
        { email: null, phoneNumber: '(123) 456' },
        { email: '', phoneNumber: '１２３４５６', other: [1] },
      ]) {
        assert.deepEqual(await resolver.identify(known), both)
      }
      const other = await resolver.identify(george)
      assert.notEqual(other.primaryContactId, 1)
      const merged = await resolver.identify({ email: george.email, phoneNumber: '123456' })
      assert.deepEqual(
        merged,
        contact(1, [lorraine.email, mcfly.email, george.email], ['123456', '919191'], [2, other.primaryContactId]),
      )
    })

    test('looks up and gets without writing', async t => {
      await using resolver = await IdentityResolver.connect(await fresh(t, kind))
      const first = await resolver.identify(lorraine)
      const second = await resolver.identify(george)
      assert.deepEqual(await resolver.lookup({ email: 'nobody@x.io' }), [])
      assert.deepEqual(await resolver.lookup({ email: george.email, phoneNumber: '123456' }), [first, second])
      assert.deepEqual(await resolver.get(first.primaryContactId), first)
      assert.deepEqual(await resolver.get(BigInt(second.primaryContactId)), second)
      for (const nobody of [0, -1, 9_007_199_254_740_991, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 70n)]) {
        assert.equal(await resolver.get(nobody), null)
      }
    })

    test('a sequence is what its calls are one by one', async t => {
      await using together = await IdentityResolver.connect(await fresh(t, kind))
      await using apart = await IdentityResolver.connect(await fresh(t, kind))
      const requests: IdentifyRequest[] = Array.from({ length: 300 }, (_, n) => ({
        email: n % 3 === 0 ? null : `${(n * 7) % 40}@x.io`,
        phoneNumber: n % 5 === 0 ? null : (n * 11) % 60,
      }))
      const expected: (ConsolidatedContact | string)[] = []
      for (const request of requests) {
        expected.push(await apart.identify(request).catch((error: IdentityError) => error.message))
      }
      const results = await together.identifyMany(requests)
      assert.deepEqual(results.map(shown), expected)
      const again: (ConsolidatedContact | string)[] = []
      for await (const result of together.identifyMany(new Set(requests))) {
        again.push(shown(result))
      }
      // Now that all are known: each is told who they are by now, as a call would.
      const known = await Promise.all(requests.map(request => apart.identify(request).catch((error: unknown) => error as IdentityError)))
      assert.deepEqual(again, known.map(shown))
    })
  })
}

function shown(result: ConsolidatedContact | IdentityError): ConsolidatedContact | string {
  return result instanceof IdentityError ? result.message : result
}

function contact(
  primaryContactId: number,
  emails: string[],
  phoneNumbers: string[],
  secondaryContactIds: number[],
): ConsolidatedContact {
  return { primaryContactId, emails, phoneNumbers, secondaryContactIds }
}
