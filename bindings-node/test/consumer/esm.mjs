import { IdentityError, IdentityResolver } from 'identity-core'

const resolver = await IdentityResolver.connect('memory:')
const { primaryContactId, emails, phoneNumbers } = await resolver.identify({
  email: 'mcfly@hillvalley.edu',
  phoneNumber: '123456',
})
const error = await resolver.identify({}).catch(error => error)
console.log(primaryContactId, ...emails, ...phoneNumbers, error instanceof IdentityError && error.name, error.code)
