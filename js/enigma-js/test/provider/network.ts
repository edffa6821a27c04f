// A local network for the tests of the wrapped provider, and wallets on its chain.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Abi, Address, Hex } from 'viem'
import { defineNetwork, type Network } from '../../src/network.js'
import type { Eip1193Provider } from '../../src/provider/types.js'
import { freeBlock } from '../ports.js'

const root = process.env.ENIGMA_ROOT ?? resolve(import.meta.dirname, '../../../..')
const binary = process.env.ENIGMA_BIN ?? join(root, 'target/release/enigma')

export type LocalNetwork = { network: Network; rpc: string; stop(): Promise<void> }

/** What a suite works with. */
export type Setting = LocalNetwork & { token: { abi: Abi; bytecode: Hex } }

/** `enigma up` in a temporary folder, or the running network whose folder is in ENIGMA_TEST_DATA_DIR. */
export async function startNetwork(): Promise<LocalNetwork> {
  const running = process.env.ENIGMA_TEST_DATA_DIR
  if (running) return { ...(await describe(running)), stop: async () => undefined }
  const home = await mkdtemp(join(tmpdir(), 'enigma-provider-'))
  const dataDir = join(home, 'data')
  const stop = async () => {
    await run(binary, ['down', '--data-dir', dataDir])
    await rm(home, { recursive: true })
  }
  try {
    await run(binary, ['up', '--detach', '--data-dir', dataDir, '--port-base', String(await freeBlock())])
    return { ...(await describe(dataDir)), stop }
  } catch (error) {
    await stop().catch(() => undefined)
    throw error
  }
}

async function describe(dataDir: string): Promise<Omit<LocalNetwork, 'stop'>> {
  const json = JSON.parse(await readFile(join(dataDir, 'network.json'), 'utf8'))
  return { network: defineNetwork(json, { allowSimulated: true }), rpc: json.rpc }
}

/** ABI and bytecode of a contract. */
export async function compile(contract: string): Promise<{ abi: Abi; bytecode: Hex }> {
  return JSON.parse(await run(process.execPath, [join(root, 'tools/compile.mjs'), contract]))
}

/** The token of these tests. */
export function compileToken() {
  return compile(join(import.meta.dirname, 'TestToken.sol:TestToken'))
}

function run(file: string, args: string[]): Promise<string> {
  const options = {
    cwd: root,
    env: { ...process.env, ENIGMA_ROOT: root },
    timeout: 90_000,
    maxBuffer: 1 << 24,
  }
  return new Promise((done, fail) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error) fail(new Error(`${file} ${args.join(' ')}: ${error.message}\n${stdout}\n${stderr}`))
      else done(stdout)
    })
  })
}

/** A wallet as an extension is one: some accounts of the chain, events, and a record of all that it was asked. */
export class Wallet implements Eip1193Provider {
  readonly requests: { method: string; params?: unknown }[] = []
  readonly #rpc: string
  readonly #listeners = new Map<string, Set<(...args: unknown[]) => void>>()
  accounts: Address[]
  /** Says no to every signature. */
  refuses = false

  constructor(rpc: string, accounts: Address[]) {
    this.#rpc = rpc
    this.accounts = accounts
  }

  request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    this.requests.push(structuredClone({ method, params }))
    if (method === 'eth_accounts' || method === 'eth_requestAccounts') return this.accounts
    if (this.refuses && method.startsWith('eth_signTypedData'))
      throw Object.assign(new Error('User rejected the request.'), { code: 4001 })
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: params ?? [] })
    const answer = await fetch(this.#rpc, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const { result, error } = (await answer.json()) as { result: unknown; error?: { message: string } }
    if (error) throw Object.assign(new Error(error.message), error)
    return result
  }

  on(event: string, listener: (...args: unknown[]) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener))
  }

  removeListener(event: string, listener: (...args: unknown[]) => void): void {
    this.#listeners.get(event)?.delete(listener)
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args)
  }

  /** How often the user was asked to sign a message of this type. */
  signatures(primaryType: string): number {
    return this.requests.filter(
      ({ method, params }) =>
        method === 'eth_signTypedData_v4' &&
        JSON.stringify(params).includes(`primaryType\\":\\"${primaryType}`),
    ).length
  }
}

/** Accounts of the local chain. */
export const ALICE: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
export const BOB: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
