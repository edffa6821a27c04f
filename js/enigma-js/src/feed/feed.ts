import type { Log } from 'viem'
import type { Connection } from '../connection.js'
import { createInbox, type Inbox } from './inbox.js'
import { poll } from './poll.js'
import { subscribe } from './subscribe.js'

/** What the chain did: a log of the Enigma contract, or a new block. Unverified: a reason to look, no more. */
export type ChainEvent = { type: 'log'; log: Log } | { type: 'block'; number: bigint }

/** Runs until it is stopped; hands every event to `emit`. */
export type Source = (connection: Connection, emit: (event: ChainEvent) => void) => Promise<RunningSource>

export type RunningSource = {
  stop(): void
  /** Says that somebody begins to wait: a source that looks now and then looks closely for a while. */
  attend?(): void
}

/** One source for all who wait on a connection: it starts with the first and stops some time after the last. */
export type Feed = {
  listeners: Set<(event: ChainEvent) => void>
  source: Promise<RunningSource>
  /** Milliseconds for which it outlives its last listener. */
  linger: number
  ending: ReturnType<typeof setTimeout> | undefined
}

export type FeedReader = Inbox<ChainEvent> & { close(): void }

/** A subscription costs nothing while it is silent, and the next task is spared four messages. */
const LINGER = 5_000

/** Opens the feed of a connection; every event after this resolves reaches the reader until it closes. */
export async function openFeed(connection: Connection): Promise<FeedReader> {
  const inbox = createInbox<ChainEvent>()
  const feed = startedFeed(connection)
  clearTimeout(feed.ending)
  feed.listeners.add(inbox.push)
  const close = () => {
    if (!feed.listeners.delete(inbox.push) || feed.listeners.size > 0) return
    if (feed.linger === 0) return end(connection, feed)
    feed.ending = setTimeout(() => end(connection, feed), feed.linger)
    // A process need not stay for it; in a browser a timer is a number.
    ;(feed.ending as unknown as { unref?(): void }).unref?.()
  }
  try {
    const source = await feed.source
    source.attend?.()
  } catch (error) {
    feed.listeners.delete(inbox.push)
    if (feed.listeners.size === 0) end(connection, feed)
    throw error
  }
  return { ...inbox, close }
}

function end({ cache }: Connection, feed: Feed): void {
  if (cache.feed === feed) cache.feed = undefined
  feed.source.then(
    (source) => source.stop(),
    () => undefined,
  )
}

function startedFeed(connection: Connection): Feed {
  const running = connection.cache.feed
  if (running) return running
  const listeners: Feed['listeners'] = new Set()
  const emit = (event: ChainEvent) => {
    for (const listener of listeners) listener(event)
  }
  const pushed = connection.client.transport.type === 'webSocket'
  const source = (pushed ? subscribe : poll)(connection, emit)
  const feed: Feed = { listeners, source, linger: pushed ? LINGER : 0, ending: undefined }
  connection.cache.feed = feed
  return feed
}
