import { type Account, type Address, encodeFunctionData, type Hash } from 'viem'
import { enigmaAbi } from '../abi.js'
import { accountOf, type Connection } from '../connection.js'
import { now, submit } from '../submit.js'

export type WithdrawParameters = {
  account?: Account | Address
} & (
  | { /** Who gets the money. Default: the account itself. */ to?: Address; of?: undefined }
  | {
      /**
       * Whose credit: it is paid to this account, whoever asks. For instance a contract's, which could not take a transfer
       * with the 10,000 gas that one gets.
       */
      of: Address
      to?: undefined
    }
)

/** Sends the transaction that pays out all that the Enigma contract owes an account. Resolves when it is broadcast. */
export async function withdraw(connection: Connection, parameters: WithdrawParameters = {}): Promise<Hash> {
  const { to, of } = parameters
  const account = accountOf(connection, 'Withdrawing', parameters.account)
  const data = encodeFunctionData({
    abi: enigmaAbi,
    ...(of
      ? { functionName: 'withdrawFor', args: [of] }
      : { functionName: 'withdrawTo', args: [to ?? account.address] }),
  })
  const { block } = await now(connection)
  return submit(connection, account, { data, value: 0n }, block)
}
