// What the lines "from JavaScript" measure, in a process of its own. Reads commands, a line of JSON each, and answers each with
// a line of JSON.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { IdentityError, IdentityResolver } from 'identity-core'
import { createPool } from 'mysql2/promise'
import { identify as identifyByHand } from '../../examples/express-backend/build/before/identify.js'

/** Runs callers in closed loops for so many seconds. */
async function closedLoop(callers, seconds, call) {
  const begun = performance.now()
  const end = begun + seconds * 1e3
  const took = []
  const caller = async () => {
    let before = performance.now()
    while (before < end) {
      await call()
      const now = performance.now()
      took.push(now - before)
      before = now
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  const elapsed = performance.now() - begun
  took.sort((a, b) => a - b)
  return { perSecond: took.length / (elapsed / 1e3), p99: took[Math.floor(took.length * 0.99)] }
}

/** Draws the requests of src/work.rs, mixed: each contender has its own, so that what is new to one is new to all. */
function source(people) {
  let fresh = people
  let merged = 0
  const email = n => `customer.${n}@example.com`
  const phone = n => `+1${2_000_000_000 + n}`
  const someone = () => Math.floor(Math.random() * people)
  return () => {
    const kind = Math.random() * 100
    if (kind < 70) {
      const n = someone()
      return { email: email(n), phoneNumber: phone(n) }
    }
    if (kind < 85) return { email: email(fresh++), phoneNumber: phone(someone()) }
    if (kind < 95) {
      const n = fresh++
      return { email: email(n), phoneNumber: phone(n) }
    }
    const first = (2 * merged++) % people
    return { email: email(first), phoneNumber: phone(first + 1) }
  }
}

const made = new Map()

/** What is made when it is first asked for. */
async function once(key, make) {
  if (!made.has(key)) made.set(key, await make())
  return made.get(key)
}

/** Somebody to measure: the package, or what was written by hand on a pool of so many connections. */
async function contender(url, byHandOn, people) {
  // One for each table, whoever works on it.
  const next = await once(url, () => source(people))
  if (byHandOn === null) {
    const resolver = await once(`resolver of ${url}`, () => IdentityResolver.connect(url))
    return () => resolver.identify(next())
  }
  const pool = await once(`${byHandOn} to ${url}`, () => createPool({ uri: url, connectionLimit: byHandOn }))
  return () => identifyByHand(pool, next())
}

let visits = []

const commands = {
  /** Reads the requests of the lines on the memory store. */
  visits({ file }) {
    visits = readFileSync(file, 'utf8').trim().split('\n').map(line => JSON.parse(line))
    return { visits: visits.length }
  },
  /** All of them by one identifyMany on an empty store, again and again. */
  async many({ seconds }) {
    const end = performance.now() + seconds * 1e3
    let rows = 0
    let took = 0
    do {
      const resolver = await IdentityResolver.connect('memory:')
      const begun = performance.now()
      const results = await resolver.identifyMany(visits)
      took += performance.now() - begun
      rows += results.length
      if (results.some(result => result instanceof IdentityError)) throw new Error('a request was refused')
      await resolver.close()
    } while (performance.now() < end)
    return { perSecond: rows / (took / 1e3) }
  },
  /** The same over and over, by callers of identify. */
  async memory({ callers, seconds }) {
    const resolver = await IdentityResolver.connect('memory:')
    let n = 0
    const measured = await closedLoop(callers, seconds, () => resolver.identify(visits[n++ % visits.length]))
    await resolver.close()
    return measured
  },
  async mysql({ url, byHandOn, people, callers, seconds }) {
    return closedLoop(callers, seconds, await contender(url, byHandOn, people))
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  console.log(JSON.stringify(await commands[command.do](command)))
}
process.exit()
