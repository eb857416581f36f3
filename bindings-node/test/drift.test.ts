// What is generated and committed is what the sources generate: `npm run build` has just written it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.join(__dirname, '..', '..')

test('the committed types are those of the sources', () => {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' })
  const generated = ['native.d.ts', 'native.js', 'types']
  assert.equal(git('diff', '--stat', '--', ...generated), '', 'run npm run build, and add what it wrote')
  assert.equal(git('ls-files', '--others', '--exclude-standard', '--', ...generated), '')
})

test('every public declaration says what it is', () => {
  const types = path.join(root, 'types')
  for (const file of ['types.d.ts', 'error.d.ts', 'resolver.d.ts'].map(name => path.join(types, name))) {
    const lines = readFileSync(file, 'utf8').split('\n')
    lines.forEach((line, n) => {
      const declares = /^(export (declare class|interface|type) \w|    (static |readonly )?[\w[\].]+\??(\(|: ))/.test(line)
      const isOverload = /^    identifyMany\(/.test(line) && /^    identifyMany\(/.test(lines[n - 1] ?? '')
      if (declares && !isOverload && !line.includes('constructor')) {
        assert.match(lines[n - 1] ?? '', /\*\/$/, `${path.basename(file)}:${n + 1}: ${line}`)
      }
    })
  }
  assert.ok(readdirSync(types).length > 3)
})
