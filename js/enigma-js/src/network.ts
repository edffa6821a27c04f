import { type Address, getAddress, type Hex, isAddress, isHex } from 'viem'
import {
  InvalidNetworkError,
  NetworkNotPinnedError,
  SimulatedNetworkError,
  WrongNetworkError,
} from './errors/network.js'
import { postRpc } from './node-rpc.js'
import { networkId, RULESET, SIMULATED_ROOT } from './protocol/network.js'

/** A pinned network: all that a client has to know to trust nobody else. */
export type Network = {
  /** Its identity: the hash of the fields below, `simulated` and `nodes` excepted. */
  network: Hex
  chainId: number
  /** The Enigma contract. */
  enigma: Address
  checkpointNumber: number
  checkpointHash: Hex
  /** How enclaves verify the chain: 1 dev, 2 sync-committee. */
  verifier: number
  attestationRoot: Hex
  ruleset: number
  /** `S`, 96 bytes compressed. */
  publicKey: Hex
  /** Nothing protects its enclaves but the operating system of whoever runs them. */
  simulated: boolean
  /** API addresses of nodes, which answer private reads. */
  nodes: readonly string[]
}

/** `network.json`, or the answer of `enigma_network`. What is not listed is ignored. */
export type NetworkJson = {
  network: string
  chainId: number
  enigma: string
  checkpointNumber: number
  checkpointHash: string
  verifier: number
  attestationRoot: string
  ruleset: number
  /** With or without 0x. */
  publicKey: string
  simulated?: boolean
  /** API addresses of nodes, as network.json names them. */
  api?: readonly string[]
  nodes?: readonly string[]
}

export type DefineNetworkOptions = {
  /** Takes a network whose enclaves nothing protects: for development. */
  allowSimulated?: boolean
}

/**
 * Pins a network: ship the descriptor with your app and give it to this.
 * Throws {@link InvalidNetworkError} for a field that is missing or malformed, {@link WrongNetworkError} if the fields do
 * not hash to `json.network`, {@link SimulatedNetworkError} if the network is simulated and that is not allowed.
 */
export function defineNetwork(json: NetworkJson, options: DefineNetworkOptions = {}): Network {
  const network = parse(json)
  const found = networkId(network)
  if (found !== network.network)
    throw new WrongNetworkError({ expected: network.network, found, where: 'in its own descriptor' })
  if (network.simulated && !options.allowSimulated)
    throw new SimulatedNetworkError({ network: network.network })
  return network
}

export type FetchNetworkOptions = DefineNetworkOptions &
  (
    | { /** The network id that you know from elsewhere. */ pin: Hex; dangerouslyUnpinned?: undefined }
    | {
        /** Believes whoever answers: for a machine of your own. */ dangerouslyUnpinned: true
        pin?: undefined
      }
  )

/** Reads a descriptor from a node's API (`enigma_network`), or from the URL of a `network.json`. */
export async function fetchNetwork(url: string, options: FetchNetworkOptions): Promise<Network> {
  if (!options?.pin && options?.dangerouslyUnpinned !== true) throw new NetworkNotPinnedError({ url })
  const json = url.endsWith('.json') ? await getJson(url) : await postRpc(url, 'enigma_network', [])
  if (typeof json !== 'object' || json === null)
    throw new InvalidNetworkError({ field: 'network', expected: 'an object' })
  const told = json as NetworkJson
  const nodes = told.api ?? told.nodes ?? (url.endsWith('.json') ? [] : [url])
  const network = defineNetwork({ ...told, nodes }, options)
  if (options.pin && options.pin.toLowerCase() !== network.network)
    throw new WrongNetworkError({ expected: options.pin, found: network.network, where: `at ${url}` })
  return network
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url)
  return response.json()
}

function parse(json: NetworkJson): Network {
  const attestationRoot = hash(json, 'attestationRoot')
  const ruleset = integer(json, 'ruleset')
  if (ruleset !== RULESET)
    throw new InvalidNetworkError({
      field: 'ruleset',
      expected: `${RULESET}, the rules that this version knows`,
    })
  return {
    network: hash(json, 'network'),
    chainId: integer(json, 'chainId'),
    enigma: address(json, 'enigma'),
    checkpointNumber: integer(json, 'checkpointNumber'),
    checkpointHash: hash(json, 'checkpointHash'),
    verifier: integer(json, 'verifier'),
    attestationRoot,
    ruleset,
    publicKey: hex(json, 'publicKey', 96),
    // The flag is not part of the identity, the root is: believe whichever is worse.
    simulated: json.simulated === true || attestationRoot === SIMULATED_ROOT,
    nodes: Object.freeze([...(json.api ?? json.nodes ?? [])].map(String)),
  }
}

function hex(
  json: NetworkJson,
  field: 'network' | 'checkpointHash' | 'attestationRoot' | 'publicKey',
  size: number,
): Hex {
  const text = String(json[field] ?? '').toLowerCase()
  const value = (text.startsWith('0x') ? text : `0x${text}`) as Hex
  if (!isHex(value) || value.length !== 2 + 2 * size)
    throw new InvalidNetworkError({ field, expected: `${size} bytes in hex` })
  return value
}

function hash(json: NetworkJson, field: 'network' | 'checkpointHash' | 'attestationRoot'): Hex {
  return hex(json, field, 32)
}

function address(json: NetworkJson, field: 'enigma'): Address {
  const value = String(json[field] ?? '')
  if (!isAddress(value, { strict: false })) throw new InvalidNetworkError({ field, expected: 'an address' })
  return getAddress(value)
}

function integer(json: NetworkJson, field: 'chainId' | 'checkpointNumber' | 'verifier' | 'ruleset'): number {
  const value = json[field]
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidNetworkError({ field, expected: 'a whole number of at least 1' })
  return value
}
