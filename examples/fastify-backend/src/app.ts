import fastify, { type FastifyInstance } from 'fastify'
import { IdentityError, type IdentifyRequest, type IdentityResolver } from 'identity-core'

/** `POST /identify`; closing it closes the resolver. */
export function backend(resolver: IdentityResolver): FastifyInstance {
  const app = fastify()

  app.post<{ Body: IdentifyRequest }>('/identify', async request => ({
    contact: await resolver.identify(request.body),
  }))

  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof IdentityError && error.code === 'INVALID_INPUT') {
      return reply.status(400).send({ error: error.message, field: error.field })
    }
    if (error instanceof IdentityError && error.retryable) {
      return reply.status(503).header('Retry-After', '1').send({ error: 'please try again' })
    }
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return reply.status(error.statusCode).send({ error: error.message })
    }
    // An IdentityError names no email and no phone number, and neither does its cause.
    console.error(error)
    return reply.status(500).send({ error: 'internal error' })
  })

  app.addHook('onClose', () => resolver.close())
  return app
}
