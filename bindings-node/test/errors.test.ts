// Failures of the database and of the settings: each has its code, a cause where there is one, and no customer's values.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { IdentityError, IdentityResolver } from 'identity-core'
import { execute, fresh } from './support/databases.js'
import { failure } from './support/failures.js'

const table = (id: string) =>
  `CREATE TABLE Contact (id ${id} PRIMARY KEY AUTO_INCREMENT, phoneNumber VARCHAR(32), email VARCHAR(254), linkedId BIGINT,
   linkPrecedence VARCHAR(9) NOT NULL, createdAt DATETIME(3) NOT NULL, updatedAt DATETIME(3) NOT NULL,
   deletedAt DATETIME(3), KEY (linkedId))`
const row = (id: string) =>
  `INSERT INTO Contact VALUES (${id}, '123', 'doc@hillvalley.edu', NULL, 'primary', NOW(), NOW(), NULL)`

test('a database that is away is UNAVAILABLE, with the cause, and no password', async () => {
  const error = await failure(IdentityResolver.connect('mysql://shop:hunter2@127.0.0.1:1/shop'), 'UNAVAILABLE')
  assert.equal(error.retryable, true)
  assert.ok(error.cause instanceof Error)
  assert.ok(!inspect(error, { depth: 9 }).includes('hunter2'))
})

test('a server that hangs is UNAVAILABLE once a connection was waited for', async t => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const connecting = IdentityResolver.connect(`mysql://a:b@127.0.0.1:${port}/c`, { acquireTimeoutMs: 300 })
  await failure(connecting, 'UNAVAILABLE')
})

for (const kind of ['mysql', 'mariadb'] as const) {
  describe(kind, () => {
    test('a table with rows is refused until it is adopted', async t => {
      const url = await fresh(t, kind)
      await execute(url, table('INT UNSIGNED'))
      await execute(url, row('7'))
      const error = await failure(IdentityResolver.connect(url), 'NOT_ADOPTED')
      assert.equal(error.retryable, false)
      await using resolver = await IdentityResolver.connect(url, { adopt: true })
      assert.equal((await resolver.identify({ email: 'doc@hillvalley.edu' })).primaryContactId, 7)
    })

    test('ids that a number does not hold are refused, and never rounded', async t => {
      const url = await fresh(t, kind)
      await execute(url, table('BIGINT'))
      await execute(url, row('9007199254740991'))
      await using resolver = await IdentityResolver.connect(url, { adopt: true })
      const held = await resolver.identify({ phoneNumber: '123' })
      assert.equal(held.primaryContactId, 9007199254740991)
      const beyond = { phoneNumber: '123', email: 'marty@hillvalley.edu' }
      for (const call of [
        () => resolver.identify(beyond),
        () => resolver.lookup(beyond),
        () => resolver.get(9007199254740992n),
      ]) {
        const error = await failure(call(), 'ID_TOO_LARGE')
        assert.ok(error.message.includes('9007199254740992'), error.message)
      }
      const [one, other] = await resolver.identifyMany([beyond, { email: 'emmett@hillvalley.edu' }])
      for (const result of [one, other]) {
        assert.ok(result instanceof IdentityError && result.code === 'ID_TOO_LARGE')
      }
    })

    test('a lock that is held: TIMEOUT by the option', async t => {
      const url = await fresh(t, kind)
      await using resolver = await IdentityResolver.connect(url, { timeoutMs: 200 })
      await resolver.identify({ email: 'doc@hillvalley.edu' })
      const { createConnection } = await import('mysql2/promise')
      const other = await createConnection(url)
      await other.query('LOCK TABLES Contact WRITE')
      const error = await failure(resolver.identify({ email: 'new@hillvalley.edu' }), 'TIMEOUT')
      assert.equal(error.retryable, true)
      assert.ok(!inspect(error, { depth: 9 }).includes('hillvalley'))
      const signal = AbortSignal.timeout(50)
      const aborted = await failure(resolver.identify({ email: 'new@hillvalley.edu' }, { signal }), 'TIMEOUT')
      assert.equal((aborted.cause as Error).name, 'TimeoutError')
      await other.query('UNLOCK TABLES')
      await other.end()
    })

    test('a value that a column does not hold: REFUSED, with the cause', async t => {
      const url = await fresh(t, kind)
      await execute(url, table('INT').replace('email VARCHAR(254)', 'email VARCHAR(10)'))
      await using resolver = await IdentityResolver.connect(url)
      const error = await failure(resolver.identify({ email: 'lorraine@hillvalley.edu' }), 'REFUSED')
      assert.equal(error.retryable, false)
      assert.ok(error.cause instanceof Error)
      assert.ok(!inspect(error, { depth: 9 }).includes('hillvalley'))
    })

    test('a row that somebody else holds, and no further try: CONFLICT', async t => {
      const url = await fresh(t, kind)
      await using resolver = await IdentityResolver.connect(url, { maxConflicts: 0 })
      await resolver.identify({ email: 'doc@hillvalley.edu' })
      const { primaryContactId } = await resolver.identify({ phoneNumber: '88' })
      const { createConnection } = await import('mysql2/promise')
      const other = await createConnection(url)
      t.after(() => other.destroy())
      await other.beginTransaction()
      await other.execute('SELECT id FROM Contact WHERE id = ? FOR UPDATE', [primaryContactId])
      const merging = { email: 'doc@hillvalley.edu', phoneNumber: '88' }
      const merged = resolver.identify(merging)
      const error = await failure(merged.finally(() => other.rollback()), 'CONFLICT')
      assert.equal(error.retryable, true)
      assert.deepEqual((await resolver.identify(merging)).secondaryContactIds, [primaryContactId])
    })

    test('more callers than may wait: OVERLOADED', async t => {
      const url = await fresh(t, kind)
      await using resolver = await IdentityResolver.connect(url, { queueLength: 10 })
      const calls = Array.from({ length: 500 }, (_, n) => resolver.identify({ phoneNumber: n }))
      const outcomes = await Promise.allSettled(calls)
      const refused = outcomes.filter(outcome => outcome.status === 'rejected')
      assert.ok(refused.length > 0 && refused.length < 500, `${refused.length} refused`)
      for (const { reason } of refused as PromiseRejectedResult[]) {
        assert.ok(reason instanceof IdentityError && reason.code === 'OVERLOADED' && reason.retryable)
      }
    })
  })
}
