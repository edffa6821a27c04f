import { BaseError, SocketClosedError } from 'viem'
import type { Connection } from '../connection.js'

/** A notification: JSON-RPC has no answer to it, and a server ignores one whose method it does not know. */
const RECEIVED = '{"jsonrpc":"2.0","method":"enigma_received"}'

/**
 * Says that a message came in. Anvil leaves Nagle's algorithm on for its WebSocket: it holds an answer or event back until
 * this side has acknowledged the one before, which TCP puts off for 40 ms if nothing is sent. Whatever is sent carries it.
 */
export type Acknowledge = () => void

/** For a chain that is elsewhere, or asked over HTTP: nothing. */
export const noAcknowledge: Acknowledge = () => undefined

export function createAcknowledge(client: Connection['client']): Acknowledge {
  const transport = client.transport as {
    getRpcClient?: () => Promise<{ socket?: { send?(data: string): void } }>
  }
  return () => {
    transport
      .getRpcClient?.()
      .then(({ socket }) => socket?.send?.(RECEIVED))
      .catch(() => undefined)
  }
}

/** The client, with every answer acknowledged. */
export function acknowledged(client: Connection['client'], acknowledge: Acknowledge): Connection['client'] {
  const request = async (...parameters: readonly unknown[]) => {
    try {
      const answer = await (client.request as (...all: readonly unknown[]) => Promise<unknown>)(...parameters)
      acknowledge()
      return answer
    } catch (error) {
      if (!isClosed(error)) acknowledge()
      throw error
    }
  }
  return { ...client, request: request as typeof client.request }
}

/** Whether the socket is gone: to say anything more would open another. */
function isClosed(error: unknown): boolean {
  return error instanceof BaseError && error.walk((inner) => inner instanceof SocketClosedError) !== null
}
