import { getBlockNumber, getLogs } from 'viem/actions'
import type { Connection } from '../connection.js'
import type { Source } from './feed.js'
import { hint } from './hint.js'

/** Milliseconds between looks at a chain on this machine, and at any other. */
const LOCAL = 50
const REMOTE = 1_000
/** Milliseconds between looks at a chain on this machine when something is about to happen, and for how long. */
const CLOSE = 10
const ATTENTION = 250

/** Asks for new blocks and logs again and again; a node's hint makes it ask at once. */
export const poll: Source = async (connection, emit) => {
  const { client, network } = connection
  let seen = await getBlockNumber(client, { cacheTime: 0 })
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false
  let looking = false
  let again = false
  let attentiveUntil = 0

  async function look() {
    if (looking || stopped) {
      again = looking
      return
    }
    looking = true
    clearTimeout(timer)
    try {
      const newest = await getBlockNumber(client, { cacheTime: 0 })
      // A chain that was rewound is read again from where it stands.
      if (newest < seen) seen = newest - 1n
      if (newest > seen) {
        const logs = await getLogs(client, { address: network.enigma, fromBlock: seen + 1n, toBlock: newest })
        seen = newest
        if (!stopped) {
          for (const log of logs) emit({ type: 'log', log })
          emit({ type: 'block', number: newest })
        }
      }
    } catch {
      // The next look may succeed; whoever waits has a bound of their own.
    }
    looking = false
    if (stopped) return
    timer = setTimeout(look, again ? 0 : interval())
    again = false
  }
  function interval() {
    const usual = pollingInterval(connection)
    return connection.local && Date.now() < attentiveUntil ? Math.min(usual, CLOSE) : usual
  }
  function attend() {
    attentiveUntil = Date.now() + ATTENTION
    clearTimeout(timer)
    if (!looking) timer = setTimeout(look, interval())
  }
  timer = setTimeout(look, interval())
  const closeHint = hint(connection, () => {
    attend()
    look()
  })
  return {
    attend,
    stop() {
      stopped = true
      clearTimeout(timer)
      closeHint()
    },
  }
}

/** The client's interval, but no slower than a person would notice. */
export function pollingInterval({ client, local }: Connection): number {
  return Math.min(client.pollingInterval, local ? LOCAL : REMOTE)
}
