// `load.mjs URL`: part of a load, as a process of its own. Makes the calls that stdin names, one JSON line for each task with
// its requests; the tasks run at once. Exits with 0 when all succeeded and each reply held what it was asked for.
import { readFileSync } from 'node:fs'
import { IdentityResolver } from 'identity-core'

const tasks = readFileSync(0, 'utf8').trim().split('\n').map(line => JSON.parse(line))
const resolver = await IdentityResolver.connect(process.argv[2])
await Promise.all(
  tasks.map(async requests => {
    for (const [email, phoneNumber] of requests) {
      const contact = await resolver.identify({ email, phoneNumber })
      const holds =
        (email === '' || contact.emails.includes(email)) &&
        (phoneNumber === '' || contact.phoneNumbers.includes(phoneNumber))
      if (!holds) throw new Error('a reply does not hold what was asked for')
    }
  }),
)
await resolver.close()
