// Exits while calls are on their way.
import { IdentityResolver } from 'identity-core'

void IdentityResolver.connect(process.argv[2]).then(resolver => {
  for (let n = 0; n < 2_000; n++) void resolver.identify({ phoneNumber: n })
  void resolver.identifyMany(Array.from({ length: 10_000 }, (_, n) => ({ phoneNumber: n })))
  setTimeout(() => process.exit(3), Math.random() * 10)
})
