// A million calls, calls that are cancelled, and imports that nobody finishes: nothing of them stays, neither in JavaScript's heap nor outside of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh } from './support/databases.js'
import { run } from './support/programs.js'

// An import has done a million rows before the allocator has come to rest.
for (const [work, count] of [['identify', 1_000_000], ['errors', 1_000_000], ['cancelled', 1_000_000], ['many', 4_000_000]] as const) {
  test(`${count} calls: ${work}`, async t => {
    const { code, output } = await run('memory', 'memory:', work, String(count))
    assert.equal(code, 0, output)
    t.diagnostic(output.trim())
  })
}

for (const [work, count] of [['imports aborted', 100_000], ['imports left', 300_000], ['imports dropped', 300_000]] as const) {
  test(`${count} of ${work}`, async t => {
    const { code, output } = await run('memory', 'memory:', work, String(count))
    assert.equal(code, 0, output)
    t.diagnostic(output.trim())
  })
}

for (const work of ['identify', 'cancelled'] as const) {
  test(`100,000 calls on MySQL: ${work}`, async t => {
    const { code, output } = await run('memory', await fresh(t, 'mysql'), work, '100000')
    assert.equal(code, 0, output)
    t.diagnostic(output.trim())
  })
}
