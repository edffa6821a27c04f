import type { Log } from 'viem'
import type { Connection } from '../connection.js'
import { createInbox, type Inbox } from './inbox.js'
import { poll } from './poll.js'
import { subscribe } from './subscribe.js'

/** What the chain did: a log of the Enigma contract, or a new block. Unverified: a reason to look, no more. */
export type ChainEvent = { type: 'log'; log: Log } | { type: 'block'; number: bigint }

/** Runs until it is told to stop; hands every event to `emit`. */
export type Source = (connection: Connection, emit: (event: ChainEvent) => void) => Promise<() => void>

/** One source for all who wait on a connection: it starts with the first and stops with the last. */
export type Feed = { listeners: Set<(event: ChainEvent) => void>; stop: Promise<() => void> }

export type FeedReader = Inbox<ChainEvent> & { close(): void }

/** Opens the feed of a connection; every event after this resolves reaches the reader until it closes. */
export async function openFeed(connection: Connection): Promise<FeedReader> {
  const inbox = createInbox<ChainEvent>()
  const feed = startedFeed(connection)
  const release = connection.nudge.hold()
  feed.listeners.add(inbox.push)
  const close = () => {
    release()
    feed.listeners.delete(inbox.push)
    if (feed.listeners.size > 0) return
    if (connection.cache.feed === feed) connection.cache.feed = undefined
    feed.stop.then(
      (stop) => stop(),
      () => undefined,
    )
  }
  try {
    await feed.stop
  } catch (error) {
    close()
    throw error
  }
  return { ...inbox, close }
}

function startedFeed(connection: Connection): Feed {
  const running = connection.cache.feed
  if (running) return running
  const listeners: Feed['listeners'] = new Set()
  const emit = (event: ChainEvent) => {
    for (const listener of listeners) listener(event)
  }
  const source: Source = connection.client.transport.type === 'webSocket' ? subscribe : poll
  const feed: Feed = { listeners, stop: source(connection, emit) }
  connection.cache.feed = feed
  return feed
}
