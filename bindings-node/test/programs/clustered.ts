// Four workers of a cluster identify the same hundred people at the same time.
import cluster from 'node:cluster'
import { once } from 'node:events'
import { IdentityResolver } from 'identity-core'

async function work(): Promise<void> {
  const resolver = await IdentityResolver.connect(process.env.URL)
  const calls = Array.from({ length: 400 }, (_, n) =>
    resolver.identify({ email: `${n % 100}@x.io`, phoneNumber: n % 100 }),
  )
  const ids = (await Promise.all(calls)).map(contact => contact.primaryContactId)
  process.send?.(ids, () => process.disconnect())
}

async function main(): Promise<void> {
  // So that the tables are there before all of them ask for them.
  await (await IdentityResolver.connect(process.argv[2])).close()
  const people = new Set<number>()
  const workers = Array.from({ length: 4 }, () => cluster.fork({ URL: process.argv[2] }))
  const ended = workers.map(async worker => {
    worker.on('message', (ids: number[]) => ids.forEach(id => people.add(id)))
    const [code] = (await once(worker, 'exit')) as [number]
    if (code !== 0) throw new Error(`a worker ended with ${code}`)
  })
  await Promise.all(ended)
  console.log(`${workers.length} workers, ${people.size} people`)
}

void (cluster.isPrimary ? main() : work())
