import { createRequire } from 'node:module'
import * as imported from 'identity-core'

const required = createRequire(import.meta.url)('identity-core')
// What Node adds to the names of a CommonJS module that is imported.
const names = module => Object.keys(module).filter(name => name !== 'default' && name !== '__esModule').sort().join(' ')
if (names(required) !== names(imported)) throw new Error(`${names(required)} by require, ${names(imported)} by import`)
for (const name of names(imported).split(' ')) if (required[name] !== imported[name]) throw new Error(name)
console.log('one package:', names(imported))
