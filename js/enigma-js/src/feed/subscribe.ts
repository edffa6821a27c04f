import { formatLog, type RpcLog, toEventSelector } from 'viem'
import { inputCreatedEvent } from '../abi.js'
import { END_TOPICS } from '../verify/commit.js'
import type { RunningSource, Source } from './feed.js'
import { poll } from './poll.js'

type Subscription = { unsubscribe(): Promise<unknown> }
type Subscribe = (request: {
  params: readonly unknown[]
  onData(data: { result: unknown }): void
  onError(error: unknown): void
}) => Promise<Subscription>

const TOPICS = [[toEventSelector(inputCreatedEvent), ...END_TOPICS]]

/** New inputs, commits and skips, pushed by the chain's WebSocket. If it offers no subscriptions, it is polled. */
export const subscribe: Source = async (connection, emit) => {
  const transport = connection.client.transport as unknown as { subscribe: Subscribe }
  let [stopped, broken] = [false, false]
  let fallback: Promise<RunningSource> | undefined
  const attend = () => {
    // Asking anything opens a socket again: one that was closed stays closed until somebody waits.
    const awaited = connection.cache.feed && connection.cache.feed.listeners.size > 0
    if (broken && !stopped && awaited) fallback ??= poll(connection, emit)
    fallback?.then(
      (source) => source.attend?.(),
      () => undefined,
    )
  }
  const onError = () => {
    broken = true
    attend()
  }
  // One subscription, not heads besides: each message that a block causes may hold back the next.
  const subscription = await transport
    .subscribe({
      params: ['logs', { address: connection.network.enigma, topics: TOPICS }],
      onData: ({ result }) => {
        connection.acknowledge()
        emit({ type: 'log', log: formatLog(result as RpcLog) })
      },
      onError,
    })
    .catch(onError)
  return {
    attend,
    stop() {
      stopped = true
      if (!broken) subscription?.unsubscribe().catch(() => undefined)
      fallback?.then(
        (source) => source.stop(),
        () => undefined,
      )
    },
  }
}
