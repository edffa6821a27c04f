// An RPC and a node in the middle: they pass everything on, and rewrite the answers that a test chooses.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CustomTransport, custom } from 'viem'

export type Request = { method: string; params: readonly unknown[] }

/** The real answer to a request. */
export type Tell = (request: Request) => Promise<unknown>

/** Answers in the place of `tell`; `undefined` leaves the real answer. */
export type Lie = (request: Request, tell: Tell) => unknown

/** A transport that lies. Without a lie it is as honest as what it passes on to. */
export function lyingTransport(rpc: string, lie?: Lie): CustomTransport {
  const tell: Tell = (request) => ask(rpc, request)
  return custom({ request: (request: Request) => answer(request, tell, lie) }, { retryCount: 0 })
}

/** A lying node: the JSON-RPC API of `node`, served at a URL of its own. */
export async function lyingNode(node: string, lie?: Lie): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const part of incoming) body += part
    const { id, ...request } = JSON.parse(body) as Request & { id: unknown }
    const told = answer(request, (real) => ask(node, real), lie).then(
      (result) => ({ result }),
      (error: { message: string; code: number; data: unknown }) => ({ error }),
    )
    outgoing.setHeader('content-type', 'application/json')
    outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, ...(await told) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function answer(request: Request, tell: Tell, lie: Lie | undefined): Promise<unknown> {
  const said = await lie?.(request, tell)
  return said === undefined ? tell(request) : said
}

/** One request to a real chain or node. Rejects with the error object that it answers. */
export async function ask(url: string, { method, params }: Request): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: params ?? [] }),
  })
  const { result, error } = (await response.json()) as { result: unknown; error?: object }
  if (error) throw Object.assign(new Error('the chain or node refused'), error)
  return result
}

/** Hex with one bit of one byte changed; counts from the end if negative. */
export function flip<T extends string>(hex: T, byte: number): T {
  const at = byte < 0 ? hex.length + 2 * byte : 2 + 2 * byte
  const value = Number.parseInt(hex.slice(at, at + 2), 16) ^ 1
  return `${hex.slice(0, at)}${value.toString(16).padStart(2, '0')}${hex.slice(at + 2)}` as T
}
