// A million calls, calls that are cancelled, imports that nobody finishes, resolvers that come and go: nothing of them stays, neither
// in JavaScript's heap nor outside of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh } from './support/databases.js'
import { run } from './support/programs.js'

const works = [
  ['memory', 'identify', 1_000_000],
  ['memory', 'errors', 1_000_000],
  ['memory', 'cancelled', 1_000_000],
  ['memory', 'lookup', 1_000_000],
  ['memory', 'get', 1_000_000],
  ['memory', 'resolvers', 300_000],
  // An import has done a million rows before the allocator has come to rest.
  ['memory', 'many', 16_000_000],
  ['memory', 'imports aborted', 300_000],
  ['memory', 'imports left', 300_000],
  ['memory', 'imports dropped', 300_000],
  ['sqlite', 'identify', 200_000],
  ['sqlite', 'resolvers', 8_000],
  ['mysql', 'identify', 400_000],
  ['mysql', 'cancelled', 400_000],
] as const

for (const [kind, work, count] of works) {
  test(`${count} times on ${kind}: ${work}`, async t => {
    const { code, output } = await run('memory', await fresh(t, kind), work, String(count))
    t.diagnostic(output.trim())
    assert.equal(code, 0, output)
  })
}
