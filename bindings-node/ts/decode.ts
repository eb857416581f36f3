import { type Described, fromDescription, IdentityError } from './error.js'
import type { ConsolidatedContact } from './types.js'

/** @internal What the native part sends, one element after the other: see src/reply.rs. */
export class Elements {
  readonly #elements: unknown[]
  #next = 0

  constructor(elements: unknown[]) {
    this.#elements = elements
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#elements.length
  }

  number(): number {
    return this.#elements[this.#next++] as number
  }

  /** An answer: a contact, an error, or whatever else it is. */
  answer(): unknown {
    const element = this.#elements[this.#next]
    if (typeof element === 'number') {
      return this.#contact()
    }
    this.#next += 1
    return isError(element) ? fromDescription(element.error) : element
  }

  #contact(): ConsolidatedContact {
    const primaryContactId = this.number()
    const emails = this.#list<string>()
    const phoneNumbers = this.#list<string>()
    return { primaryContactId, emails, phoneNumbers, secondaryContactIds: this.#list<number>() }
  }

  #list<T>(): T[] {
    const elements = this.#elements
    const begin = this.#next + 1
    const end = begin + (elements[this.#next] as number)
    this.#next = end
    // Most have one or none.
    if (end === begin + 1) {
      return [elements[begin] as T]
    }
    return end === begin ? [] : (elements.slice(begin, end) as T[])
  }
}

function isError(element: unknown): element is { error: Described } {
  return element !== null && (element as { error?: unknown }).error !== undefined
}

/** @internal All answers of an array. */
export function answers(elements: unknown[]): (ConsolidatedContact | IdentityError)[] {
  const reading = new Elements(elements)
  const all: (ConsolidatedContact | IdentityError)[] = []
  while (!reading.isAtEnd) {
    all.push(reading.answer() as ConsolidatedContact | IdentityError)
  }
  return all
}
