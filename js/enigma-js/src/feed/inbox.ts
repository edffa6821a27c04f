import { AbortedError } from '../errors/task.js'

/** A queue with one reader: what comes in waits for it, and it waits for what comes in. */
export type Inbox<T> = {
  push(item: T): void
  /** Ends the wait of the reader with an error, now or at its next look. */
  fail(error: Error): void
  /**
   * The next item, or undefined if none came within `milliseconds`.
   * Throws {@link AbortedError} as soon as `signal` says so. Leaves no timer behind.
   */
  next(milliseconds: number, signal?: AbortSignal): Promise<T | undefined>
}

export function createInbox<T>(): Inbox<T> {
  const items: T[] = []
  let failure: Error | undefined
  let wake: (() => void) | undefined
  return {
    push(item) {
      items.push(item)
      wake?.()
    },
    fail(error) {
      failure = error
      wake?.()
    },
    async next(milliseconds, signal) {
      throwIfAborted(signal)
      if (items.length === 0 && !failure) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(done, milliseconds)
          function done() {
            clearTimeout(timer)
            signal?.removeEventListener('abort', done)
            wake = undefined
            resolve()
          }
          signal?.addEventListener('abort', done)
          wake = done
        })
      }
      throwIfAborted(signal)
      if (failure) throw failure
      return items.shift()
    },
  }
}

/** Throws {@link AbortedError} if the caller has had enough. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError({ what: 'The wait', cause: signal.reason })
}
