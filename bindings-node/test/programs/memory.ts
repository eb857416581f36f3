// Very many calls of one kind; fails where memory grows with them. Few people, so that what is kept of them does not count.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { IdentityError, IdentityResolver, type IdentifyRequest } from 'identity-core'

const [, , url, work, calls] = process.argv
const count = Number(calls)
const people = 1_000
const atOnce = 64

/** Rows without an end. */
function* rows(): Generator<IdentifyRequest> {
  for (let n = 0; ; n++) yield { phoneNumber: n % people }
}

type Work = (resolver: IdentityResolver, n: number) => Promise<unknown>

const works: Record<string, Work> = {
  identify: (resolver, n) => resolver.identify({ email: `${n % people}@x.io`, phoneNumber: n % people }),
  errors: (resolver, n) =>
    resolver.identify({ email: `nobody ${n}` }).catch((error: unknown) => {
      if (!(error instanceof IdentityError)) throw error
    }),
  cancelled: (resolver, n) => {
    const controller = new AbortController()
    const call = resolver.identify({ phoneNumber: n % people }, { signal: controller.signal })
    if (n % 3 === 0) controller.abort()
    else if (n % 3 === 1) setImmediate(() => controller.abort())
    return call.catch((error: unknown) => {
      if (!(error instanceof IdentityError) || error.code !== 'ABORTED') throw error
    })
  },
  lookup: (resolver, n) => resolver.lookup({ email: `${n % people}@x.io`, phoneNumber: n % people }),
  get: (resolver, n) => resolver.get(n % people),
  resolvers: async () => {
    await using resolver = await IdentityResolver.connect(url)
    await resolver.identify({ phoneNumber: 1 })
  },
  // Imports that come to no end of their own.
  'imports aborted': async resolver => {
    const controller = new AbortController()
    try {
      for await (const _ of resolver.identifyMany(rows(), { signal: controller.signal })) controller.abort()
    } catch (error) {
      if (!(error instanceof IdentityError) || error.code !== 'ABORTED') throw error
    }
  },
  'imports left': async resolver => {
    for await (const _ of resolver.identifyMany(rows(), { signal: forAll })) break
  },
  'imports dropped': async resolver => {
    await resolver.identifyMany(rows(), { signal: forAll }).next()
  },
}

const forAll = new AbortController().signal

async function main(): Promise<void> {
  // So that imports read little ahead.
  const resolver = await IdentityResolver.connect(url, work?.startsWith('imports') ? { importSize: 1 } : {})
  const samples: { rss: number; heap: number; external: number }[] = []
  const sample = async (): Promise<void> => {
    global.gc?.()
    // What is told of what the collector took away has its turn, and what that lets go of is taken away too.
    for (let turns = 0; turns < 2; turns++) await nextTurn()
    global.gc?.()
    const { rss, heapUsed, external } = process.memoryUsage()
    samples.push({ rss: rss / 1e6, heap: heapUsed / 1e6, external: external / 1e6 })
  }
  const every = count / 20
  if (work === 'many') {
    const rows = function* (): Generator<IdentifyRequest> {
      for (let n = 0; n < count; n++) yield { email: `${n % people}@x.io`, phoneNumber: n % people }
    }
    let n = 0
    for await (const result of resolver.identifyMany(rows())) {
      if (result instanceof IdentityError) throw result
      if (++n % every === 0) await sample()
    }
  } else {
    const one = works[work as string] as Work
    let n = 0
    const caller = async (): Promise<void> => {
      while (n < count) {
        const mine = n++
        await one(resolver, mine)
        if (mine % every === every - 1) await sample()
      }
    }
    await Promise.all(Array.from({ length: atOnce }, caller))
  }
  await resolver.close()
  // The first fifth fills pools, caches and what the engine compiles.
  const settled = samples.slice(4)
  const half = settled.length / 2
  const [first, last] = [settled.slice(0, half), settled.slice(half)]
  // What is left at the least: the engine lets garbage pile up, and by how much is its own affair.
  const least = (of: typeof settled, figure: 'rss' | 'heap' | 'external') => Math.min(...of.map(one => one[figure]))
  const told: string[] = []
  // Each import has an object of the native part, which goes when the collector comes to it, so that more of them pile up. What is
  // under way of a long one is some thousand rows, now more and now less.
  const allowedRss = work?.startsWith('imports') ? 30 : work === 'many' ? 20 : 12
  for (const [figure, allowed] of [['rss', allowedRss], ['heap', 2], ['external', 2]] as const) {
    const [before, after] = [least(first, figure), least(last, figure)]
    told.push(`${figure} ${before.toFixed(1)} MB, then ${after.toFixed(1)} MB`)
    if (after > before + allowed) process.exitCode = 1
  }
  console.log(told.join('; '))
}

void main()
