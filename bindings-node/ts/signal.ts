import { IdentityError, invalid, unreadable } from './error.js'
import type { CallOptions, ManyOptions } from './types.js'

/** @internal An option as it was given; `null` is as good as absent. */
export function option<Name extends keyof ManyOptions>(
  options: ManyOptions | null | undefined,
  name: Name,
): NonNullable<ManyOptions[Name]> | undefined {
  try {
    return options?.[name] ?? undefined
  } catch (cause) {
    throw unreadable(`the option ${name}`, cause)
  }
}

/** @internal The signal of a call, where it has one. Whatever is none is refused here, and nobody else has to look. */
export function signalOf(options: CallOptions | null | undefined): AbortSignal | undefined {
  const signal = option(options, 'signal')
  if (signal !== undefined && !isSignal(signal)) {
    throw invalid('signal must be an AbortSignal')
  }
  return signal
}

/** By what it can do: those of other realms and of packages are as good as this one's. */
function isSignal(signal: AbortSignal): boolean {
  try {
    const { aborted, addEventListener, removeEventListener } = signal
    return (
      typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
    )
  } catch (cause) {
    throw unreadable('the option signal', cause)
  }
}

/** Who is told of a signal, and the one listener that tells them. */
interface Watch {
  readonly told: Set<() => void>
  readonly listener: () => void
}

const watches = new WeakMap<AbortSignal, Watch>()

/**
 * @internal Calls `abort` when the signal is aborted, until what it returns is called. One listener serves all calls of a
 * signal: Node warns of a leak where there are more than a few.
 */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  const watch = watches.get(signal) ?? begin(signal)
  watch.told.add(abort)
  return () => {
    if (watch.told.delete(abort) && watch.told.size === 0 && watches.get(signal) === watch) {
      watches.delete(signal)
      signal.removeEventListener('abort', watch.listener)
    }
  }
}

function begin(signal: AbortSignal): Watch {
  const told = new Set<() => void>()
  const listener = (): void => {
    watches.delete(signal)
    told.forEach(abort => abort())
  }
  try {
    signal.addEventListener('abort', listener, { once: true })
  } catch (cause) {
    throw new IdentityError('signal must be an AbortSignal', { code: 'INVALID_INPUT', cause })
  }
  const watch = { told, listener }
  watches.set(signal, watch)
  return watch
}
