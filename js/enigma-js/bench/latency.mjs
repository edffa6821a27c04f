#!/usr/bin/env node
// Time from writeSecretContract to the decrypted result, over the WebSocket of a local network that runs already:
//   npm run build -w enigma-js && node js/enigma-js/bench/latency.mjs [data directory, default .enigma] [tasks, default 100]
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createWalletClient, parseAbi, publicActions, webSocket } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { defineNetwork, enigmaActions } from '../dist/index.js'

const [directory = '.enigma', count = '100'] = process.argv.slice(2)
const json = JSON.parse(readFileSync(join(directory, 'network.json'), 'utf8'))
const account = mnemonicToAccount('test test test test test test test test test test test junk', {
  addressIndex: 8,
})
const transport = webSocket(json.rpc.replace(/^http/, 'ws'), { reconnect: false })
const client = createWalletClient({ account, chain: foundry, transport })
  .extend(publicActions)
  .extend(enigmaActions(defineNetwork(json, { allowSimulated: true })))

// contract C { uint256 n; fallback() external { n += 1; assembly { mstore(0, sload(0)) return(0, 32) } } }
const abi = parseAbi(['function count() returns (uint256)'])
const bytecode = '0x600e8060095f395ff35f54600101805f555f5260205ff3'
const { address, task } = await client.deploySecretContract({ abi, bytecode })
await client.waitForTask({ task })

async function once() {
  const start = performance.now()
  const sent = await client.writeSecretContract({ address, abi, functionName: 'count' })
  const broadcast = performance.now()
  await client.waitForTask({ task: sent, abi, functionName: 'count' })
  return { write: broadcast - start, all: performance.now() - start }
}

const percentile = (values, p) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor((values.length * p) / 100))]
for (let i = 0; i < 5; i += 1) await once() // sessions, groups and the compiler warm up
const laps = []
for (let i = 0; i < Number(count); i += 1) laps.push(await once())
for (const [name, key] of [
  ['broadcast', 'write'],
  ['decrypted', 'all'],
]) {
  const values = laps.map((lap) => lap[key])
  const [p50, p90, p99] = [50, 90, 99].map((p) => percentile(values, p).toFixed(1))
  console.log(`${name}: p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms (${values.length} tasks)`)
}
;(await client.transport.getRpcClient()).close()
process.exit() // viem's socket keeps a timer for a while
