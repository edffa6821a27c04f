// ERC-4337 on a local chain: the EntryPoint and SimpleAccount of the reference implementation, and a bundler, which is any
// account that calls `handleOps`.
import { createRequire } from 'node:module'
import {
  type Abi,
  type Address,
  concat,
  encodeFunctionData,
  getAddress,
  type Hash,
  type Hex,
  parseEther,
  toHex,
} from 'viem'
import { sign } from 'viem/accounts'
import type { LocalNetwork } from './local-network.js'

type Client = ReturnType<LocalNetwork['client']>
type Artifact = { abi: Abi; bytecode: Hex }
const artifact = (name: string) =>
  createRequire(import.meta.url)(`@account-abstraction/contracts/artifacts/${name}.json`) as Artifact

const entryPoint = artifact('EntryPoint')
const factory = artifact('SimpleAccountFactory')
const simpleAccount = artifact('SimpleAccount')

const pair = (high: bigint, low: bigint): Hex => concat([toHex(high, { size: 16 }), toHex(low, { size: 16 })])

export type Erc4337 = { entryPoint: Address; factory: Address }
export type Call = { to: Address; data: Hex; value: bigint }

/** Deploys the EntryPoint and a factory of accounts. */
export async function deployErc4337(client: Client): Promise<Erc4337> {
  const at = await deploy(client, entryPoint)
  return { entryPoint: at, factory: await deploy(client, factory, [at]) }
}

/** Deploys an ordinary contract. */
export async function deploy(client: Client, { abi, bytecode }: Artifact, args: readonly unknown[] = []) {
  const hash = await client.deployContract({ abi, bytecode, args })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  return getAddress(contractAddress as Address)
}

/** Where the account of an owner is, or will be. */
export function accountAddress(client: Client, { factory: at }: Erc4337, owner: Address): Promise<Address> {
  const call = { address: at, abi: factory.abi, functionName: 'getAddress', args: [owner, 0n] } as const
  return client.readContract(call) as Promise<Address>
}

/** A user operation by which the owner's account makes `calls`, and with `create` comes into being before; signed. */
export async function userOperation(
  client: Client,
  erc4337: Erc4337,
  owner: { address: Address; key: Hex },
  calls: readonly Call[],
  create: boolean,
) {
  const sender = await accountAddress(client, erc4337, owner.address)
  const at = { address: erc4337.entryPoint, abi: entryPoint.abi } as const
  const initArgs = { abi: factory.abi, functionName: 'createAccount', args: [owner.address, 0n] } as const
  const unsigned = {
    sender,
    nonce: await client.readContract({ ...at, functionName: 'getNonce', args: [sender, 0n] }),
    initCode: create ? concat([erc4337.factory, encodeFunctionData(initArgs)]) : '0x',
    callData: encodeFunctionData({
      abi: simpleAccount.abi,
      functionName: 'executeBatch',
      args: [calls.map(({ to: target, value, data }) => ({ target, value, data }))],
    }),
    accountGasLimits: pair(1_000_000n, 2_000_000n),
    preVerificationGas: 100_000n,
    gasFees: pair(1_000_000_000n, 20_000_000_000n),
    paymasterAndData: '0x',
    signature: '0x',
  }
  const hash = await client.readContract({ ...at, functionName: 'getUserOpHash', args: [unsigned] })
  const signature = await sign({ hash: hash as Hash, privateKey: owner.key, to: 'hex' })
  return { ...unsigned, signature }
}

/** The bundler puts operations into one transaction and is paid by their senders. */
export async function handleOps(
  bundler: Client,
  { entryPoint: address }: Erc4337,
  operations: readonly unknown[],
): Promise<Hash> {
  const hash = await bundler.writeContract({
    address,
    abi: entryPoint.abi,
    functionName: 'handleOps',
    args: [operations, bundler.account.address],
    gas: 12_000_000n,
  })
  await bundler.waitForTransactionReceipt({ hash })
  return hash
}

/** Pays for the gas of an account's operations, and for what it sends. */
export async function fund(client: Client, { entryPoint: at }: Erc4337, account: Address): Promise<void> {
  const value = parseEther('1')
  for (const hash of [
    await client.sendTransaction({ to: account, value }),
    await client.writeContract({
      address: at,
      abi: entryPoint.abi,
      functionName: 'depositTo',
      args: [account],
      value,
    }),
  ])
    await client.waitForTransactionReceipt({ hash })
}
