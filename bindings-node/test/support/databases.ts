import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { createConnection } from 'mysql2/promise'

export type Kind = 'memory' | 'sqlite' | 'mysql' | 'mariadb'
export const kinds: readonly Kind[] = ['memory', 'sqlite', 'mysql', 'mariadb']

/** The URL of an empty database, which is gone after the test. */
export async function fresh(t: TestContext, kind: Kind): Promise<string> {
  switch (kind) {
    case 'memory':
      return 'memory:'
    case 'sqlite': {
      const folder = mkdtempSync(path.join(tmpdir(), 'identity-core-'))
      t.after(() => rmSync(folder, { recursive: true }))
      return `sqlite://${folder}/contacts.db`
    }
    default: {
      const server = admin(kind)
      const name = `t_${process.pid}_${randomBytes(6).toString('hex')}`
      await execute(server, `CREATE DATABASE ${name}`)
      t.after(() => execute(server, `DROP DATABASE ${name}`))
      return `${server}/${name}`
    }
  }
}

/** A statement on a database of MySQL. */
export async function execute(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection({ uri: url, bigNumberStrings: true, supportBigNumbers: true })
  try {
    return (await connection.query(sql))[0]
  } finally {
    await connection.end()
  }
}

function admin(kind: 'mysql' | 'mariadb'): string {
  const variable = kind === 'mysql' ? 'IDENTITY_TEST_MYSQL' : 'IDENTITY_TEST_MARIADB'
  const url = process.env[variable]
  if (url === undefined) {
    throw new Error(`${variable} is not set: run the tests by npm test or ./tests/run`)
  }
  return url.replace(/\/$/, '')
}
