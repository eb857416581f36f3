// Checked by the compiler only, and never run: every type of the package, and what must not compile.
import {
  type CallOptions,
  type ConnectOptions,
  type ConsolidatedContact,
  IdentityError,
  type IdentityErrorCode,
  type IdentityErrorOptions,
  IdentityResolver,
  type IdentifyRequest,
  type IdentifyResult,
  type ManyOptions,
  type Progress,
} from 'identity-core'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Equal<A, B>): void {}

export async function everything(signal: AbortSignal): Promise<void> {
  const connect: ConnectOptions = {
    adopt: true,
    defaultRegion: 'US',
    timeoutMs: 1,
    maxConnections: 1,
    acquireTimeoutMs: 1,
    batchSize: 1,
    importSize: 1,
    queueLength: 1,
    concurrentLoads: 1,
    concurrentWrites: 1,
    maxConflicts: 1,
    maxReconnects: undefined,
  }
  const resolver = await IdentityResolver.connect(process.env.DATABASE_URL, connect)
  same<typeof resolver, IdentityResolver>(true)
  const call: CallOptions = { signal }

  const request: IdentifyRequest = { email: 'a@x.io', phoneNumber: 1n }
  const contact = await resolver.identify(request, call)
  same<typeof contact, ConsolidatedContact>(true)
  same<ConsolidatedContact['primaryContactId'], number>(true)
  same<ConsolidatedContact['emails'], string[]>(true)
  same<ConsolidatedContact['phoneNumbers'], string[]>(true)
  same<ConsolidatedContact['secondaryContactIds'], number[]>(true)
  for (const given of [{}, { email: null }, { phoneNumber: '1' }, { phoneNumber: 1 }, { email: undefined }]) {
    await resolver.identify(given)
  }

  const found = await resolver.lookup(request, call)
  same<typeof found, ConsolidatedContact[]>(true)
  const got = await resolver.get(1n, call)
  same<typeof got, ConsolidatedContact | null>(true)

  const many: ManyOptions = { signal, onProgress: ({ rows, people, merges }: Progress) => void (rows + people + merges) }
  const results = await resolver.identifyMany([request] as const, many)
  same<typeof results, IdentifyResult[]>(true)
  const array: Promise<IdentifyResult[]> & AsyncGenerator<IdentifyResult, void, void> = resolver.identifyMany([request])
  for await (const result of array) same<typeof result, IdentifyResult>(true)
  const unknownKind: IdentifyRequest[] | Set<IdentifyRequest> = [request] as IdentifyRequest[] | Set<IdentifyRequest>
  for await (const result of resolver.identifyMany(unknownKind)) same<typeof result, IdentifyResult>(true)
  await resolver.identifyMany([request], { onProgress: async () => {} })
  const rows = async function* (): AsyncGenerator<IdentifyRequest> {}
  for await (const result of resolver.identifyMany(rows(), many)) {
    if (result instanceof IdentityError) {
      same<typeof result.code, IdentityErrorCode>(true)
      same<typeof result.field, 'email' | 'phoneNumber' | undefined>(true)
      same<typeof result.retryable, boolean>(true)
      const error: Error = result
      void error.cause
    } else {
      same<typeof result, ConsolidatedContact>(true)
    }
  }
  const options: IdentityErrorOptions = { code: 'CLOSED', field: 'email', retryable: true, cause: 1 }
  throw new IdentityError('for tests of who uses it', options)
}

export async function disposed(): Promise<void> {
  await using resolver = await IdentityResolver.connect('memory:')
  await resolver.close()
}

export async function mustNotCompile(resolver: IdentityResolver): Promise<void> {
  // @ts-expect-error: it is connected, not made
  new IdentityResolver()
  // @ts-expect-error: there is no such option
  await IdentityResolver.connect('memory:', { batchsize: 1 })
  // @ts-expect-error: a number of milliseconds
  await IdentityResolver.connect('memory:', { timeoutMs: '5s' })
  // @ts-expect-error: an email is text
  await resolver.identify({ email: 5 })
  // @ts-expect-error: no such type of phone number
  await resolver.identify({ phoneNumber: true })
  // @ts-expect-error: HTTP's wrapping is not the library's
  await resolver.identify({ contact: { email: 'a@x.io' } })
  // @ts-expect-error: a request
  await resolver.identify('a@x.io')
  // @ts-expect-error: one request is no sequence
  resolver.identifyMany({ email: 'a@x.io' })
  // @ts-expect-error: an id is a number
  await resolver.get('1')
  const results = await resolver.identifyMany([])
  // @ts-expect-error: a result may be an error
  void results[0].primaryContactId
  const [result] = results
  if (result !== undefined && !(result instanceof IdentityError)) {
    // @ts-expect-error: no such field
    void result.id
  }
  const error = new IdentityError('', { code: 'TIMEOUT' })
  // @ts-expect-error: it does not change
  error.code = 'CLOSED'
  // @ts-expect-error: no such code
  void (error.code === 'NOT_FOUND')
  // @ts-expect-error: what a code means is not for messages to say
  new IdentityError('no code')
}
