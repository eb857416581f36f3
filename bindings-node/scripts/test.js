// Runs the tests, with a private MariaDB and MySQL around them where none run yet: as ./tests/run does, it sees to it first that
// they are on this machine, or says what to install.
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
const requirements = [path.join(__dirname, '..', '..', 'tests', 'requirements')]
const databases = 'cargo run --quiet --locked -p identity-tests --bin with-databases -- --'.split(' ')
const { IDENTITY_TEST_MYSQL, IDENTITY_TEST_MARIADB } = process.env
const commands = IDENTITY_TEST_MYSQL && IDENTITY_TEST_MARIADB ? [node] : [requirements, [...databases, ...node]]

for (const [program, ...args] of commands) {
  const ended = spawnSync(program, args, { stdio: 'inherit' })
  if (ended.error) {
    console.error(`${program}: ${ended.error.message}`)
  }
  process.exitCode = ended.status ?? 1
  if (process.exitCode !== 0) break
}
