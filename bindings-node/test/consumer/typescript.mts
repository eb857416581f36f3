import { type ConsolidatedContact, IdentityResolver, type IdentifyRequest } from 'identity-core'

const request: IdentifyRequest = { email: 'mcfly@hillvalley.edu', phoneNumber: null }
const resolver = await IdentityResolver.connect('memory:')
const contact: ConsolidatedContact = await resolver.identify(request)
await resolver.close()
console.log(contact.primaryContactId)
