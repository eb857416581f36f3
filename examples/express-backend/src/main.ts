// The backend: `DATABASE_URL=mysql://… npm start`.
import { IdentityResolver } from 'identity-core'
import { createPool } from 'mysql2/promise'
import { backend } from './app.js'
import { serve } from './serve.js'

const url = process.env.DATABASE_URL
if (url === undefined) {
  throw new Error('DATABASE_URL is not set')
}
const pool = createPool(url)
// The table has rows from before: `adopt` checks them once, and takes them over as they are.
const resolver = await IdentityResolver.connect(url, { adopt: true })
serve(backend(resolver, pool), async () => {
  await resolver.close()
  await pool.end()
})
