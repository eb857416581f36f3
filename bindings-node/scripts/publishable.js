// Whether a release may go on: `publishable.js settings TAG` before anything is built, `publishable.js package` before the last
// publish. Says what is wrong, and exits with 1.
'use strict'
const { execFileSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

const checks = {
  settings(tag) {
    const wrong = []
    if (!manifest.repository) {
      wrong.push('package.json has no "repository": npm takes no provenance without it, see RELEASING.md')
    }
    if (tag !== `npm-v${manifest.version}`) {
      wrong.push(`the tag is ${tag}, and the version in package.json ${manifest.version}`)
    }
    const loader = readFileSync(path.join(root, 'native.js'), 'utf8')
    if (!loader.includes(`!== '${manifest.version}'`)) {
      wrong.push('native.js is of another version: run npm run build, and commit what it writes')
    }
    return wrong
  },

  package() {
    const wrong = []
    const { files } = Object.values(JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts')))[0]
    const natives = files.map(file => file.path).filter(name => name.endsWith('.node'))
    if (natives.length > 0) {
      wrong.push(`the package holds native parts, which belong into those of the platforms: ${natives.join(', ')}`)
    }
    const platforms = Object.keys(manifest.optionalDependencies ?? {}).length
    if (platforms !== manifest.napi.targets.length) {
      wrong.push(`it depends on ${platforms} of ${manifest.napi.targets.length} platforms: run napi pre-publish first`)
    }
    return wrong
  },
}

function npm(...args) {
  return execFileSync('npm', args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' })
}

const [check, ...args] = process.argv.slice(2)
const wrong = checks[check](...args)
wrong.forEach(message => console.error(message))
process.exitCode = wrong.length > 0 ? 1 : 0
