import type { Many } from './many.js'

/**
 * @internal The imports that are under way. They are held weakly: one that is neither finished nor left, and that nobody has any
 * more, is not kept by its resolver.
 */
export class Open {
  readonly #imports = new Set<WeakRef<Many>>()
  readonly #dropped = new FinalizationRegistry<WeakRef<Many>>(dropped => this.#imports.delete(dropped))

  /** Lists one, until what it returns is called. */
  add(many: Many): () => void {
    const listed = new WeakRef(many)
    this.#imports.add(listed)
    this.#dropped.register(many, listed, listed)
    return () => {
      this.#imports.delete(listed)
      this.#dropped.unregister(listed)
    }
  }

  fail(error: unknown): void {
    this.#imports.forEach(listed => listed.deref()?.fail(error))
  }
}
