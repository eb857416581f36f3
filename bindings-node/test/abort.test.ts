// Calls that are given up.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { IdentityResolver } from 'identity-core'
import { execute, fresh } from './support/databases.js'
import { failure } from './support/failures.js'

test('a signal that is aborted already', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  const signal = AbortSignal.abort()
  const request = { phoneNumber: 1 }
  const calls = [resolver.identify(request, { signal }), resolver.lookup(request, { signal }), resolver.get(1, { signal })]
  for (const error of await Promise.all(calls.map(call => failure(call, 'ABORTED')))) {
    assert.equal((error.cause as Error).name, 'AbortError')
  }
  assert.deepEqual(await resolver.lookup(request), [], 'nothing was done')
})

test('a reason that cannot even be looked at', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const controller = new AbortController()
  const calls = [1, 2].map(phoneNumber => resolver.identify({ phoneNumber }, { signal: controller.signal }))
  const results = resolver.identifyMany([{ phoneNumber: 3 }], { signal: controller.signal })
  controller.abort(proxy)
  await Promise.all([...calls, results].map(call => failure(call, 'ABORTED')))
  await failure(resolver.get(1, { signal: AbortSignal.abort(proxy) }), 'ABORTED')
})

test('an unused signal keeps no listener', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  const { signal } = new AbortController()
  await resolver.identify({ phoneNumber: 1 }, { signal })
  await resolver.get(1, { signal })
  await failure(resolver.identify({ phoneNumber: 'none' }, { signal }), 'INVALID_INPUT')
  await resolver.identifyMany([{ phoneNumber: 1 }], { signal })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('one listener serves all calls of a signal', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  const warnings: Error[] = []
  const warned = (warning: Error): void => void warnings.push(warning)
  process.on('warning', warned)
  const controller = new AbortController()
  const { signal } = controller
  const calls = Array.from({ length: 50 }, (_, n) => resolver.identify({ phoneNumber: n }, { signal }))
  const imports = Array.from({ length: 50 }, (_, n) => resolver.identifyMany([{ phoneNumber: n }], { signal }))
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  await Promise.all([...calls, ...imports])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  const given = Array.from({ length: 50 }, (_, n) => failure(resolver.identify({ phoneNumber: n }, { signal }), 'ABORTED'))
  controller.abort()
  await Promise.all(given)
  // Warnings come in a later tick.
  await new Promise(resolve => setTimeout(resolve, 10))
  process.off('warning', warned)
  assert.deepEqual(warnings, [])
})

test('whoever waits for a source that never answers is told of an abort, and of a close', async () => {
  const resolver = await IdentityResolver.connect('memory:')
  const never = async function* (): AsyncGenerator<never> {
    await new Promise(() => {})
  }
  const controller = new AbortController()
  const aborted = failure(resolver.identifyMany(never(), { signal: controller.signal }).next(), 'ABORTED')
  const closed = failure(resolver.identifyMany(never()).next(), 'CLOSED')
  await new Promise(resolve => setTimeout(resolve, 10))
  global.gc?.()
  await new Promise(resolve => setTimeout(resolve, 10))
  global.gc?.()
  controller.abort()
  await aborted
  await resolver.close()
  await closed
})

test('a call that waits for a lock is given up at once, and others go on', async t => {
  const url = await fresh(t, 'mysql')
  await using resolver = await IdentityResolver.connect(url)
  await resolver.identify({ email: 'doc@hillvalley.edu' })
  const other = await createConnection(url)
  await other.query('LOCK TABLES Contact WRITE')
  const controller = new AbortController()
  const given = Array.from({ length: 50 }, (_, n) =>
    failure(resolver.identify({ phoneNumber: n }, { signal: controller.signal }), 'ABORTED'),
  )
  const kept = Array.from({ length: 50 }, (_, n) => resolver.identify({ phoneNumber: 1_000 + n }))
  setTimeout(() => controller.abort(), 100)
  const begun = performance.now()
  await Promise.all(given)
  assert.ok(performance.now() - begun < 2_000)
  await other.query('UNLOCK TABLES')
  await other.end()
  const people = new Set((await Promise.all(kept)).map(contact => contact.primaryContactId))
  assert.equal(people.size, 50)
  const [{ count }] = (await execute(url, 'SELECT COUNT(*) AS count FROM Contact')) as [{ count: number }]
  assert.ok(count >= 51 && count <= 101, `${count}`)
})
