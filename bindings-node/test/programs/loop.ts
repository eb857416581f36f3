// An import and many calls run, and a timer is hardly later than in a process that does nothing.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { IdentityResolver } from 'identity-core'

interface Delay {
  /** 99 of 100 ticks were late by no more than that, in milliseconds. */
  p99: number
  max: number
}

/** How late ticks are while something is done. */
async function delayDuring(work: () => Promise<unknown>): Promise<Delay> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await work()
  delay.disable()
  return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 }
}

async function main(): Promise<void> {
  const resolver = await IdentityResolver.connect(process.argv[2])
  const rows = Array.from({ length: 100_000 }, (_, n) => ({ email: `${n}@x.io`, phoneNumber: n }))
  const idle = await delayDuring(() => setTimeout(2_000))
  const busy = await delayDuring(async () => {
    const many = resolver.identifyMany(rows)
    for (let n = 0; n < 100; n++) {
      await Promise.all(Array.from({ length: 64 }, (_, m) => resolver.identify({ phoneNumber: n * 64 + m })))
    }
    await many
  })
  const told = ({ p99, max }: Delay) => `99 % within ${p99.toFixed(1)} ms, at most ${max.toFixed(1)} ms`
  console.log(`idle: ${told(idle)}; busy: ${told(busy)}`)
  // What blocks would block for as long as the import takes, which is seconds.
  if (busy.p99 > idle.p99 + 20 || busy.max > 400) process.exitCode = 1
  await resolver.close()
}

void main()
