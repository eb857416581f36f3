/** @internal Who gets an answer, once or more often; an error is an answer too. */
export interface Receiver {
  /** The number of the call. */
  number: number
  /** Settles its call before it touches what its caller gave: what throws then is nobody's concern. */
  receive(answer: unknown): void
}

/** Enough for most programs; what is beyond it is just slower. */
const PLACES = 4_096

/**
 * @internal Receivers by the numbers of their calls, which only grow.
 *
 * A Map alone would do, but for the garbage: one whose keys come and go is copied into a new table again and again, and each old
 * table leads to the next and to all that was ever in it. Once one of them is old enough, half of what a call allocates outlives
 * its call until the next full collection. So a Map is only for those whose place another call has taken.
 */
export class Receivers {
  readonly #places: (Receiver | undefined)[] = new Array<Receiver | undefined>(PLACES).fill(undefined)
  readonly #displaced = new Map<number, Receiver>()

  add(receiver: Receiver): void {
    const place = receiver.number % PLACES
    const before = this.#places[place]
    if (before !== undefined) {
      this.#displaced.set(before.number, before)
    }
    this.#places[place] = receiver
  }

  get(number: number): Receiver | undefined {
    const receiver = this.#places[number % PLACES]
    return receiver?.number === number ? receiver : this.#displaced.get(number)
  }

  delete(number: number): void {
    const place = number % PLACES
    if (this.#places[place]?.number === number) {
      this.#places[place] = undefined
    } else {
      this.#displaced.delete(number)
    }
  }
}
