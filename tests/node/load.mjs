// `load.mjs URL`: part of a load, as a process of its own. Connects, prints `ready`, and makes the calls that stdin names once it
// ends, one JSON line for each task with its requests; the tasks run at once. Most are calls by themselves; some go together as an
// import, and some are given up on their way and made again, which may not change what they come to. Exits with 0 when all
// succeeded and each reply held what it was asked for.
import { readFileSync } from 'node:fs'
import { IdentityError, IdentityResolver } from 'identity-core'

const TOGETHER = 4

const resolver = await IdentityResolver.connect(process.argv[2])
console.log('ready')
const tasks = readFileSync(0, 'utf8').trim().split('\n').map(line => JSON.parse(line))

function check([email, phoneNumber], contact) {
  if (contact instanceof IdentityError) throw contact
  const holds =
    (email === '' || contact.emails.includes(email)) &&
    (phoneNumber === '' || contact.phoneNumbers.includes(phoneNumber))
  if (!holds) throw new Error('a reply does not hold what was asked for')
}

const request = ([email, phoneNumber]) => ({ email, phoneNumber })

/** Gives a call up on its way, or too late. */
async function giveUp(pair) {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), Math.random() * 5)
  try {
    check(pair, await resolver.identify(request(pair), { signal: controller.signal }))
  } catch (error) {
    if (error.code !== 'ABORTED') throw error
  }
}

await Promise.all(
  tasks.map(async (pairs, task) => {
    for (let n = 0; n < pairs.length; ) {
      if ((task + n) % 5 === 1) {
        const together = pairs.slice(n, n + TOGETHER)
        const results = await resolver.identifyMany(together.map(request))
        together.forEach((pair, position) => check(pair, results[position]))
        n += together.length
      } else {
        if ((task + n) % 5 === 2) await giveUp(pairs[n])
        check(pairs[n], await resolver.identify(request(pairs[n])))
        n += 1
      }
    }
  }),
)
await resolver.close()
