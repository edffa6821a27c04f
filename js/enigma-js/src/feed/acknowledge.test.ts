import { SocketClosedError } from 'viem'
import { expect, it } from 'vitest'
import type { Connection } from '../connection.js'
import { acknowledged, createAcknowledge } from './acknowledge.js'

type Client = Connection['client']

/** A client whose socket keeps what is sent over it. */
function clientWith(request: () => Promise<unknown>): { client: Client; sent: string[] } {
  const sent: string[] = []
  const socket = { send: (data: string) => sent.push(data) }
  const transport = { type: 'webSocket', getRpcClient: async () => ({ socket }) }
  return { client: { request, transport } as unknown as Client, sent }
}

it('acknowledges an answer with one message that asks for none', async () => {
  const { client, sent } = clientWith(async () => '0x1')
  const { request } = acknowledged(client, createAcknowledge(client))
  expect(await request({ method: 'eth_chainId' })).toBe('0x1')
  await expect.poll(() => sent.length).toBe(1)
  expect(JSON.parse(sent[0] ?? '')).toEqual({ jsonrpc: '2.0', method: 'enigma_received' })
})

it('acknowledges a refusal, but says nothing over a socket that is gone', async () => {
  for (const [failure, expected] of [
    [new Error('refused'), 1],
    [new SocketClosedError(), 0],
  ] as const) {
    const { client } = clientWith(() => Promise.reject(failure))
    let said = 0
    const { request } = acknowledged(client, () => {
      said += 1
    })
    await expect(request({ method: 'eth_chainId' })).rejects.toBe(failure)
    expect(said).toBe(expected)
  }
})

it('costs nothing but the acknowledgement where the socket is gone or cannot be had', async () => {
  const gone = { transport: { getRpcClient: () => Promise.reject(new Error('closed')) } } as unknown as Client
  const hidden = { transport: {} } as unknown as Client
  for (const client of [gone, hidden]) expect(createAcknowledge(client)).not.toThrow()
  await new Promise((resolve) => setTimeout(resolve))
})
