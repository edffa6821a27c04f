// Types of what the plugins supply.

declare module 'virtual:network' {
  import type { NetworkJson } from 'enigma-js'

  const json: NetworkJson & { rpc: string }
  export default json
}

declare module '*.sol' {
  import type { Abi, Hex } from 'viem'
  export const abi: Abi
  export const bytecode: Hex
}

/** A wallet's, where there is one: look before you use it. */
interface Window {
  ethereum: import('viem').EIP1193Provider
}
