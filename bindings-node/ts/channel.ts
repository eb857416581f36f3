import { Channel } from '../native.js'
import { Elements } from './decode.js'
import { type Receiver, Receivers } from './receivers.js'

const receivers = new Receivers()
let numbers = 0

/**
 * @internal The way back from the native part: one for this thread of JavaScript. Calls have numbers, and their answers come
 * many at a time.
 */
export const channel = new Channel((text, hasMore) => {
  // First, since the rest must come whatever is in this text.
  if (hasMore) {
    setImmediate(next)
  }
  settle(text)
})

/** One text a turn, so that others have theirs: answers that are long, or many, come in several. */
function next(): void {
  const text = channel.next()
  if (text !== null) {
    setImmediate(next)
    settle(text)
  }
}

function settle(text: string): void {
  const elements = new Elements(JSON.parse(text) as unknown[])
  while (!elements.isAtEnd) {
    const call = elements.number()
    const answer = elements.answer()
    deliver(call, answer)
  }
}

function deliver(call: number, answer: unknown): void {
  try {
    // A call that was given up has no receiver any more.
    receivers.get(call)?.receive(answer)
  } catch {
    // A receiver settles its call before anything of its caller's can throw; the answers behind it are for others.
  }
}

/** @internal Numbers for so many calls, one after the other; this is the first. */
export function take(calls: number): number {
  const first = numbers
  numbers += calls
  return first
}

/** @internal Answers to its call go to `receiver` until it is forgotten. */
export function listen(receiver: Receiver): void {
  receivers.add(receiver)
}

/** @internal */
export function forget(call: number): void {
  receivers.delete(call)
}

let holds = 0

/** @internal Keeps the process alive, since somebody waits for an answer, until as many releases. */
export function hold(): void {
  if (holds++ === 0) {
    channel.hold()
  }
}

/** @internal */
export function release(): void {
  if (--holds === 0) {
    channel.release()
  }
}
