// One real local network: a chain, key nodes, workers, as processes of their own.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  createWalletClient,
  http,
  publicActions,
  type Transport,
  type WebSocketTransport,
  webSocket,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import {
  defineNetwork,
  type EnigmaOptions,
  enigmaActions,
  type Network,
  type NetworkJson,
} from '../src/index.js'
import { freeBlock } from './ports.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const MNEMONIC = 'test test test test test test test test test test test junk'

/** A network that runs, and clients for its funded accounts. */
export type LocalNetwork = {
  json: NetworkJson & { rpc: string }
  network: Network
  directory: string
  /** Runs the command line on it. */
  enigma(...args: string[]): Promise<{ stdout: string }>
  client(index: number, options?: ClientOptions): ReturnType<typeof clientOf>
  /** Stops the processes and removes the directory. */
  stop(): Promise<void>
}

export type ClientOptions = EnigmaOptions & { transport?: Transport; network?: Network }

/** Starts a network on ports of its own; or takes the one whose data directory is in ENIGMA_TEST_DATA_DIR, which stays. */
export async function startNetwork(): Promise<LocalNetwork> {
  const running = process.env.ENIGMA_TEST_DATA_DIR
  const binary = process.env.ENIGMA_BIN ?? join(root, 'target/release/enigma')
  const env = { ...process.env, ENIGMA_ROOT: process.env.ENIGMA_ROOT ?? root }
  const command =
    (directory: string) =>
    (...args: string[]) =>
      run(binary, [...args, '--data-dir', directory], { env, timeout: 120_000 })
  if (running) return networkIn(running, command(running), async () => undefined)
  if (!existsSync(binary))
    throw new Error(`${binary} is missing: build it (./enigma up builds), or set ENIGMA_BIN`)
  const directory = mkdtempSync(join(tmpdir(), 'enigma-js-'))
  const enigma = command(directory)
  await enigma('up', '--detach', '--port-base', String(await freeBlock()))
  return networkIn(directory, enigma, async () => {
    await enigma('down')
    rmSync(directory, { recursive: true, force: true })
  })
}

function networkIn(
  directory: string,
  enigma: LocalNetwork['enigma'],
  stop: LocalNetwork['stop'],
): LocalNetwork {
  const json = JSON.parse(readFileSync(join(directory, 'network.json'), 'utf8')) as LocalNetwork['json']
  const network = defineNetwork(json, { allowSimulated: true })
  return {
    json,
    network,
    directory,
    enigma,
    client(index, { transport, network: other, ...options } = {}) {
      return clientOf(other ?? network, index, transport ?? http(json.rpc), options)
    },
    stop,
  }
}

/** The funded account number `index`. */
export function account(index: number) {
  return mnemonicToAccount(MNEMONIC, { addressIndex: index })
}

function clientOf(network: Network, index: number, transport: Transport, options: EnigmaOptions) {
  return createWalletClient({ account: account(index), chain: foundry, transport })
    .extend(publicActions)
    .extend(enigmaActions(network, options))
}

/** The WebSocket of a chain's RPC; it lives until `close` is called. */
export function socketOf(rpc: string): { transport: WebSocketTransport; close(): Promise<void> } {
  const transport = webSocket(rpc.replace(/^http/, 'ws'), { reconnect: false })
  return { transport, close: () => closeSocket(transport) }
}

async function closeSocket(transport: WebSocketTransport): Promise<void> {
  const client = await transport({ chain: foundry }).value?.getRpcClient()
  client?.close()
}
