// Ends by itself, though the resolver is open.
import { IdentityResolver } from 'identity-core'

async function main(): Promise<void> {
  const resolver = await IdentityResolver.connect(process.argv[2])
  await resolver.identify({ phoneNumber: 1 })
  const results = resolver.identifyMany(
    (async function* () {
      yield { phoneNumber: 1 }
      await new Promise(() => {})
    })(),
  )
  await results.next()
  console.log('answered')
}

void main()
