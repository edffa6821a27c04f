// What makes a descriptor one that a client may build on.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Hex, numberToHex } from 'viem'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  InvalidNetworkError,
  NetworkNotPinnedError,
  SimulatedNetworkError,
  WrongNetworkError,
} from './errors/index.js'
import { defineNetwork, type FetchNetworkOptions, fetchNetwork, type NetworkJson } from './network.js'
import { networkId, SIMULATED_ROOT } from './protocol/network.js'

const fields = {
  chainId: 31_337,
  enigma: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
  checkpointNumber: 3,
  checkpointHash: numberToHex(0xabcn, { size: 32 }),
  verifier: 1,
  attestationRoot: numberToHex(7, { size: 32 }),
  ruleset: 1,
  publicKey: numberToHex(5, { size: 96 }),
} as const

const real: NetworkJson = { ...fields, network: networkId(fields), api: ['http://127.0.0.1:8606'] }
const simulatedFields = { ...fields, attestationRoot: SIMULATED_ROOT }
const simulated: NetworkJson = { ...simulatedFields, network: networkId(simulatedFields), simulated: true }

test('a descriptor is taken as network.json has it', () => {
  const { api, ...rest } = real
  const network = { ...rest, simulated: false, nodes: api }
  expect(defineNetwork(real)).toEqual(network)
  expect(defineNetwork({ ...real, publicKey: fields.publicKey.slice(2), name: 'more' } as never)).toEqual(
    network,
  )
  expect(defineNetwork(JSON.parse(JSON.stringify(defineNetwork(real))))).toEqual(network)
})

const changes: Partial<NetworkJson>[] = [
  { network: numberToHex(1, { size: 32 }) },
  { chainId: 1 },
  { enigma: '0x0000000000000000000000000000000000000001' },
  { checkpointNumber: 4 },
  { checkpointHash: numberToHex(1, { size: 32 }) },
  { verifier: 2 },
  { attestationRoot: numberToHex(1, { size: 32 }) },
  { publicKey: numberToHex(1, { size: 96 }) },
]
test.each(changes)('one whose fields do not hash to its id is refused: %o', (change) => {
  expect(() => defineNetwork({ ...real, ...change })).toThrow(WrongNetworkError)
  expect(() => defineNetwork({ ...real, ...change })).toThrow('in its own descriptor')
})

const broken: [string, unknown][] = [
  ['network', '0x12'],
  ['chainId', 0],
  ['chainId', '31337'],
  ['chainId', 1.5],
  ['enigma', '0x12'],
  ['checkpointNumber', 0],
  ['checkpointHash', undefined],
  ['verifier', -1],
  ['attestationRoot', 'simulated'],
  ['ruleset', 2],
  ['publicKey', ''],
]
test.each(broken)('one with a broken %s is refused: %o', (field, value) => {
  const define = () => defineNetwork({ ...real, [field]: value } as NetworkJson)
  expect(define).toThrow(InvalidNetworkError)
  expect(define).toThrow(field)
})

test('a simulated one is refused unless it is allowed, whatever its flag says', () => {
  for (const json of [simulated, { ...simulated, simulated: false }, { ...real, simulated: true }]) {
    expect(() => defineNetwork(json)).toThrow(SimulatedNetworkError)
    expect(defineNetwork(json, { allowSimulated: true }).simulated).toBe(true)
  }
  expect(defineNetwork(real, { allowSimulated: true }).simulated).toBe(false)
})

let server: Server
let url: string
/** What the node tells. */
let told: unknown
let asked: string[]

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    asked.push(`${request.method} ${request.url}`)
    response.end(JSON.stringify(request.method === 'GET' ? told : { jsonrpc: '2.0', id: 1, result: told }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

beforeEach(() => {
  told = real
  asked = []
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

test('a descriptor is fetched from a node, or as a file, if its id is pinned', async () => {
  const pin = real.network.toUpperCase().replace('0X', '0x') as Hex
  expect(await fetchNetwork(url, { pin })).toEqual(defineNetwork(real))
  expect(await fetchNetwork(`${url}/network.json`, { pin })).toEqual(defineNetwork(real))
  expect(asked).toEqual(['POST /', 'GET /network.json'])
})

test('a node that names no other is the one to ask', async () => {
  const { api: _, ...rest } = real
  told = rest
  expect((await fetchNetwork(url, { dangerouslyUnpinned: true })).nodes).toEqual([url])
  expect((await fetchNetwork(`${url}/network.json`, { dangerouslyUnpinned: true })).nodes).toEqual([])
})

test('without a pin nobody is asked, unless one says that this is dangerous', async () => {
  for (const options of [
    undefined,
    {},
    { pin: '' },
    { dangerouslyUnpinned: 'yes' },
    { allowSimulated: true },
  ])
    await expect(fetchNetwork(url, options as FetchNetworkOptions)).rejects.toThrow(NetworkNotPinnedError)
  expect(asked).toEqual([])
  expect((await fetchNetwork(url, { dangerouslyUnpinned: true })).network).toBe(real.network)
})

test('another network than the pinned one is refused, and so is a lie about its fields', async () => {
  const pin = real.network as Hex
  told = { ...simulated, simulated: false }
  await expect(fetchNetwork(url, { pin, allowSimulated: true })).rejects.toThrow(WrongNetworkError)
  await expect(fetchNetwork(url, { pin, allowSimulated: true })).rejects.toThrow(`at ${url}`)
  await expect(fetchNetwork(url, { dangerouslyUnpinned: true })).rejects.toThrow(SimulatedNetworkError)
  told = { ...real, publicKey: numberToHex(6, { size: 96 }) }
  await expect(fetchNetwork(url, { pin })).rejects.toThrow('in its own descriptor')
  told = null
  await expect(fetchNetwork(url, { pin })).rejects.toThrow(InvalidNetworkError)
})
