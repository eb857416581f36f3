// Whatever is given: a rejected promise, never a thrown error, and nothing is rounded.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsolidatedContact, IdentityError, IdentityResolver } from 'identity-core'
import { failure } from './support/failures.js'

const connect = (options?: object) => IdentityResolver.connect('memory:', options)
/** As JavaScript callers may do. */
const any = (value: unknown) => value as never

test('what is no request is INVALID_INPUT, and names the field', async () => {
  const resolver = await connect()
  const cases: [unknown, string | undefined][] = [
    [undefined, undefined],
    [null, undefined],
    [5, undefined],
    ['a@x.io', undefined],
    [[], undefined],
    [Symbol('s'), undefined],
    [() => ({}), undefined],
    [{}, undefined],
    [{ email: null, phoneNumber: ' ' }, undefined],
    [{ email: 5 }, 'email'],
    [{ email: ['a@x.io'] }, 'email'],
    [{ email: new Date() }, 'email'],
    [{ email: 10n }, 'email'],
    [{ email: 'nobody', phoneNumber: '1' }, 'email'],
    [{ email: '\ud800@x.io' }, 'email'],
    [{ email: 'a@x.io', phoneNumber: true }, 'phoneNumber'],
    [{ phoneNumber: {} }, 'phoneNumber'],
    [{ phoneNumber: '12\udc00' }, 'phoneNumber'],
    [{ phoneNumber: 'call me' }, 'phoneNumber'],
    [{ phoneNumber: -1 }, 'phoneNumber'],
    [{ phoneNumber: 1.5 }, 'phoneNumber'],
    [{ phoneNumber: NaN }, 'phoneNumber'],
    [{ phoneNumber: Infinity }, 'phoneNumber'],
    [{ phoneNumber: 2 ** 53 }, 'phoneNumber'],
    [{ phoneNumber: -1n }, 'phoneNumber'],
    [{ phoneNumber: 2n ** 64n }, 'phoneNumber'],
  ]
  for (const [request, field] of cases) {
    const calls = [resolver.identify(any(request)), resolver.lookup(any(request))]
    for (const error of await Promise.all(calls.map(call => failure(call, 'INVALID_INPUT')))) {
      assert.equal(error.field, field, error.message)
      assert.equal(error.retryable, false)
      assert.equal(error.name, 'IdentityError')
      assert.ok(!error.message.includes('nobody') && !error.message.includes('call me'), error.message)
    }
  }
  const all = await resolver.identifyMany(any(cases.map(([request]) => request)))
  assert.equal(all.length, cases.length)
  all.forEach((result, row) => {
    assert.ok(result instanceof IdentityError, `row ${row}`)
    assert.equal(result.code, 'INVALID_INPUT')
    assert.equal(result.field, cases[row]?.[1], result.message)
  })
})

test('a getter that throws is a rejection too', async () => {
  const resolver = await connect()
  const trap = {
    get email(): string {
      throw new RangeError('mine')
    },
  }
  const error = await failure(resolver.identify(trap))
  assert.equal(error.code, 'INVALID_INPUT')
  assert.ok(error.cause instanceof RangeError)
})

test('so is one that throws what cannot be looked at', async () => {
  const resolver = await connect()
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const trap = {
    get email(): string {
      throw proxy
    },
  }
  await failure(resolver.identify(trap), 'INVALID_INPUT')
  const [result] = await resolver.identifyMany([trap])
  assert.ok(result instanceof IdentityError && result.code === 'INVALID_INPUT')
})

test('methods taken off their resolver say so', async () => {
  const { identify, lookup, get, identifyMany, close } = await connect()
  for (const method of [identify, lookup, get, identifyMany, close] as ((value: unknown) => unknown)[]) {
    for (const value of [[], 1]) {
      const error = await failure(method(value), 'INVALID_INPUT')
      assert.match(error.message, method === identifyMany && value === 1 ? /./ : /on their resolver/)
    }
  }
})

