// A real local network for a suite: started and driven through the `enigma` binary, in a folder and on ports of its own.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { NetworkJson } from 'enigma-js'
import { freeBlock } from '../../js/enigma-js/test/ports.js'

/** The checkout. */
export const root = process.env.ENIGMA_ROOT ?? resolve(import.meta.dirname, '../..')
/** The `enigma` that is tested. */
export const binary = process.env.ENIGMA_BIN ?? join(root, 'target/release/enigma')

/** What a command said. */
export type Answer = { code: number; stdout: string; stderr: string }

/** A running network. */
export type LocalNetwork = {
  /** network.json. */
  json: NetworkJson & { rpc: string; enigma: `0x${string}`; api: string[] }
  /** Its data directory, for ENIGMA_DATA_DIR. */
  dataDir: string
  /** A port that belongs to this network and that nothing of it uses: for the page. */
  pagePort: number
  /** `enigma` with these arguments; never throws. */
  enigma(...args: string[]): Promise<Answer>
  /** `enigma deploy`; the address. */
  deploy(contract: string, ...args: string[]): Promise<`0x${string}`>
  /** One call to the chain that must succeed. */
  chain(method: string, ...params: unknown[]): Promise<unknown>
  stop(): Promise<void>
}

/** The page's port behind a network's first. */
const PAGE = 90

/** `enigma up` in a temporary folder. Takes some seconds. */
export async function startNetwork(): Promise<LocalNetwork> {
  const portBase = await freeBlock()
  const home = await mkdtemp(join(tmpdir(), 'enigma-browser-'))
  const dataDir = join(home, 'data')
  const enigma = (...args: string[]) => run(args, dataDir)
  const stop = async () => {
    await succeeded(enigma('down'))
    await rm(home, { recursive: true })
  }
  try {
    await succeeded(enigma('up', '--detach', '--port-base', String(portBase)))
    const json = JSON.parse(await readFile(join(dataDir, 'network.json'), 'utf8'))
    return {
      json,
      dataDir,
      pagePort: portBase + PAGE,
      enigma,
      deploy: async (contract, ...args) =>
        JSON.parse((await succeeded(enigma('deploy', contract, '--json', ...args))).stdout).address,
      chain: (method, ...params) => askChain(json.rpc, method, params),
      stop,
    }
  } catch (error) {
    await enigma('down')
    throw error
  }
}

/** One JSON-RPC call that must succeed. */
export async function askChain(rpc: string, method: string, params: unknown): Promise<unknown> {
  const answer = await askRaw(rpc, method, params)
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
  return answer.result
}

/** What came of one JSON-RPC call. */
export type RpcAnswer = { result?: unknown; error?: { code: number; message: string; data?: unknown } }

/** One JSON-RPC call, whatever comes of it. */
export async function askRaw(rpc: string, method: string, params: unknown): Promise<RpcAnswer> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: params ?? [] })
  const response = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return (await response.json()) as RpcAnswer
}

/** The answer, if the command ended well. */
export async function succeeded(running: Promise<Answer>): Promise<Answer> {
  const answer = await running
  if (answer.code !== 0) throw new Error(`exit code ${answer.code}\n${answer.stdout}\n${answer.stderr}`)
  return answer
}

function run(args: string[], dataDir: string): Promise<Answer> {
  const env = { ...process.env, ENIGMA_ROOT: root, ENIGMA_DATA_DIR: dataDir }
  return new Promise((done) => {
    execFile(binary, args, { cwd: root, env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      done({
        code,
        stdout,
        stderr: error?.code === 'ENOENT' ? `${binary} is missing; build it first` : stderr,
      })
    })
  })
}
