// Iterables: read no further than needed, ended wherever the loop is left.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsolidatedContact, IdentityError, IdentityResolver, type IdentifyRequest, type ManyOptions, type Progress } from 'identity-core'
import { fresh, kinds } from './support/databases.js'
import { failure } from './support/failures.js'

const importSize = 100

for (const kind of kinds) {
  describe(kind, () => {
    test('an async iterable is answered in order, with progress', async t => {
      await using resolver = await IdentityResolver.connect(await fresh(t, kind), { importSize })
      const told: Progress[] = []
      let row = 0
      for await (const result of resolver.identifyMany(rows(2_000), { onProgress: progress => told.push(progress) })) {
        if (row % 500 === 250) {
          assert.ok(result instanceof IdentityError, `row ${row}`)
        } else {
          assert.ok(!(result instanceof IdentityError))
          assert.deepEqual(result.phoneNumbers, [`${row % 1000}`])
        }
        row += 1
      }
      assert.equal(row, 2_000)
      assert.ok(told.length > 1)
      // Of a thousand numbers two are never given.
      assert.deepEqual(told.at(-1), { rows: 2_000, people: 998, merges: 0 })
    })

    test('the source is not read far ahead of what is taken', async t => {
      await using resolver = await IdentityResolver.connect(await fresh(t, kind), { importSize })
      let read = 0
      const source = function* () {
        for (;;) yield { phoneNumber: read++ }
      }
      let taken = 0
      for await (const result of resolver.identifyMany(source())) {
        assert.ok(!(result instanceof IdentityError))
        taken += 1
        assert.ok(read <= taken + 6 * importSize + 1_000, `${read} read, ${taken} taken`)
        if (taken === 1_500) break
        if (taken % 500 === 0) await sleep(20)
      }
      const after = read
      await sleep(20)
      assert.equal(read, after, 'it is not read any more')
    })
  })
}

for (const kind of kinds) {
  test(`${kind}: each request is answered as a call by itself`, async t => {
    const requests = Array.from({ length: 1_000 }, (_, row) => spelt(row))
    await using together = await IdentityResolver.connect(await fresh(t, kind), { importSize })
    await using alone = await IdentityResolver.connect(await fresh(t, kind))
    const expected: unknown[] = []
    for (const request of requests) {
      expected.push(await alone.identify(request).catch((error: unknown) => error))
    }
    const results = await together.identifyMany(requests)
    assert.deepEqual(inOrderOfIds(results), inOrderOfIds(expected))
    const people = results.filter((result): result is ConsolidatedContact => !(result instanceof IdentityError))
    assert.ok(people.some(person => person.emails.length > 3 && person.phoneNumbers.length > 3), 'people have many')
    assert.ok(people.length < results.length, 'some are no requests')
  })
}

/** Requests of some people who come again and again, each written in one way or another. */
function spelt(row: number): IdentifyRequest {
  // Of each person there are six emails and six phone numbers; every thirtieth request has one of another person.
  const drawn = (of: number, many: number): number => ((row + 1) * of) % many
  const person = drawn(7_919, 40)
  const other = row % 30 === 0 ? (person + 1) % 40 : person
  const email = `customer.${person}.${drawn(104_729, 601) % 6}@example.com`
  const digits = 5_550_000 + other * 10 + (drawn(1_299_709, 599) % 6)
  const emails = [email, ` ${email.toUpperCase()}`, null, email, '', email]
  const phoneNumbers = [digits, `${digits}`, `(${digits})`, BigInt(digits) as unknown as number, null, -1, `${digits}`]
  return { email: emails[row % emails.length]!, phoneNumber: phoneNumbers[row % phoneNumbers.length]! }
}

/** With ids in the order in which they first appear, since databases give their own. */
function inOrderOfIds(results: unknown[]): unknown[] {
  const ids = new Map<number, number>()
  const inOrder = (id: number): number => ids.get(id) ?? (ids.set(id, ids.size), ids.size - 1)
  return results.map(result => {
    if (result instanceof IdentityError) {
      return [result.code, result.field, result.message]
    }
    const { primaryContactId, emails, phoneNumbers, secondaryContactIds } = result as ConsolidatedContact
    return [inOrder(primaryContactId), emails, phoneNumbers, secondaryContactIds.map(inOrder)]
  })
}

test('a source that pauses does not hold up what it has given', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  let give: (request: IdentifyRequest) => void = () => {}
  const source = async function* () {
    for (;;) yield await new Promise<IdentifyRequest>(resolve => (give = resolve))
  }
  const results = resolver.identifyMany(source())
  for (let n = 1; n < 5; n++) {
    const next = results.next()
    await sleep(5)
    give({ phoneNumber: n })
    const { value } = await next
    assert.ok(value && !(value instanceof IdentityError))
    assert.equal(value.primaryContactId, n)
  }
})

test('leaving the loop ends the source', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  let ended = 0
  const source = function* () {
    try {
      for (let n = 0; ; n++) yield { phoneNumber: n }
    } finally {
      ended += 1
    }
  }
  for await (const _ of resolver.identifyMany(source())) break
  assert.equal(ended, 1)
  await assert.rejects(async () => {
    for await (const _ of resolver.identifyMany(source())) throw new Error('mine')
  }, /mine/)
  assert.equal(ended, 2)
})

