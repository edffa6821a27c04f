import type { Account } from 'viem'
import type { Connection } from './connection.js'
import { TaskSkippedError } from './errors/task.js'
import { maxFee } from './protocol/fees.js'
import { type Decoding, resultOf, type TaskResult } from './result.js'
import { type CommitLog, verifyCommit, verifySkip } from './verify/commit.js'
import type { VerifiedInput } from './verify/input.js'

/** Verifies the end of an input, and opens it for the account. Throws the error by which it ended, if not well. */
export async function finish(
  connection: Connection,
  account: Account | undefined,
  input: VerifiedInput,
  log: CommitLog,
  decoding: Decoding,
): Promise<TaskResult> {
  const commit = log.skipped ? undefined : await verifyCommit(connection, input, log)
  const { number } = commit ? commit.at : await verifySkip(connection, input, log)
  const { commits } = connection.cache
  const { contract, index, terms } = input
  // A read that comes after this must not show an earlier state.
  if ((commits.get(contract) ?? -1n) < number) commits.set(contract, number)
  if (!commit)
    throw new TaskSkippedError({
      task: { contract, index, hash: input.transaction },
      refund: maxFee(terms as Parameters<typeof maxFee>[0]) + BigInt(terms.value),
    })
  return resultOf(connection, account, input, commit, decoding)
}
