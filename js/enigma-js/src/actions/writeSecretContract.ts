import {
  type Abi,
  type Account,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionParameters,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
} from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { type SendTaskParameters, sendTask } from '../send.js'
import type { TaskHandle } from '../stage.js'

type Mutability = 'pure' | 'view' | 'nonpayable' | 'payable'

export type WriteSecretContractParameters<
  abi extends Abi | readonly unknown[] = Abi,
  functionName extends ContractFunctionName<abi, Mutability> = ContractFunctionName<abi, Mutability>,
  args extends ContractFunctionArgs<abi, Mutability, functionName> = ContractFunctionArgs<
    abi,
    Mutability,
    functionName
  >,
> = ContractFunctionParameters<abi, Mutability, functionName, args> & SendTaskParameters

/**
 * Sends a task to a secret contract: a call, encrypted, whose result only the account learns. Resolves when the
 * transaction is broadcast; `waitForTask` brings the result.
 *
 * ```ts
 * const task = await client.writeSecretContract({ address, abi, functionName: 'declare', args: [1_000_000n] })
 * ```
 */
export function writeSecretContract<
  const abi extends Abi | readonly unknown[],
  functionName extends ContractFunctionName<abi, Mutability>,
  const args extends ContractFunctionArgs<abi, Mutability, functionName>,
>(
  connection: Connection,
  parameters: WriteSecretContractParameters<abi, functionName, args>,
): Promise<TaskHandle> {
  const { abi, functionName, args, address, ...rest } = parameters as unknown as {
    abi: Abi
    functionName: string
    args?: readonly unknown[]
    address: Address
  } & SendTaskParameters
  const data = encodeFunctionData({ abi, functionName, args } as EncodeFunctionDataParameters)
  return sendSecretTransaction(connection, { ...rest, address, data })
}

export type SendSecretTransactionParameters = SendTaskParameters & {
  /** The secret contract. */
  address: Address
  /** Calldata, in the clear: it is encrypted before it leaves. */
  data: Hex
}

/** The same for calldata that is encoded already. */
export function sendSecretTransaction(
  connection: Connection,
  { address, data, account, ...rest }: SendSecretTransactionParameters & { account?: Account | Address },
): Promise<TaskHandle> {
  return sendTask(connection, {
    ...rest,
    account: accountOf(connection, 'Sending a task', account),
    kind: 'task',
    contract: address,
    body: data,
  })
}
