import {
  type Abi,
  type Address,
  bytesToHex,
  type ContractConstructorArgs,
  type EncodeDeployDataParameters,
  encodeDeployData,
  type Hex,
  size,
  sliceHex,
} from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { portalAddress } from '../protocol/network.js'
import { randomBytes } from '../protocol/random.js'
import { SMALLEST_CLASS, sealedLength, sizeClass } from '../protocol/size.js'
import { type SendTaskParameters, sendTask } from '../send.js'
import type { TaskHandle } from '../stage.js'

/** A deployment runs a constructor and stores code: more than a call. */
const GAS = 15_000_000n

export type DeploySecretContractParameters<abi extends Abi | readonly unknown[] = Abi> =
  SendTaskParameters & {
    abi: abi
    /** What `solc` puts out, linked. */
    bytecode: Hex
    /** With the account it fixes the address. Default: random. */
    salt?: Hex
    /** Encrypts the code too; only constructor arguments are secret otherwise. */
    secretCode?: boolean
  } & (readonly [] extends ContractConstructorArgs<abi>
      ? { args?: ContractConstructorArgs<abi> }
      : { args: ContractConstructorArgs<abi> })

export type DeploySecretContractReturnType = {
  /** Of the secret contract, inside and on Ethereum; computed here, not asked. */
  address: Address
  /** For `waitForTask`. */
  task: TaskHandle
}

/**
 * Deploys a secret contract. Resolves when the transaction is broadcast: the address is known, and tasks may be sent to
 * it as soon as the transaction is mined.
 */
export async function deploySecretContract<const abi extends Abi | readonly unknown[]>(
  connection: Connection,
  parameters: DeploySecretContractParameters<abi>,
): Promise<DeploySecretContractReturnType> {
  const {
    abi,
    bytecode,
    args,
    salt = bytesToHex(randomBytes(32)),
    secretCode,
    gas = GAS,
    account: given,
    ...rest
  } = parameters as DeploySecretContractParameters & { args?: readonly unknown[] }
  const account = accountOf(connection, 'Deploying', given)
  const all = encodeDeployData({ abi, bytecode, args } as EncodeDeployDataParameters)
  const code = secretCode ? '0x' : bytecode
  const body = size(all) === size(code) ? '0x' : sliceHex(all, size(code))
  const address = portalAddress(connection.network.enigma, account.address, salt)
  // The code travels back in the sealed state change.
  const bytes = rest.bytes ?? sealedLength(size(all) + 4_096) + sizeClass(1, SMALLEST_CLASS) + 1_024
  const task = await sendTask(connection, {
    ...rest,
    account,
    kind: 'deploy',
    contract: address,
    body,
    salt,
    code,
    gas,
    bytes,
  })
  return { address, task }
}
