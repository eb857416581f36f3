// Threads with a resolver of their own: some end by themselves, some are terminated in the middle of calls.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { IdentityResolver } from 'identity-core'

async function inWorker({ url, busy }: { url: string; busy: boolean }): Promise<void> {
  const resolver = await IdentityResolver.connect(url)
  const { phoneNumbers } = await resolver.identify({ phoneNumber: 5 })
  parentPort?.postMessage(phoneNumbers[0])
  for (let n = 0; busy; n++) {
    await Promise.all(Array.from({ length: 100 }, () => resolver.identify({ phoneNumber: n })))
  }
}

async function main(url: string): Promise<void> {
  for (let round = 0; round < 8; round++) {
    const busy = round % 2 === 1
    const workers = [0, 1, 2].map(() => new Worker(__filename, { workerData: { url, busy } }))
    await Promise.all(
      workers.map(async worker => {
        // Before the message, since both may come at once.
        const ended = once(worker, 'exit')
        const [phone] = (await once(worker, 'message')) as [string]
        if (phone !== '5') throw new Error(`a wrong answer: ${phone}`)
        if (busy) {
          await new Promise(resolve => setTimeout(resolve, Math.random() * 20))
          await worker.terminate()
        }
        await ended
      }),
    )
  }
  console.log('done')
}

void (isMainThread ? main(process.argv[2] as string) : inWorker(workerData as { url: string; busy: boolean }))
