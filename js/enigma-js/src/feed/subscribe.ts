import { formatLog, hexToBigInt, type RpcLog } from 'viem'
import type { Source } from './feed.js'
import { poll } from './poll.js'

type Subscription = { unsubscribe(): Promise<unknown> }
type Subscribe = (request: {
  params: readonly unknown[]
  onData(data: { result: unknown }): void
  onError(error: unknown): void
}) => Promise<Subscription>

/** Logs of the Enigma contract and new heads, pushed by the chain's WebSocket. If it offers none, it is polled. */
export const subscribe: Source = async (connection, emit) => {
  const transport = connection.client.transport as unknown as { subscribe: Subscribe }
  let stopped = false
  let fallback: Promise<() => void> | undefined
  const onError = () => {
    if (!stopped) fallback ??= poll(connection, emit)
  }
  const results = await Promise.allSettled([
    transport.subscribe({
      params: ['logs', { address: connection.network.enigma }],
      onData: ({ result }) => emit({ type: 'log', log: formatLog(result as RpcLog) }),
      onError,
    }),
    transport.subscribe({
      params: ['newHeads'],
      onData: ({ result }) => {
        const number = (result as { number?: unknown }).number
        if (typeof number === 'string') emit({ type: 'block', number: hexToBigInt(number as `0x${string}`) })
      },
      onError,
    }),
  ])
  if (results.some((result) => result.status === 'rejected')) onError()
  return () => {
    stopped = true
    for (const result of results)
      if (result.status === 'fulfilled') result.value.unsubscribe().catch(() => undefined)
    fallback?.then((stop) => stop())
  }
}
