#!/usr/bin/env node
// Time from writeSecretContract to the decrypted result, over HTTP and over WebSocket, on a local network that runs already:
//   npm run build -w enigma-js && node js/enigma-js/bench/latency.mjs [data directory, default .enigma] [tasks, default 100] [--write | --check]
// The figures are worth what the machine was: nothing else should run on it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createWalletClient, http, parseAbi, publicActions, webSocket } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { defineNetwork, enigmaActions } from '../dist/index.js'
import { report } from './figures.mjs'

/** Sessions, groups and the compiler warm up. */
const WARMING = 10
/** Milliseconds, median. */
const LIMIT = 60

const [directory = '.enigma', count = '100'] = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const tasks = Number(count)
const json = JSON.parse(readFileSync(join(directory, 'network.json'), 'utf8'))

// contract C { uint256 n; fallback() external { n += 1; assembly { mstore(0, sload(0)) return(0, 32) } } }
const abi = parseAbi(['function count() returns (uint256)'])
const bytecode = '0x600e8060095f395ff35f54600101805f555f5260205ff3'

/** Laps of one task each: milliseconds until it is broadcast, and until its result is verified and decrypted. */
async function lapsOver(transport, addressIndex) {
  const account = mnemonicToAccount('test test test test test test test test test test test junk', {
    addressIndex,
  })
  const client = createWalletClient({ account, chain: foundry, transport })
    .extend(publicActions)
    .extend(enigmaActions(defineNetwork(json, { allowSimulated: true })))
  const { address, task } = await client.deploySecretContract({ abi, bytecode })
  await client.waitForTask({ task })
  const laps = []
  for (let i = 0n; i < WARMING + tasks; i += 1n) {
    const start = performance.now()
    const sent = await client.writeSecretContract({ address, abi, functionName: 'count' })
    const broadcast = performance.now() - start
    const { result } = await client.waitForTask({ task: sent, abi, functionName: 'count' })
    laps.push({ broadcast, decrypted: performance.now() - start })
    if (result !== i + 1n) throw new Error(`task ${i + 1n} returned ${result}`)
  }
  return laps.slice(WARMING)
}

function percentiles(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (p) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))].toFixed(1))
  return { p50: at(50), p99: at(99) }
}

const figures = {
  about:
    'milliseconds from writeSecretContract on a warm client to its broadcast and to the decrypted result',
  node: process.version,
  tasks,
}
const socket = json.rpc.replace(/^http/, 'ws')
for (const [name, transport, addressIndex] of [
  ['http', http(json.rpc), 8],
  ['webSocket', webSocket(socket, { reconnect: false }), 9],
]) {
  const laps = await lapsOver(transport, addressIndex)
  figures[name] = {
    broadcast: percentiles(laps.map((lap) => lap.broadcast)),
    decrypted: percentiles(laps.map((lap) => lap.decrypted)),
  }
}
report(
  'latency',
  figures,
  ['http', 'webSocket'].map((name) => [`${name}, median`, figures[name].decrypted.p50, LIMIT, 'ms']),
)
process.exit() // viem's socket keeps a timer for a while
