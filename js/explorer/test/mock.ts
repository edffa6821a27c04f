// A node that lives in the test: docs/rpc.md over HTTP and WebSocket, and the built explorer at `GET /` under the
// policy that the real node sets. Tests change what it knows and it tells its subscribers.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Hex } from '../src/model/schema'
import type { Topic } from '../src/node/rpc'

/** The policy of `crates/host/rpc`. */
export const POLICY = "default-src 'self'; connect-src *; style-src 'self'; img-src 'self' data:"

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type Fields = { [name: string]: Json }

const word = (n: number, bytes = 32): Hex => `0x${n.toString(16).padStart(bytes * 2, '0')}`
export const account = (n: number): Hex => `0x${(0xa11ce0000 + n).toString(16).padStart(40, 'b7')}`

export const DESCRIPTOR = {
  chainId: 31_337,
  enigma: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
  checkpointNumber: 1,
  checkpointHash: word(0x1234),
  verifier: 1,
  attestationRoot: '0x6dec9fbbc8f4aa55a00ea9ff8ae70b8f1bdd71f5ed79daa8e6b50c7e34cc7ef2',
  ruleset: 1,
} as const

/** A task as the node tells it; `over` changes fields. */
export function aTask(contract: Hex, index: number, over: Fields = {}): Fields {
  return {
    contract,
    index,
    kind: index === 0 ? 'deploy' : 'task',
    stage: 'executing',
    ahead: 0,
    sender: account(1),
    onBehalfOf: word(0),
    value: '0',
    gasLimit: 3_000_000,
    commitGas: 400_000,
    priceCap: '4000000000',
    tip: '100000000',
    epoch: 12,
    inclusionEpoch: 12,
    inputHead: word(0x1000 + index),
    envelopeBytes: 405,
    codeBytes: index === 0 ? 2_480 : 0,
    created: {
      transaction: word(0x77000 + index),
      block: 800 + index,
      blockHash: word(0x88000 + index),
      time: now() - 40 + index,
    },
    worker: { id: 2, signer: account(302), operator: account(402) },
    committed: null,
    outbound: null,
    ...over,
  }
}

/** The same, committed. */
export function committed(task: Fields, over: Fields = {}, outbound: Json = []): Fields {
  const index = task.index as number
  const created = task.created as { block: number; time: number }
  return {
    ...task,
    stage: 'committed',
    committed: {
      transaction: word(0x99000 + index),
      block: created.block + 1,
      time: created.time + 1,
      epoch: 12,
      firstIndex: index,
      lastIndex: index,
      status: 'completed',
      gasCharged: 65_536,
      pay: '312500000000000',
      outputBytes: 144,
      deltaBytes: 272,
      stateHead: word(0x2000 + index),
      snapshotHash: word(0),
      ...over,
    },
    outbound,
  }
}

export const now = () => Math.floor(Date.now() / 1_000)

export class MockNode {
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #subscriptions = new Map<string, { socket: WebSocket; topic: Topic }>()
  #next = 1
  /** Every method that was called. */
  readonly calls: string[] = []

  network: Fields = {
    ...DESCRIPTOR,
    network: word(0),
    publicKey: `0x${'ab'.repeat(96)}`,
    simulated: true,
    keys: 'dealt',
    token: account(900),
    parameters: { epochLength: 64, groupSize: 3, takeover: 3, skipEpochs: 2, window: 16 },
  }
  height = 812
  workers: Fields[] = [0, 1, 2].map((id) => ({
    id,
    signer: account(300 + id),
    operator: account(400 + id),
    stake: `${(id + 1) * 1_000}000000000000000000`,
    loggedIn: true,
    measurement: word(0xabcdef),
    platform: word(0xfedc00 + id),
    checked: true,
    barred: false,
    expiry: now() + 90 * 86_400,
  }))
  contracts: Fields[] = []
  /** Newest first. */
  tasks: Fields[] = []
  nodes: { name: string; role: string; peer: string; self: boolean; reachable: boolean; peers: Fields[] }[] =
    []
  /** Methods that fail, with what they say. */
  readonly failing = new Map<string, string>()

