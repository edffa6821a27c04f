import type { Connection } from '../connection.js'

/** Milliseconds between nudges, and how long a wait for events is nudged. */
const EVERY = 4
const LONGEST = 400

/**
 * Keeps a local chain's WebSocket awake. Anvil writes each answer by itself and leaves Nagle's algorithm on, so that an
 * answer or event waits up to 40 ms for this side to acknowledge the one before it. Anything sent carries that
 * acknowledgement: while something is awaited, a tiny request goes out every few milliseconds.
 */
export type Nudge = {
  /** Nudges until the function that it returns is called, or some time has passed. */
  hold(): () => void
}

/** For a chain that is elsewhere, or asked over HTTP: nothing. */
export const noNudge: Nudge = { hold: () => () => undefined }

export function createNudge(client: Connection['client']): Nudge {
  const holders = new Set<symbol>()
  let timer: ReturnType<typeof setInterval> | undefined
  let last = 0
  function tick() {
    if (holders.size === 0 || Date.now() - last > LONGEST) {
      clearInterval(timer)
      timer = undefined
      return
    }
    client.request({ method: 'eth_chainId' }).catch(() => undefined)
  }
  return {
    hold() {
      const holder = Symbol('holder')
      holders.add(holder)
      last = Date.now()
      timer ??= setInterval(tick, EVERY)
      return () => {
        holders.delete(holder)
        if (holders.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

/** The client, with every request nudged until it is answered. */
export function nudged(client: Connection['client'], nudge: Nudge): Connection['client'] {
  const request = async (...parameters: readonly unknown[]) => {
    const release = nudge.hold()
    try {
      return await (client.request as (...all: readonly unknown[]) => Promise<unknown>)(...parameters)
    } finally {
      release()
    }
  }
  return { ...client, request: request as typeof client.request }
}
