import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, custom } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PLAIN, SECRET } from '../../../test/provider/fake.js'
import { connect } from '../../connection.js'
import type { Network } from '../../network.js'
import { isSecret } from './secret.js'

// A node that knows one contract; the wallet is on another chain.
let server: Server
let node: string
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { params } = JSON.parse(body)
    const known = params[0].toLowerCase() === SECRET.toLowerCase()
    response.end(JSON.stringify(known ? { result: {} } : { error: { code: -32000, message: 'not found' } }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  node = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

function elsewhere(nodes: readonly string[]) {
  const client = createClient({ transport: custom({ request: async () => '0x1' }) })
  return connect(client, { chainId: 31337, enigma: PLAIN, network: '0x', nodes } as unknown as Network)
}

test('on another chain one node that knows the contract is enough', async () => {
  expect(await isSecret(elsewhere(['http://127.0.0.1:1', node]), SECRET)).toBe(true)
  expect(await isSecret(elsewhere(['http://127.0.0.1:1', node]), PLAIN)).toBe(false)
})

test('if no node answers, nobody can tell', async () => {
  await expect(isSecret(elsewhere(['http://127.0.0.1:1']), SECRET)).rejects.toThrow(/None of 1 nodes/)
  await expect(isSecret(elsewhere([]), SECRET)).rejects.toThrow(/No node is known/)
})
