import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'

/** Listens on PORT (3000) of 127.0.0.1 until SIGINT or SIGTERM, lets running requests end, then closes the rest. */
export function serve(app: Express, close: () => Promise<void>): void {
  const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  const stop = async (): Promise<void> => {
    server.close()
    server.closeIdleConnections()
    await once(server, 'close')
    await close()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
}
