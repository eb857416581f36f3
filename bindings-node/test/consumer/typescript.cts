import { type ConsolidatedContact, IdentityError, IdentityResolver } from 'identity-core'

async function main(): Promise<void> {
  const resolver = await IdentityResolver.connect('memory:')
  const contact: ConsolidatedContact = await resolver.identify({ phoneNumber: 1 })
  const error: unknown = await resolver.identify({}).catch((error: unknown) => error)
  console.log(error instanceof IdentityError ? contact.primaryContactId : error)
}

void main()
