// Before packing: the licences lie at the top of the repository.
'use strict'
const { copyFileSync } = require('node:fs')
const path = require('node:path')

for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  copyFileSync(path.join(__dirname, '..', '..', name), path.join(__dirname, '..', name))
}
