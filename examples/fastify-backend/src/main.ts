// A Fastify backend: `npm start`, with DATABASE_URL (sqlite://contacts.db) and PORT (3000).
import { IdentityResolver } from 'identity-core'
import { backend } from './app.js'

const resolver = await IdentityResolver.connect(process.env.DATABASE_URL ?? 'sqlite://contacts.db')
const app = backend(resolver)
const address = await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
console.log(`listening on ${address}`)
const stop = () => app.close()
process.once('SIGINT', stop).once('SIGTERM', stop)
