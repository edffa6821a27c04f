import type { Connection } from '../connection.js'
import { findTask, type TaskReference } from '../find.js'
import { verifyCommit, verifySkip } from '../verify/commit.js'
import { type OutboundCall, verifyOutbound } from '../verify/outbound.js'

export type { OutboundCall }

export type GetOutboundCallsParameters = TaskReference

/**
 * What a secret contract did on Ethereum for a task, in order: ether that it sent, calls that it made, and what became of each.
 * It is public: the task may be anybody's. Nothing is done before a task is committed: undefined until then. Throws
 * {@link NoTaskError} if there is no such task; the RPC must have `eth_getBlockReceipts` to prove a transfer.
 */
export async function getOutboundCalls(
  connection: Connection,
  parameters: GetOutboundCallsParameters,
): Promise<OutboundCall[] | undefined> {
  const { input, end } = await findTask(connection, parameters)
  if (!input || !end) return undefined
  if (!end.skipped) return verifyOutbound(connection, input, await verifyCommit(connection, input, end))
  await verifySkip(connection, input, end)
  return []
}