test('numbers are taken as their digits, to the last one', async () => {
  const resolver = await connect()
  const digits = async (phoneNumber: number | bigint) => (await resolver.identify({ phoneNumber })).phoneNumbers[0]
  assert.equal(await digits(0), '0')
  assert.equal(await digits(-0), '0')
  assert.equal(await digits(Number.MAX_SAFE_INTEGER), '9007199254740991')
  assert.equal(await digits(9_007_199_254_740_993n), '9007199254740993')
  assert.equal(await digits(2n ** 64n - 1n), '18446744073709551615')
  for (const none of [-1n, 2n ** 64n, 10n ** 200_000n]) {
    const error = await failure(digits(none), 'INVALID_INPUT')
    assert.equal(error.field, 'phoneNumber')
    assert.match(error.message, /at most 64 bits/)
  }
})

test('contact ids that are none', async () => {
  const resolver = await connect()
  for (const id of [undefined, null, '1', 1.5, NaN, 2 ** 53, {}, Symbol('s')]) {
    await failure(resolver.get(any(id)), 'INVALID_INPUT')
  }
})

test('sources that are none', async () => {
  const resolver = await connect()
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  const thrower = new Proxy([], { get: () => assert.fail('its own') })
  for (const source of [undefined, null, 5, 'text', {}, () => [], proxy, thrower]) {
    await failure(resolver.identifyMany(any(source)), 'INVALID_INPUT')
    await failure(looped(resolver.identifyMany(any(source))), 'INVALID_INPUT')
    await failure(resolver.identifyMany(any(source)).next(), 'INVALID_INPUT')
    await using disposed = resolver.identifyMany(any(source))
    void disposed
  }
})

test('iterables that are none', async () => {
  const resolver = await connect()
  const iterator = (value: unknown) => ({ [Symbol.iterator]: value })
  for (const source of [iterator(5), iterator(null), iterator(() => null), iterator(() => ({})), iterator(() => ({ next: () => 5 }))]) {
    await failure(looped(resolver.identifyMany(any(source))), 'INVALID_INPUT')
  }
  // As for `for await`, these are iterables.
  for (const none of [undefined, null]) {
    const source = { [Symbol.asyncIterator]: none, *[Symbol.iterator]() { yield { phoneNumber: 1 } } }
    const { value } = await resolver.identifyMany(any(source))[Symbol.asyncIterator]().next()
    assert.deepEqual((value as ConsolidatedContact).phoneNumbers, ['1'])
  }
  class Odd extends Array<unknown> {
    override slice(): never { return any(5) }
  }
  assert.equal((await resolver.identifyMany(any(Odd.from([{ phoneNumber: 1 }])))).length, 1)
})

async function looped(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results) assert.fail('a result')
}

test('options of calls that are none', async () => {
  const resolver = await connect()
  const mine = new RangeError('mine')
  const thrown = () => {
    throw mine
  }
  const options: [object, boolean][] = [
    [{ signal: 5 }, false],
    [{ signal: {} }, false],
    [{ signal: { aborted: false, addEventListener() {} } }, false],
    [{ signal: { aborted: false, addEventListener: thrown, removeEventListener() {} } }, true],
    [Object.defineProperty({}, 'signal', { get: thrown }), true],
    [{ signal: Object.defineProperty({}, 'aborted', { get: thrown }) }, true],
  ]
  const ofImports: [object, boolean][] = [
    [{ onProgress: 5 }, false],
    [Object.defineProperty({}, 'onProgress', { get: thrown }), true],
  ]
  const request = { phoneNumber: 1 }
  for (const [given, hasCause] of options) {
    for (const call of [resolver.identify(request, any(given)), resolver.lookup(request, any(given)), resolver.get(1, any(given))]) {
      assert.equal((await failure(call, 'INVALID_INPUT')).cause, hasCause ? mine : undefined)
    }
  }
  for (const [given, hasCause] of [...options, ...ofImports]) {
    const calls = [resolver.identifyMany([], any(given)), resolver.identifyMany(new Set<never>(), any(given)).next()]
    for (const call of calls) {
      assert.equal((await failure(call, 'INVALID_INPUT')).cause, hasCause ? mine : undefined)
    }
  }
  assert.deepEqual(await resolver.lookup(request), [], 'nothing was done')
})

