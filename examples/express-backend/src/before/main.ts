// The backend as it was before identity-core: the same route, written by hand.
import express, { type ErrorRequestHandler } from 'express'
import { createPool } from 'mysql2/promise'
import { serve } from '../serve.js'
import { identify, InvalidRequest, TABLE } from './identify.js'

const url = process.env.DATABASE_URL
if (url === undefined) {
  throw new Error('DATABASE_URL is not set')
}
const pool = createPool(url)
await pool.query(TABLE)

const app = express()
app.use(express.json({ strict: false }))
app.post('/identify', async (req, res) => {
  res.json({ contact: await identify(pool, req.body) })
})
const onError: ErrorRequestHandler = (error, _req, res, _next) => {
  if (error instanceof InvalidRequest || error instanceof SyntaxError) {
    const field = error instanceof InvalidRequest ? error.field : undefined
    res.status(400).json({ error: error.message, field })
  } else if (error.status < 500) {
    res.status(error.status).json({ error: error.message })
  } else {
    console.error(error)
    res.status(500).json({ error: 'internal error' })
  }
}
app.use(onError)
serve(app, () => pool.end())
