import { createRequire } from 'node:module'
import * as imported from 'identity-core'

const required = createRequire(import.meta.url)('identity-core')
if (required.IdentityError === imported.IdentityError) console.log('one package')
