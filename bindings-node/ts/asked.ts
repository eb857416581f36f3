import { type Described, fromDescription } from './error.js'
import type { ConsolidatedContact, IdentifyResult } from './types.js'

/** Among texts: the one that the request gave. */
const OWN = 0

/** @internal What the native part tells of a request of an import, see src/reply.rs: the elements of a contact, or an error. */
export type Element = number | string | { error: Described }

/**
 * @internal What was asked and is not answered yet: the lines of requests, see src/request.rs. Most of what a person has is what
 * the request gave; an answer tells only where it stands, and the text is taken from here.
 *
 * Reading answers is written here once more, and not shared with decode.ts: the engine learns for each place in the code whether
 * what is made there stays, and makes it there at once. The results of an import are kept; what calls are answered goes soon, and
 * spoils that where both are made in one place: imports took a tenth longer.
 */
export class Asked {
  /** Two of each request. */
  #lines: readonly string[] = []
  #line = 0
  readonly #later: (readonly string[])[] = []
  #elements: Element[] = []
  #next = 0

  add(lines: readonly string[]): void {
    this.#later.push(lines)
  }

  /** The results of as many requests as the elements are of. */
  results(elements: Element[]): IdentifyResult[] {
    this.#elements = elements
    this.#next = 0
    const results: IdentifyResult[] = []
    while (this.#next < elements.length) {
      results.push(this.#result())
      this.#line += 2
    }
    this.#elements = []
    return results
  }

  #result(): IdentifyResult {
    if (this.#line >= this.#lines.length) {
      this.#lines = this.#later.shift() ?? []
      this.#line = 0
    }
    const element = this.#elements[this.#next]
    if (typeof element !== 'number') {
      this.#next += 1
      return fromDescription((element as { error: Described }).error)
    }
    return this.#contact()
  }

  #contact(): ConsolidatedContact {
    const primaryContactId = this.#number()
    const emails = this.#texts(this.#lines[this.#line])
    const phoneNumbers = this.#texts(this.#lines[this.#line + 1])
    const count = this.#number()
    return { primaryContactId, emails, phoneNumbers, secondaryContactIds: count === 0 ? [] : (this.#slice(count) as number[]) }
  }

  #slice(count: number): Element[] {
    this.#next += count
    return this.#elements.slice(this.#next - count, this.#next)
  }

  #number(): number {
    return this.#elements[this.#next++] as number
  }

  /** Some texts, among which may be the request's. */
  #texts(own: string | undefined): string[] {
    const count = this.#number()
    switch (count) {
      case 0:
        return []
      case 1:
        return [this.#text(own)]
      case 2:
        return [this.#text(own), this.#text(own)]
      default: {
        const texts = this.#slice(count) as string[]
        const place = (texts as unknown[]).indexOf(OWN)
        if (place >= 0) {
          texts[place] = own as string
        }
        return texts
      }
    }
  }

  #text(own: string | undefined): string {
    const element = this.#elements[this.#next++]
    return (element === OWN ? own : element) as string
  }
}
