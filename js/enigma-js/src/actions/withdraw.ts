import { type Account, type Address, encodeFunctionData, type Hash } from 'viem'
import { enigmaAbi } from '../abi.js'
import { accountOf, type Connection } from '../connection.js'
import { now, submit } from '../submit.js'

export type WithdrawParameters = {
  /** Who gets the money. Default: the account itself. */
  to?: Address
  account?: Account | Address
}

/** Sends the transaction that pays out all that the Enigma contract owes the account. Resolves when it is broadcast. */
export async function withdraw(connection: Connection, parameters: WithdrawParameters = {}): Promise<Hash> {
  const { to } = parameters
  const account = accountOf(connection, 'Withdrawing', parameters.account)
  const data = to
    ? encodeFunctionData({ abi: enigmaAbi, functionName: 'withdrawTo', args: [to] })
    : encodeFunctionData({ abi: enigmaAbi, functionName: 'withdraw' })
  const { block } = await now(connection)
  return submit(connection, account, { data, value: 0n }, block)
}
