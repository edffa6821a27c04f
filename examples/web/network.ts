// The network that this page was built for.

import json from 'virtual:network'
import { defineNetwork } from 'enigma-js'
import { type Chain, defineChain } from 'viem'

/** Pinned: what it is comes with the page and not from any server. The examples may run on simulated enclaves. */
export const network = defineNetwork(json, { allowSimulated: true })

/** The chain's endpoint. */
export const rpc = json.rpc

/** The chain beneath. */
export const chain: Chain = defineChain({
  id: network.chainId,
  name: network.simulated ? 'Enigma local' : 'Ethereum',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [rpc] } },
})
