// The network that this page was built for.

import json from 'virtual:network'
import { defineNetwork } from 'enigma-js'
import { type Chain, defineChain } from 'viem'

/** Pinned: what it is comes with the page and not from any server. The examples may run on simulated enclaves. */
export const network = defineNetwork(json, { allowSimulated: true })

/** What a person must know of it. */
export const networkWords = network.simulated
  ? 'SIMULATED: a local network keeps no secret from whoever owns the machine'
  : `network ${network.network}`

/** The chain's endpoint. */
export const rpc = json.rpc

/** The chain beneath. */
export const chain: Chain = defineChain({
  id: network.chainId,
  name: network.simulated ? 'Enigma local' : 'Ethereum',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [rpc] } },
})
