import express, { type ErrorRequestHandler, type Express } from 'express'
import { IdentityError, type IdentityResolver } from 'identity-core'
import type { Pool } from 'mysql2/promise'

/** `POST /identify` in this process; the other routes go on with the pool that they have. */
export function backend(resolver: IdentityResolver, pool: Pool): Express {
  const app = express()
  app.use(express.json({ strict: false }))

  app.post('/identify', async (req, res) => {
    res.json({ contact: await resolver.identify(req.body) })
  })

  app.get('/contacts/count', async (_req, res) => {
    const [rows] = await pool.query('SELECT COUNT(*) AS count FROM Contact WHERE deletedAt IS NULL')
    res.json((rows as unknown[])[0])
  })

  app.use(onError)
  return app
}

const onError: ErrorRequestHandler = (error, _req, res, _next) => {
  if (error instanceof IdentityError && error.code === 'INVALID_INPUT') {
    res.status(400).json({ error: error.message, field: error.field })
  } else if (error instanceof IdentityError && error.retryable) {
    res.status(503).set('Retry-After', '1').json({ error: 'please try again' })
  } else if (error instanceof SyntaxError) {
    res.status(400).json({ error: 'the body must be JSON' })
  } else if (error.status < 500) {
    // Of Express: a body that is too long, a character set that it does not know.
    res.status(error.status).json({ error: error.message })
  } else {
    // An IdentityError names no email and no phone number, and neither does its cause.
    console.error(error)
    res.status(500).json({ error: 'internal error' })
  }
}
