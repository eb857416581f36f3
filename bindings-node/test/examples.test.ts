// The example backends, started as their users start them and called over HTTP.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { execute, fresh } from './support/databases.js'

const examples = path.join(__dirname, '..', '..', '..', 'examples')

interface Answer {
  status: number
  body: { contact?: unknown; error?: string; field?: string }
}

/** Starts a backend on a free port; tells how to post to it, and how to stop it. */
async function start(t: TestContext, program: string, url: string) {
  const child = spawn(process.execPath, [path.join(examples, program)], {
    env: { ...process.env, DATABASE_URL: url, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const address = /http:\/\/\S+/.exec(line)?.[0]
  assert.ok(address, line)
  const post = async (body: string): Promise<Answer> => {
    const response = await fetch(`${address}/identify`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
  const stop = async () => {
    child.kill('SIGTERM')
    return (await ended)[0]
  }
  return { address, post, identify: (body: unknown) => post(JSON.stringify(body)), stop }
}

const contact = (primaryContactId: number, emails: string[], phoneNumbers: string[], secondaryContactIds: number[]) => ({
  status: 200,
  body: { contact: { primaryContactId, emails, phoneNumbers, secondaryContactIds } },
})

async function identifies(t: TestContext, program: string, url: string) {
  const backend = await start(t, program, url)
  const { identify, post, stop } = backend
  assert.deepEqual(
    await identify({ email: 'lorraine@hillvalley.edu', phoneNumber: '123456' }),
    contact(1, ['lorraine@hillvalley.edu'], ['123456'], []),
  )
  const both = contact(1, ['lorraine@hillvalley.edu', 'mcfly@hillvalley.edu'], ['123456'], [2])
  assert.deepEqual(await identify({ email: 'mcfly@hillvalley.edu', phoneNumber: 123456 }), both)
  assert.deepEqual(await identify({ phoneNumber: '123456' }), both)
  const refused = await identify({ email: 'nobody' })
  assert.equal(refused.status, 400)
  assert.equal(refused.body.field, 'email')
  for (const body of ['{}', '[]', 'null', '5', '{"email":', '{"phoneNumber":1e3}']) {
    const { status } = await post(body)
    assert.equal(status, body.includes('1e3') ? 200 : 400, body)
  }
  const long = await identify({ email: 'x'.repeat(2 ** 21) })
  assert.equal(long.status, 413, long.body.error)
  return { ...backend, stop }
}

for (const [name, program] of [
  ['Express', 'express-backend/build/main.js'],
  ['Fastify', 'fastify-backend/build/main.js'],
] as const) {
  for (const kind of ['sqlite', 'mysql'] as const) {
    // Express' example has a pool of MySQL beside.
    if (name === 'Express' && kind === 'sqlite') continue
    test(`${name} on ${kind}`, async t => {
      const url = await fresh(t, kind)
      const { stop } = await identifies(t, program, url)
      assert.equal(await stop(), 0, 'it ends in good order')
    })
  }
}

test('Express: what was written by hand is replaced on the table that it left', async t => {
  const url = await fresh(t, 'mysql')
  const before = await identifies(t, 'express-backend/build/before/main.js', url)
  const known = await before.identify({ email: 'lorraine@hillvalley.edu' })
  assert.equal(await before.stop(), 0)
  const after = await start(t, 'express-backend/build/main.js', url)
  assert.deepEqual(await after.identify({ email: 'lorraine@hillvalley.edu' }), known)
  // The rest of the backend has its pool as before.
  const count = await fetch(`${after.address}/contacts/count`)
  const rows = (await execute(url, 'SELECT COUNT(*) AS count FROM Contact')) as [{ count: string | number }]
  assert.deepEqual(await count.json(), { count: Number(rows[0].count) })
  // A hundred at once are one person now.
  const [email, phoneNumber] = ['doc@hillvalley.edu', '88']
  const answers = await Promise.all(Array.from({ length: 100 }, () => after.identify({ email, phoneNumber })))
  assert.equal(new Set(answers.map(answer => JSON.stringify(answer))).size, 1)
  assert.equal(await after.stop(), 0)
})
