const { IdentityError, IdentityResolver } = require('identity-core')

IdentityResolver.connect('memory:').then(async resolver => {
  const { primaryContactId, emails, phoneNumbers } = await resolver.identify({
    email: 'mcfly@hillvalley.edu',
    phoneNumber: '123456',
  })
  const error = await resolver.identify({}).catch(error => error)
  console.log(primaryContactId, ...emails, ...phoneNumbers, error instanceof IdentityError && error.name, error.code)
})
