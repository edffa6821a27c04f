import {
  type Abi,
  type Account,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionParameters,
  type ContractFunctionReturnType,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
} from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { query } from '../query.js'
import { decodeResult, requireSuccess } from '../result.js'

/** A read may run any function: what it would write is refused, not kept. */
type Mutability = 'pure' | 'view' | 'nonpayable' | 'payable'

/** Milliseconds that a read may take. */
const TIMEOUT = 15_000

export type ReadOptions = {
  /** Who reads, and is `msg.sender` inside. Its wallet is asked for one signature a contract and day. Default: the client's. */
  account?: Account | Address
  /** Reads as nobody: `msg.sender` is zero, and nothing is signed. */
  anonymous?: boolean
  /** Milliseconds. Default: 15,000. */
  timeout?: number
  signal?: AbortSignal
}

export type ReadSecretContractParameters<
  abi extends Abi | readonly unknown[] = Abi,
  functionName extends ContractFunctionName<abi, Mutability> = ContractFunctionName<abi, Mutability>,
  args extends ContractFunctionArgs<abi, Mutability, functionName> = ContractFunctionArgs<
    abi,
    Mutability,
    functionName
  >,
> = ContractFunctionParameters<abi, Mutability, functionName, args> & ReadOptions

/**
 * Reads from a secret contract: an encrypted query that never touches the chain. Runs as a static call with a gas limit of
 * 16,777,216 on the state that the chain last recorded; the answer proves that, and it is checked.
 */
export async function readSecretContract<
  const abi extends Abi | readonly unknown[],
  functionName extends ContractFunctionName<abi, Mutability>,
  const args extends ContractFunctionArgs<abi, Mutability, functionName>,
>(
  connection: Connection,
  parameters: ReadSecretContractParameters<abi, functionName, args>,
): Promise<ContractFunctionReturnType<abi, Mutability, functionName, args>> {
  const { abi, functionName, args, address, ...options } = parameters as unknown as {
    abi: Abi
    functionName: string
    args?: readonly unknown[]
    address: Address
  } & ReadOptions
  const data = encodeFunctionData({ abi, functionName, args } as EncodeFunctionDataParameters)
  const answer = await callSecretContract(connection, { ...options, address, data, abi })
  return decodeResult(answer, { abi, functionName }) as ContractFunctionReturnType<
    abi,
    Mutability,
    functionName,
    args
  >
}

export type CallSecretContractParameters = ReadOptions & {
  /** The secret contract. */
  address: Address
  /** Calldata, in the clear: it is encrypted before it leaves. */
  data: Hex
  /** Decodes revert reasons. */
  abi?: Abi | readonly unknown[]
}

/** The same for calldata that is encoded already; gives the return data. */
export async function callSecretContract(
  connection: Connection,
  parameters: CallSecretContractParameters,
): Promise<Hex> {
  const { address, data, abi, anonymous, timeout = TIMEOUT, signal } = parameters
  const account = anonymous
    ? undefined
    : accountOf(connection, 'A read that is not anonymous', parameters.account)
  const output = await query(connection, { contract: address, body: data, account, timeout, signal })
  requireSuccess(output, { contract: address }, abi)
  return output.data
}