test('an array is a promise and a loop', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  const given: Iterable<IdentifyRequest> = [{ phoneNumber: 1 }, { phoneNumber: 'none' }, { phoneNumber: 2 }]
  const shown: unknown[] = []
  for await (const result of resolver.identifyMany(given)) {
    shown.push(result instanceof IdentityError ? result.code : result.primaryContactId)
  }
  assert.deepEqual(shown, [1, 'INVALID_INPUT', 2])
  const both = resolver.identifyMany([{ phoneNumber: 2 }, { phoneNumber: 1 }])
  assert.ok(both instanceof Promise)
  assert.deepEqual(await both, [await resolver.get(2), await resolver.get(1)])
  assert.deepEqual((await both.next()).value, await resolver.get(2))
  assert.deepEqual(await both.return(), { done: true, value: undefined })
  assert.deepEqual(await both.next(), { done: true, value: undefined })
  await failure(drain(resolver.identifyMany(given, { signal: AbortSignal.abort() })), 'ABORTED')
})

test('an import is disposed of as it is left', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  let ended = 0
  {
    await using results = resolver.identifyMany(
      (function* () {
        try {
          for (let n = 0; ; n++) yield { phoneNumber: n }
        } finally {
          ended += 1
        }
      })(),
    )
    await results.next()
    await using array = resolver.identifyMany([{ phoneNumber: 1 }])
    await array.next()
  }
  assert.equal(ended, 1)
})

test('what the source throws reaches the caller as it is, after the results of what it gave', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  for (const rows of [0, 1, 3_333]) {
    const source = async function* () {
      for (let n = 0; n < rows; n++) yield { phoneNumber: n }
      throw new RangeError('the file ends early')
    }
    let results = 0
    await assert.rejects(async () => {
      for await (const _ of resolver.identifyMany(source())) results += 1
    }, RangeError)
    assert.equal(results, rows)
  }
})

test('what the callback throws ends the import, also by a promise', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  const mine = new RangeError('mine')
  for (const onProgress of [
    () => {
      throw mine
    },
    () => Promise.reject(mine),
    async () => {
      await sleep(20)
      throw mine
    },
  ]) {
    await assert.rejects(resolver.identifyMany([{ phoneNumber: 1 }], { onProgress }), mine)
    await assert.rejects(drain(resolver.identifyMany(new Set([{ phoneNumber: 1 }]), { onProgress })), mine)
  }
  let told = 0
  let onProgress: ManyOptions['onProgress'] = function (this: unknown) {
    assert.equal(this, undefined, 'nothing of ours')
  }
  await resolver.identifyMany([{ phoneNumber: 1 }], { onProgress })
  onProgress = async () => {
    await sleep(20)
    told += 1
  }
  assert.equal((await resolver.identifyMany([{ phoneNumber: 1 }], { onProgress })).length, 1)
  assert.equal(told, 1, 'it was waited for')
  assert.deepEqual(await resolver.identifyMany([]), [])
  assert.equal(await drain(resolver.identifyMany(new Set<IdentifyRequest>())), 0)
})

test('an import can be aborted, before and on its way', async () => {
  await using resolver = await IdentityResolver.connect('memory:', { importSize })
  const gone = AbortSignal.abort(new Error('why'))
  const error = await failure(resolver.identifyMany([{ phoneNumber: 1 }], { signal: gone }), 'ABORTED')
  assert.equal((error.cause as Error).message, 'why')
  const controller = new AbortController()
  let seen = 0
  const left = failure(
    (async () => {
      for await (const _ of resolver.identifyMany(rows(1_000_000), { signal: controller.signal })) {
        if (++seen === 250) controller.abort()
      }
    })(),
    'ABORTED',
  )
  await left
  assert.ok(seen >= 250 && seen < 5_000, `${seen}`)
})

test('an iterable ends with CLOSED when the resolver closes; an array is finished first', async () => {
  const resolver = await IdentityResolver.connect('memory:', { importSize })
  const array = resolver.identifyMany(Array.from({ length: 5_000 }, (_, n) => ({ phoneNumber: n })))
  const results = resolver.identifyMany(rows(1_000_000))
  await results.next()
  await resolver.close()
  assert.equal((await array).length, 5_000)
  await failure(drain(results), 'CLOSED')
  await failure(resolver.identifyMany([]), 'CLOSED')
  await failure(drain(resolver.identifyMany(rows(1))), 'CLOSED')
})

test('an array may be used anew as soon as the call is made', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  const requests = Array.from({ length: 5_000 }, (_, n) => ({ phoneNumber: n }))
  const results = resolver.identifyMany(requests)
  requests.length = 0
  assert.equal((await results).length, 5_000)
})

test('long answers come a few a turn of the event loop', async () => {
  await using resolver = await IdentityResolver.connect('memory:')
  // A number that a thousand people gave for want of one of their own.
  const shared = { phoneNumber: 0 }
  await resolver.identifyMany(Array.from({ length: 1_000 }, (_, n) => ({ ...shared, email: `customer.${n}@hillvalley.edu` })))
  let answered = 0
  let most = 0
  let isOver = false
  const look = (before: number): void => {
    most = Math.max(most, answered - before)
    if (!isOver) setImmediate(look, answered)
  }
  look(answered)
  await Promise.all(Array.from({ length: 256 }, () => resolver.identify(shared).then(() => (answered += 1))))
  for await (const _ of resolver.identifyMany(new Array(1_000).fill(shared).values())) answered += 1
  isOver = true
  // Some 35 kB each, and texts of 64 kB, of which one is told of and one is come for.
  assert.ok(most <= 8, `${most} in one turn`)
})

/** Every 500th is none. */
async function* rows(count: number): AsyncGenerator<IdentifyRequest> {
  for (let n = 0; n < count; n++) {
    yield n % 500 === 250 ? { phoneNumber: n % 1000 === 250 ? 0.5 : 'none' } : { phoneNumber: n % 1000 }
  }
}

async function drain(results: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of results) count += 1
  return count
}
