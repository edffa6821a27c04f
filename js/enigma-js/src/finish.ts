import type { Account } from 'viem'
import type { Connection } from './connection.js'
import { type Decoding, resultOf, type TaskResult } from './result.js'
import { type CommitLog, verifyCommit } from './verify/commit.js'
import type { VerifiedInput } from './verify/input.js'

/** Verifies a commit of an input, and opens it for the account. */
export async function finish(
  connection: Connection,
  account: Account | undefined,
  input: VerifiedInput,
  log: CommitLog,
  decoding: Decoding,
): Promise<TaskResult> {
  const commit = await verifyCommit(connection, input, log)
  const { commits } = connection.cache
  // A read that comes after this must not show an earlier state.
  if ((commits.get(input.contract) ?? -1n) < commit.at.number) commits.set(input.contract, commit.at.number)
  return resultOf(connection, account, input, commit, decoding)
}