test('a signal that cannot be let go of harms no other call', async () => {
  const resolver = await connect()
  const signal = {
    aborted: false,
    addEventListener() {},
    removeEventListener() {
      throw new RangeError('mine')
    },
  }
  const calls = Array.from({ length: 100 }, (_, n) =>
    resolver.identify({ phoneNumber: n }, n % 10 === 0 ? any({ signal }) : undefined),
  )
  assert.equal(new Set((await Promise.all(calls)).map(contact => contact.primaryContactId)).size, 100)
})

test('more text than JavaScript holds in one string', async () => {
  const resolver = await connect()
  const request = { email: 'x'.repeat(2 ** 20) }
  const count = 520
  const calls = Array.from({ length: count }, () => failure(resolver.identify(request), 'INVALID_INPUT'))
  const known = resolver.identify({ phoneNumber: 1 })
  assert.equal((await Promise.all(calls)).length, count)
  assert.equal((await known).primaryContactId, 1)
  const results = await resolver.identifyMany(Array.from({ length: count }, () => request))
  assert.ok(results.every(result => result instanceof IdentityError && result.code === 'INVALID_INPUT'))
})

test('options that are none', async () => {
  for (const url of [undefined, null, 5, {}]) {
    await failure(IdentityResolver.connect(any(url)), 'CONFIGURATION')
  }
  await failure(IdentityResolver.connect('postgres://localhost/shop'), 'CONFIGURATION')
  for (const [options, named] of [
    [{ batchSize: 'many' }, 'batchSize'],
    [{ batchSize: NaN }, 'batchSize'],
    [{ maxConnections: 10n }, 'maxConnections'],
    [{ timeoutMs: 1.5 }, 'timeoutMs'],
    [{ timeout: 5 }, 'timeout'],
    [{ defaultRegion: 'nowhere' }, 'region'],
    [{ defaultRegion: () => 'US' }, 'region'],
    [{ batchSize: Symbol('10') }, 'batchSize'],
    [{ batchSize: 1_000_001 }, 'batchSize must be at most'],
    [{ importSize: Number.MAX_SAFE_INTEGER }, 'importSize must be at most'],
    [{ maxConnections: 4_294_967_295 }, 'maxConnections must be at most'],
    [{ batchSize: 0 }, 'batchSize must be at least 1'],
    [{ importSize: 0 }, 'importSize must be at least 1'],
    [{ queueLength: 0 }, 'queueLength must be at least 1'],
    [{ concurrentLoads: 0 }, 'concurrentLoads must be at least 1'],
    [{ concurrentWrites: 0 }, 'concurrentWrites must be at least 1'],
    [{ maxConnections: 0 }, 'maxConnections must be at least 1'],
    [5, 'object'],
  ] as const) {
    const error = await failure(connect(any(options)), 'CONFIGURATION')
    assert.ok(error.message.includes(named), error.message)
  }
  const circle: { adopt?: unknown } = {}
  circle.adopt = circle
  await failure(connect(circle), 'CONFIGURATION')
  const resolver = await connect({ batchSize: undefined, defaultRegion: 'US' })
  assert.deepEqual((await resolver.identify({ phoneNumber: '(415) 555-0100' })).phoneNumbers, ['+14155550100'])
  assert.deepEqual(await resolver.identifyMany([], any({ signal: null })), [])
})

test('options that are getters of a class, and none', async () => {
  class Settings {
    get defaultRegion(): string {
      return 'US'
    }
  }
  const resolver = await connect(new Settings())
  assert.deepEqual((await resolver.identify({ phoneNumber: '(415) 555-0100' })).phoneNumbers, ['+14155550100'])
  await IdentityResolver.connect('memory:', null)
})
