// Before the face is compiled: what no source makes any more is not left to look as if one did.
'use strict'
const { rmSync } = require('node:fs')
const path = require('node:path')

for (const name of ['dist', 'types']) {
  rmSync(path.join(__dirname, '..', name), { recursive: true, force: true })
}
