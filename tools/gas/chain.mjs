// A local chain for the gas figures: anvil on a free loopback port, one unlocked account, times set by block.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { tool } from '../paths.mjs'

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a chain; `stop` ends it. */
export async function startChain() {
  const port = await freePort()
  const anvil = spawn(
    tool('anvil'),
    ['--hardfork', 'osaka', '--host', '127.0.0.1', '--port', `${port}`, '--timestamp', '1700000000', '--gas-limit', '2000000000', '--silent'],
    { stdio: 'ignore' },
  )
  const stop = () => anvil.kill()
  process.once('exit', stop)

  async function post(body) {
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return response.json()
  }

  async function rpc(method, ...params) {
    const { result, error } = await post({ jsonrpc: '2.0', id: 1, method, params })
    if (error) throw new Error(`${method}: ${error.message} ${error.data ?? ''}`)
    return result
  }

  /** Waits for the first answer, at most 10 seconds. */
  async function ready() {
    for (let tries = 0; tries < 400; tries += 1) {
      try {
        return Number(await rpc('eth_chainId'))
      } catch {
        await pause(25)
      }
    }
    throw new Error('anvil did not answer within 10 seconds')
  }

  const id = await ready()
  const [account] = await rpc('eth_accounts')
  await rpc('anvil_setBlockTimestampInterval', 1)
  // The Enigma contract's checkpoint is its parent block, so there must be one above block 0.
  await rpc('anvil_mine', '0x1')
  const transaction = (to, data, value = 0n) => ({
    from: account,
    ...(to ? { to } : {}),
    data,
    value: `0x${value.toString(16)}`,
    gas: '0x1c9c380',
  })

  async function receiptOf(hash) {
    // A large transaction is mined a moment after its hash is answered.
    let receipt = null
    for (let tries = 0; receipt === null && tries < 400; tries += 1) {
      receipt = await rpc('eth_getTransactionReceipt', hash)
      if (receipt === null) await pause(25)
    }
    if (receipt === null) throw new Error(`transaction ${hash} was not mined within 10 seconds`)
    if (receipt.status !== '0x1') throw new Error(`transaction ${hash} reverted`)
    return receipt
  }

  return {
    id,
    account,
    stop,
    block: (number) => rpc('eth_getBlockByNumber', number, false),
    read: (to, data) => rpc('eth_call', { to, data }, 'latest'),
    send: async (to, data, value) => receiptOf(await rpc('eth_sendTransaction', transaction(to, data, value))),
    /** Sends calls in order, all in one block, and returns their receipts. */
    async sendMany(to, calls) {
      await rpc('evm_setAutomine', false)
      const hashes = []
      for (const data of calls) hashes.push(await rpc('eth_sendTransaction', { ...transaction(to, data), gas: '0x7a120' }))
      await rpc('anvil_mine', '0x1')
      await rpc('evm_setAutomine', true)
      const receipts = []
      for (const hash of hashes) receipts.push(await receiptOf(hash))
      return receipts
    },
    /** Mines until the next block is number `target`. */
    async mineTo(target) {
      const missing = target - BigInt(await rpc('eth_blockNumber'))
      if (missing > 0n) await rpc('anvil_mine', `0x${missing.toString(16)}`)
    },
  }
}
