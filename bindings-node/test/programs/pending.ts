// Nothing but the answers keeps it alive.
import { IdentityResolver } from 'identity-core'

void IdentityResolver.connect(process.argv[2]).then(async resolver => {
  await resolver.identify({ phoneNumber: 1 })
  console.log('identified')
  await resolver.lookup({ phoneNumber: 1 }, { signal: new AbortController().signal })
  console.log('looked up')
  await resolver.get(1)
  console.log('got')
  await resolver.identifyMany(Array.from({ length: 10_000 }, (_, n) => ({ phoneNumber: n })))
  console.log('many')
  await resolver.close()
  console.log('closed')
})
