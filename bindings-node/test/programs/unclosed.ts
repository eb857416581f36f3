// Ends by itself, though an import is neither finished nor left.
import { IdentityResolver, type IdentifyRequest } from 'identity-core'

type Source = Iterable<IdentifyRequest> | AsyncIterable<IdentifyRequest>

const sources: Record<string, () => Source> = {
  async *pauses() {
    yield { phoneNumber: 1 }
    await new Promise(() => {})
  },
  ends: () => new Set([{ phoneNumber: 1 }, { phoneNumber: 2 }]),
  // When what it gave has gone to the database, and is not answered yet.
  async *throws() {
    yield { phoneNumber: 1 }
    await new Promise(resolve => setTimeout(resolve, 50))
    yield { phoneNumber: 2 }
    await new Promise<void>(resolve => process.nextTick(resolve))
    throw new Error('mine')
  },
}

async function main([url, source, close]: string[]): Promise<void> {
  const resolver = await IdentityResolver.connect(url)
  await resolver.identify({ phoneNumber: 1 })
  const results = resolver.identifyMany((sources[source as string] as () => Source)())
  await results.next()
  if (close) await resolver.close()
  console.log('answered')
}

void main(process.argv.slice(2))