  private constructor(readonly dist: string) {
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#sockets = new WebSocketServer({ server: this.#server })
    this.#sockets.on('connection', (socket) => this.#accept(socket))
  }

  /** `port` 0: any. `dist` is where the built explorer lies. */
  static async start(dist: string, port = 0): Promise<MockNode> {
    const node = new MockNode(dist)
    await new Promise<void>((resolve) => node.#server.listen(port, '127.0.0.1', resolve))
    return node
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async stop(): Promise<void> {
    this.dropSockets()
    this.#sockets.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Breaks every subscription. */
  dropSockets(): void {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#subscriptions.clear()
  }

  get subscribers(): number {
    return this.#subscriptions.size
  }

  publish(topic: Topic, result: Json): void {
    for (const [subscription, { socket, topic: wanted }] of this.#subscriptions)
      if (wanted === topic)
        socket.send(
          JSON.stringify({ jsonrpc: '2.0', method: 'enigma_subscription', params: { subscription, result } }),
        )
  }

  mine(): void {
    this.height += 1
    this.publish('blocks', { number: this.height, hash: word(this.height), timestamp: now() })
  }

  /** Puts a task on top and tells it, unless told not to. */
  create(task: Fields, tell = true): void {
    this.tasks.unshift(task)
    if (tell) this.publish('tasks', task)
  }

  /** Replaces a task by its committed form. */
  commit(task: Fields): void {
    this.tasks = this.tasks.map((known) =>
      known.contract === task.contract && known.index === task.index ? task : known,
    )
    // The news do not tell what was done outside; an answer does.
    this.publish('receipts', { ...task, outbound: null })
  }

  addContract(address: Hex, over: Fields = {}): void {
    this.contracts.push({
      address,
      deployer: account(1),
      createdBlock: 800,
      inputs: 3,
      committed: 2,
      stateHead: word(0x2002),
      sealedEpoch: 12,
      signers: 1,
      depth: 0,
      snapshotHash: word(0xfeed),
      deltaBytes: 816,
      outputBytes: 432,
      balance: '1500000000000000000',
      ...over,
    })
  }

  /** `keys` key nodes and `workers` workers that all know each other. */
  mesh(keys: number, workers: number): void {
    const names = [
      ...Array.from({ length: keys }, (_, i) => ({ name: `key-${i + 1}`, role: 'key' })),
      ...Array.from({ length: workers }, (_, i) => ({ name: `worker-${i + 1}`, role: 'worker' })),
    ]
    this.nodes = names.map(({ name, role }) => ({
      name,
      role,
      peer: `12D3KooW${name}`,
      self: name === 'worker-1',
      reachable: true,
      peers: names
        .filter((other) => other.name !== name)
        .map((other) => ({ peer: `12D3KooW${other.name}`, connected: true, sent: 0, received: 0 })),
    }))
  }

  /** `messages` go from one node to another. */
  send(from: string, to: string, messages: number): void {
    const count = (at: string, peer: string, field: 'sent' | 'received') => {
      const link = this.nodes
        .find((node) => node.name === at)
        ?.peers.find((other) => other.peer === `12D3KooW${peer}`)
      if (link) link[field] = (link[field] as number) + messages
    }
    count(from, to, 'sent')
    count(to, from, 'received')
  }

  #answer(method: string, params: readonly unknown[]): Json {
    const [first, second] = params
    const contractOf = (address: unknown) => this.contracts.find((contract) => contract.address === address)
    switch (method) {
      case 'enigma_network':
        return this.network
      case 'enigma_health':
        return {
          ok: true,
          name: 'worker-1',
          role: 'worker',
          version: '0.1.0',
          height: this.height,
          timestamp: now(),
          behind: 0,
          peers: { connected: Math.max(0, this.nodes.length - 1), known: Math.max(0, this.nodes.length - 1) },
          enclave: { address: account(300), measurement: word(0xabcdef) },
          uptime: 4_242,
        }
      case 'enigma_epoch':
        return {
          epoch: 12,
          start: 768,
          nextStart: 832,
          length: 64,
          height: this.height,
          seeded: true,
          workers: this.workers.length,
          weight: 6_000,
        }
      case 'enigma_group':
        return {
          epoch: 12,
          workers: [2, 0, 1].map((id, rank) => ({
            rank,
            id,
            signer: account(300 + id),
            operator: account(400 + id),
          })),
        }
      case 'enigma_workers':
        return this.workers
      case 'enigma_contracts':
        return this.contracts
      case 'enigma_contract':
        return contractOf(first) ?? notFound('no such secret contract')
      case 'enigma_task':
        return (
          this.tasks.find((task) =>
            params.length === 1
              ? (task.created as Fields).transaction === first
              : task.contract === first && task.index === second,
          ) ?? notFound('no such task')
        )
      case 'enigma_tasks': {
        const {
          contract,
          sender,
          limit = 50,
          before,
        } = (first ?? {}) as {
          contract?: string
          sender?: string
          limit?: number
          before?: { contract: string; index: number }
        }
        const all = this.tasks
          .filter((task) => (!contract || task.contract === contract) && (!sender || task.sender === sender))
          // Lists tell neither the worker of a committed task nor what was done outside.
          .map((task) => (task.committed ? { ...task, worker: null, outbound: null } : task))
        const from = before
          ? all.findIndex((task) => task.contract === before.contract && task.index === before.index) + 1
          : 0
        return all.slice(from, from + limit)
      }
      case 'enigma_topology':
        return { nodes: this.nodes }
      default:
        throw { code: -32_601, message: 'no such method' }
    }
  }

  #handle(text: string, socket?: WebSocket): string {
    const {
      id = null,
      method,
      params = [],
    } = JSON.parse(text) as { id?: Json; method: string; params?: readonly unknown[] }
    this.calls.push(method)
    try {
      const failure = this.failing.get(method)
      if (failure !== undefined) throw { code: -32_603, message: failure }
      if (method === 'enigma_subscribe' && socket) {
        const subscription = `0x${(this.#next++).toString(16)}`
        this.#subscriptions.set(subscription, { socket, topic: params[0] as Topic })
        return JSON.stringify({ jsonrpc: '2.0', id, result: subscription })
      }
      return JSON.stringify({ jsonrpc: '2.0', id, result: this.#answer(method, params) })
    } catch (error) {
      return JSON.stringify({ jsonrpc: '2.0', id, error })
    }
  }

  #accept(socket: WebSocket): void {
    socket.on('message', (data) => socket.send(this.#handle(data.toString(), socket)))
    socket.on('close', () => {
      for (const [id, subscription] of this.#subscriptions)
        if (subscription.socket === socket) this.#subscriptions.delete(id)
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', 'content-type')
    if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    if (request.method === 'POST') {
      let body = ''
      for await (const chunk of request) body += chunk
      response.setHeader('content-type', 'application/json')
      return void response.end(this.#handle(body))
    }
    const path = normalize(new URL(request.url ?? '/', 'http://node').pathname)
    const types: { [extension: string]: string } = {
      '.html': 'text/html; charset=utf-8',
      '.js': 'text/javascript; charset=utf-8',
      '.css': 'text/css; charset=utf-8',
      '.svg': 'image/svg+xml',
    }
    try {
      const file = path === '/' ? 'index.html' : path.slice(1)
      const content = await readFile(join(this.dist, file))
      response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream')
      response.setHeader('content-security-policy', POLICY)
      response.setHeader('referrer-policy', 'no-referrer')
      response.end(content)
    } catch {
      response.writeHead(404).end()
    }
  }
}

function notFound(message: string): never {
  throw { code: -32_000, message }
}
