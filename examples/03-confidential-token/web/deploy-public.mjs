// Deploys Token.sol in public, to compare with: `node deploy-public.mjs NAME SYMBOL SUPPLY` prints the address.
// The chain's endpoint is $ETH_RPC_URL, by default that of the local network of the page; its first account signs.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createWalletClient, http, publicActions } from 'viem'

const [name, symbol, supply] = process.argv.slice(2)
if (!supply) throw new Error('usage: node deploy-public.mjs NAME SYMBOL SUPPLY')
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const compiler = path('../../../tools/compile.mjs')
const { abi, bytecode } = JSON.parse(
  execFileSync(process.execPath, [compiler, path('../Token.sol')], { encoding: 'utf8' }),
)

const network = join(process.env.ENIGMA_DATA_DIR || path('../../../.enigma'), 'network.json')
const endpoint = process.env.ETH_RPC_URL ?? JSON.parse(readFileSync(network, 'utf8')).rpc
const transport = http(endpoint)
const client = createWalletClient({ transport, pollingInterval: 200 }).extend(publicActions)
const [account] = await client.getAddresses()
const hash = await client.deployContract({
  account,
  chain: null,
  abi,
  bytecode,
  args: [name, symbol, BigInt(supply)],
})
const { contractAddress } = await client.waitForTransactionReceipt({ hash })
console.log(contractAddress)
