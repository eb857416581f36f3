// Processes and threads: they end when they should, and not before.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fresh } from './support/databases.js'
import { run } from './support/programs.js'

for (const kind of ['memory', 'sqlite', 'mysql'] as const) {
  describe(kind, () => {
    for (const [source, ...close] of [['pauses'], ['ends'], ['ends', 'close'], ['throws']] as const) {
      test(`a process is not held up by a source that ${source}, ${close[0] ?? 'unclosed'}`, async t => {
        const { code, signal, output, milliseconds } = await run('unclosed', await fresh(t, kind), source, ...close)
        assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: 'answered\n' })
        assert.ok(milliseconds < 10_000, `${milliseconds} ms`)
      })
    }

    test('a call that is not answered yet keeps it alive', async t => {
      const { code, output } = await run('pending', await fresh(t, kind))
      assert.deepEqual({ code, output }, { code: 0, output: 'identified\nlooked up\ngot\nmany\nclosed\n' })
    })

    test('process.exit in the middle of calls', async t => {
      const url = await fresh(t, kind)
      for (let round = 0; round < 5; round++) {
        const { code, signal, output } = await run('exit', url)
        assert.deepEqual({ code, signal, output }, { code: 3, signal: null, output: '' })
      }
    })

    test('worker threads come and go, also in the middle of calls', async t => {
      const { code, signal, output } = await run('workers', await fresh(t, kind))
      assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: 'done\n' })
    })
  })
}

test('worker threads alone load the package', async () => {
  const { code, signal, output } = await run('only-workers')
  const done = '5000 ended 5000 5000 ended 5000'
  assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: `${done} ${done} 5000\n` })
})

test('under cluster, workers share a table', async t => {
  const { code, output } = await run('clustered', await fresh(t, 'mysql'))
  assert.deepEqual({ code, output }, { code: 0, output: '4 workers, 100 people\n' })
})

test('the event loop is not blocked', async t => {
  const { code, output } = await run('loop', await fresh(t, 'sqlite'))
  assert.equal(code, 0, output)
  t.diagnostic(output.trim())
})
