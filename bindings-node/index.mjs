// The same classes for import and require: an error that one part of a program throws is an IdentityError to all of it.
import identityCore from './dist/index.js'

export const { IdentityError, IdentityResolver } = identityCore
