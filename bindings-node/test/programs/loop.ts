// An import and many calls run, and a timer is hardly late.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { IdentityResolver } from 'identity-core'

async function main(): Promise<void> {
  const resolver = await IdentityResolver.connect(process.argv[2])
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const rows = Array.from({ length: 100_000 }, (_, n) => ({ email: `${n}@x.io`, phoneNumber: n }))
  const many = resolver.identifyMany(rows)
  for (let n = 0; n < 100; n++) {
    await Promise.all(Array.from({ length: 64 }, (_, m) => resolver.identify({ phoneNumber: n * 64 + m })))
  }
  await many
  delay.disable()
  const [late, latest] = [delay.percentile(99) / 1e6, delay.max / 1e6]
  console.log(`99 % within ${late.toFixed(1)} ms, at most ${latest.toFixed(1)} ms`)
  // What blocks would block for as long as the import takes, which is seconds.
  if (late > 100 || latest > 400) process.exitCode = 1
  await resolver.close()
}

void main()
