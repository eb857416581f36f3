// Runs the tests, with a private MariaDB and MySQL around them where none run yet.
'use strict'
const { spawnSync } = require('node:child_process')
const { readdirSync } = require('node:fs')
const path = require('node:path')

const tests = path.join(__dirname, '..', 'build', 'test')
const chosen = process.argv.slice(2)
// By name: Node 20 knows no patterns.
const all = () => readdirSync(tests).filter(name => name.endsWith('.test.js'))
const names = chosen.length > 0 ? chosen.map(name => `${name}.test.js`) : all()
const files = names.map(name => path.join(tests, name))
const node = [process.execPath, '--expose-gc', '--test', '--test-concurrency=1', ...files]
const databases = 'cargo run --quiet --locked -p identity-tests --bin with-databases -- --'.split(' ')
const [program, ...args] =
  process.env.IDENTITY_TEST_MYSQL && process.env.IDENTITY_TEST_MARIADB ? node : [...databases, ...node]

const ended = spawnSync(program, args, { stdio: 'inherit' })
if (ended.error) {
  console.error(`${program}: ${ended.error.message}`)
}
process.exitCode = ended.status ?? 1
