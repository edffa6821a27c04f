import { type Address, type Hash, isAddressEqual, type Log } from 'viem'
import type { Connection } from '../connection.js'
import { openFeed } from '../feed/feed.js'
import { commitLogs } from '../verify/commit.js'
import { inputLogs } from '../verify/input.js'

/** Something that happened to a task of anybody. What a log says, unchecked: `getTask` checks. */
export type TaskNotice = {
  stage: 'waiting' | 'committed' | 'skipped'
  contract: Address
  index: bigint
  /** The transaction that created it, or that ended it. */
  transaction: Hash
  block: bigint
  /** With `waiting`. */
  sender?: Address
  kind?: 'task' | 'deploy'
}

export type WatchTasksParameters = {
  /** Only tasks of this secret contract. */
  contract?: Address
  onTask(notice: TaskNotice): void
  onError?(error: Error): void
}

/** Longest silence between two looks at the feed, milliseconds: it only bounds a timer. */
const LOOK = 60_000

/** Tells of every task when it is created and when it is committed or skipped, until the function that it returns is called. */
export function watchTasks(
  connection: Connection,
  { contract, onTask, onError }: WatchTasksParameters,
): () => void {
  const ended = new AbortController()
  watch(connection, ended.signal, (log) => {
    for (const notice of noticesOf(connection, log))
      if (!contract || isAddressEqual(notice.contract, contract)) onTask(notice)
  }).catch((error: Error) => {
    if (!ended.signal.aborted) onError?.(error)
  })
  return () => ended.abort()
}

async function watch(connection: Connection, signal: AbortSignal, onLog: (log: Log) => void): Promise<void> {
  const feed = await openFeed(connection)
  try {
    for (;;) {
      const event = await feed.next(LOOK, signal)
      if (event?.type === 'log') onLog(event.log)
    }
  } finally {
    feed.close()
  }
}

function noticesOf(connection: Connection, log: Log): TaskNotice[] {
  const created = inputLogs(connection, [log]).map(
    ({ contract, index, transaction, block, sender, kind }): TaskNotice => ({
      stage: 'waiting',
      contract,
      index,
      transaction,
      block,
      sender,
      kind,
    }),
  )
  const committed = commitLogs(connection, [log]).flatMap(
    ({ contract, firstIndex, lastIndex, skipped, transaction, block }) => {
      const count = Number(lastIndex - firstIndex) + 1
      return Array.from({ length: Math.min(count, 256) }, (_, i): TaskNotice => {
        const stage = skipped ? 'skipped' : 'committed'
        return { stage, contract, index: firstIndex + BigInt(i), transaction, block }
      })
    },
  )
  return [...created, ...committed]
}
