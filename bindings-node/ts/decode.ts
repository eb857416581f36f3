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
    const elements = this.#elements as T[]
    const begin = this.#next + 1
    const count = this.#elements[this.#next] as number
    this.#next = begin + count
    // Most have few, and the engine makes literals where they will stay: results are kept, and moved about otherwise.
    switch (count) {
      case 0:
        return []
      case 1:
        return [elements[begin] as T]
      case 2:
        return [elements[begin] as T, elements[begin + 1] as T]
      default:
        return elements.slice(begin, this.#next)
    }
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
