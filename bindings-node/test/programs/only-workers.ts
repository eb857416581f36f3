// The main thread never loads the package; workers do, one after the other and at once, and some are ended on their way.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

async function work(): Promise<void> {
  const { IdentityResolver } = await import('identity-core')
  const resolver = await IdentityResolver.connect('memory:')
  const requests = Array.from({ length: 5_000 }, (_, n) => ({ email: `${n}@x.io`, phoneNumber: n }))
  const results = await resolver.identifyMany(requests)
  parentPort?.postMessage(results.length)
  await resolver.close()
}

/** Starts one; tells what it did, or that it was ended. */
async function worker(isEnded: boolean): Promise<string> {
  const started = new Worker(__filename)
  let did = 'nothing'
  started.on('message', (results: number) => (did = `${results}`))
  if (isEnded) setTimeout(() => void started.terminate(), Math.random() * 60)
  await once(started, 'exit')
  return isEnded ? 'ended' : did
}

async function main(): Promise<void> {
  const done: string[] = []
  for (let n = 0; n < 6; n++) done.push(await worker(n % 3 === 1))
  done.push(...(await Promise.all(Array.from({ length: 6 }, (_, n) => worker(n % 3 === 1)))))
  done.push(await worker(false))
  console.log(done.join(' '))
}

void (isMainThread ? main() : work())
