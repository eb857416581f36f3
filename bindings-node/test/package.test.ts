// The package as users get it: packed, installed into an empty folder, and used there in each way there is.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'

const root = path.join(__dirname, '..', '..')
const consumer = path.join(root, 'test', 'consumer')
let folder: string
let packed: { filename: string; size: number; unpackedSize: number; files: { path: string; size: number }[] }

const npm = (...args: string[]) => execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'identity-core-'))
  // As npm list prints it since version 11, by name; before, as an array.
  const told = JSON.parse(npm('pack', root, '--json')) as Record<string, typeof packed>
  packed = Object.values(told)[0] as typeof packed
  cpSync(consumer, folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'shop', private: true }))
  npm('install', '--no-audit', '--no-fund', `./${packed.filename}`)
})
after(() => rmSync(folder, { recursive: true }))

test('it holds what is used, and nothing else', () => {
  const expected = [
    /^package\.json$/,
    /^README\.md$/,
    /^LICENSE-(MIT|APACHE)$/,
    /^index\.(mjs|d\.mts)$/,
    /^native\.(js|d\.ts)$/,
    /^dist\/\w+\.js$/,
    /^types\/\w+\.d\.ts$/,
    /^identity-core\.[\w-]+\.node$/,
  ]
  const others = packed.files.filter(file => !expected.some(pattern => pattern.test(file.path)))
  assert.deepEqual(others.map(file => file.path), [])
  expected.forEach(pattern => assert.ok(packed.files.some(file => pattern.test(file.path)), `${pattern}`))
  const natives = packed.files.filter(file => file.path.endsWith('.node'))
  assert.equal(natives.length, 1)
  const native = path.join(folder, 'node_modules', 'identity-core', natives[0]?.path ?? '')
  const symbols = ['.debug_info', '.debug_line', '.symtab']
  const content = readFileSync(native)
  symbols.forEach(section => assert.ok(!content.includes(`\0${section}\0`), `${section}: not a debug build`))
  assert.ok(!content.includes(path.join(root, '..')), 'no path of the repository that it was built in')
})

test('it is as large as the README says', t => {
  const [size, unpackedSize] = [packed.size, packed.unpackedSize].map(size => size / 1e6) as [number, number]
  t.diagnostic(`${size.toFixed(1)} MB packed, ${unpackedSize.toFixed(1)} MB installed`)
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  const [, ...stated] = /([\d.]+) MB packed and ([\d.]+) MB installed/.exec(readme) ?? assert.fail('the README says nothing')
  for (const [actual, says] of [[size, stated[0]], [unpackedSize, stated[1]]] as const) {
    assert.ok(Math.abs(actual / Number(says) - 1) < 0.15, `${actual} MB, and the README says ${says}`)
  }
})

test('ESM, CommonJS and both at once', () => {
  const answer = '1 mcfly@hillvalley.edu 123456 IdentityError INVALID_INPUT\n'
  assert.equal(node('esm.mjs'), answer)
  assert.equal(node('commonjs.cjs'), answer)
  assert.equal(node('both.mjs'), 'one package: IdentityError IdentityResolver\n')
})

test('TypeScript, for ESM, CommonJS and bundlers', () => {
  const tsc = require.resolve('typescript/package.json')
  const { bin } = JSON.parse(readFileSync(tsc, 'utf8')) as { bin: { tsc: string } }
  const types = path.dirname(path.dirname(path.dirname(require.resolve('@types/node/package.json'))))
  const compile = (options: string, ...files: string[]) => {
    const all = `--strict --target es2022 --lib es2022 --types node ${options}`.split(' ')
    node(path.join(path.dirname(tsc), bin.tsc), ...all, '--typeRoots', path.join(types, '@types'), ...files)
  }
  compile('--module nodenext --outDir out', 'typescript.mts', 'typescript.cts')
  compile('--module esnext --moduleResolution bundler --noEmit', 'typescript.mts')
  assert.equal(node('out/typescript.mjs'), '1\n')
  assert.equal(node('out/typescript.cjs'), '1\n')
})

test('a release is stopped by what it lacks, and by native parts in the package', () => {
  const publishable = (...args: string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts', 'publishable.js'), ...args], { encoding: 'utf8' })
    return { status, stderr }
  }
  const { version, repository } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>
  const settings = publishable('settings', `npm-v${version}`)
  assert.equal(settings.status, repository === undefined ? 1 : 0, settings.stderr)
  assert.match(publishable('settings', 'npm-v0.0.0').stderr, /the tag is npm-v0\.0\.0/)
  const held = publishable('package')
  assert.equal(held.status, 1)
  assert.match(held.stderr, /holds native parts.*identity-core\.[\w-]+\.node/)
  assert.match(held.stderr, /depends on 0 of 8 platforms/)
})
