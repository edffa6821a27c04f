// How often a wallet is asked, and that what it said shows nowhere.
import { inspect } from 'node:util'
import { type Address, bytesToHex, createWalletClient, custom, type Hex, numberToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { lock } from '../actions/lock.js'
import { unlock } from '../actions/unlock.js'
import { connect, type EnigmaOptions } from '../connection.js'
import { enigmaActions } from '../decorator.js'
import { defineNetwork } from '../network.js'
import { networkId } from '../protocol/network.js'
import { readerOf } from './reader.js'
import { isUnlocked, keepReplyKey, newReplyKey, replyKeyOf, viewKeyOf } from './view.js'

const fields = {
  chainId: 31_337,
  enigma: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
  checkpointNumber: 3,
  checkpointHash: numberToHex(1, { size: 32 }),
  verifier: 1,
  attestationRoot: numberToHex(7, { size: 32 }),
  ruleset: 1,
  publicKey: numberToHex(5, { size: 96 }),
} as const
const network = defineNetwork({ ...fields, network: networkId(fields) })
const alice = privateKeyToAccount(numberToHex(11, { size: 32 }))
const bob = privateKeyToAccount(numberToHex(12, { size: 32 }))
const first: Address = '0x00000000000000000000000000000000000000A1'
const second: Address = '0x00000000000000000000000000000000000000a2'

/** A client whose wallet counts what it is asked to sign; `refuse` makes it say no. */
function wallet(options?: EnigmaOptions) {
  const asked: string[] = []
  const signatures: Hex[] = []
  const state = { asked, signatures, refuse: false }
  const transport = custom(
    {
      async request({ method, params }: { method: string; params: [Address, string] }) {
        if (method !== 'eth_signTypedData_v4') throw new Error(`nobody expects ${method}`)
        const [address, json] = params
        const data = JSON.parse(json)
        asked.push(`${data.primaryType} ${data.message.secretContract} ${address}`.toLowerCase())
        if (state.refuse) throw Object.assign(new Error('no'), { code: 4001 })
        const signer = address.toLowerCase() === alice.address.toLowerCase() ? alice : bob
        const signature = await signer.signTypedData(data)
        signatures.push(signature)
        return signature
      },
    },
    { retryCount: 0 },
  )
  const client = createWalletClient({ account: alice.address, transport })
  return { ...state, state, client, connection: connect(client, network, options) }
}

const account = (address: Address) => ({ address, type: 'json-rpc' }) as const
const [a, b] = [account(alice.address), account(bob.address)]
const view = (contract: Address, { address }: { address: Address }) =>
  `viewkey ${contract} ${address}`.toLowerCase()
const reading = (contract: Address, { address }: { address: Address }) =>
  `readauthorisation ${contract} ${address}`.toLowerCase()

test('one signature makes the view key of a contract and account, however many tasks come', async () => {
  const { connection, asked } = wallet()
  await Promise.all([1, 2, 3, 4].map(() => newReplyKey(connection, first, a)))
  await newReplyKey(connection, first.toLowerCase() as Address, a)
  await unlock(connection, { contract: first })
  expect(asked).toEqual([view(first, a)])
  await newReplyKey(connection, second, a)
  await newReplyKey(connection, first, b)
  expect(asked).toEqual([view(first, a), view(second, a), view(first, b)])
})

test('one signature makes a read session, which lasts a day', async () => {
  const { connection, asked } = wallet()
  const sessions = await Promise.all([1, 2, 3, 4].map(() => readerOf(connection, first, a, 1_000n)))
  expect(new Set(sessions).size).toBe(1)
  await readerOf(connection, first, a, 1_000n + 23n * 3_600n)
  expect(asked).toEqual([reading(first, a)])
  const other = await readerOf(connection, first, b, 1_000n)
  expect(other.account).toBe(bob.address)
  expect(other.key.address).not.toBe(sessions[0]?.key.address)
  await readerOf(connection, second, a, 1_000n)
  await readerOf(connection, first, a, 1_000n + 24n * 3_600n)
  expect(asked).toEqual([reading(first, a), reading(first, b), reading(second, a), reading(first, a)])
})

test('a wallet that said no is asked again', async () => {
  const { connection, asked, state } = wallet()
  state.refuse = true
  await expect(viewKeyOf(connection, first, a)).rejects.toThrow()
  await expect(readerOf(connection, first, a, 1n)).rejects.toThrow()
  expect(isUnlocked(connection, first, alice.address)).toBe(false)
  state.refuse = false
  await viewKeyOf(connection, first, a)
  await readerOf(connection, first, a, 1n)
  expect(asked).toEqual([view(first, a), reading(first, a), view(first, a), reading(first, a)])
})

test('locking forgets one account, and no other', async () => {
  const { connection, asked } = wallet()
  await Promise.all([viewKeyOf(connection, first, a), viewKeyOf(connection, first, b)])
  lock(connection)
  expect(isUnlocked(connection, first, alice.address)).toBe(false)
  expect(isUnlocked(connection, first, bob.address)).toBe(true)
  await viewKeyOf(connection, first, a)
  expect(asked).toHaveLength(3)
})

test('the same account has the same view key on any client, another account another', async () => {
  const keys = await Promise.all([
    viewKeyOf(wallet().connection, first, a),
    viewKeyOf(wallet().connection, first, a),
    viewKeyOf(wallet().connection, first, b),
    viewKeyOf(wallet().connection, second, a),
  ])
  const [one, again, ...others] = keys.map((key) => key.expose(bytesToHex))
  expect(again).toBe(one)
  expect(new Set([one, ...others]).size).toBe(3)
})

test('ephemeral reply keys ask for nothing, and only their client has them', async () => {
  const { connection, asked } = wallet({ replyKeys: 'ephemeral' })
  const { replyKey } = await newReplyKey(connection, first, a)
  keepReplyKey(connection, '0x1234', replyKey)
  expect(await replyKeyOf(connection, first, a, '0x1234')).toBe(replyKey)
  expect(await replyKeyOf(wallet({ replyKeys: 'ephemeral' }).connection, first, a, '0x1234')).toBeUndefined()
  expect(asked).toEqual([])
})

/** Every way in which a value commonly ends up in a log. */
function printed(value: unknown): string {
  const seen = new Set<unknown>()
  const json = JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return String(each)
    if (each instanceof Map) return [...each]
    if (typeof each === 'object' && each !== null) {
      if (seen.has(each)) return undefined
      seen.add(each)
    }
    return each
  })
  return `${json}${inspect(value, { depth: null, showHidden: true, maxArrayLength: null })}${String(value)}`
}

/** How 32 bytes look when they leak: as hex, as numbers, as base64. */
function traces(bytes: Uint8Array): string[] {
  const some = bytes.subarray(0, 12)
  return [
    bytesToHex(some).slice(2),
    [...some].join(', '),
    [...some].join(','),
    Buffer.from(some).toString('base64'),
  ]
}

test('no key or signature shows in what a connection or client holds', async () => {
  const { connection, client, signatures } = wallet()
  const { connection: fleeting } = wallet({ replyKeys: 'ephemeral' })
  const extended = client.extend(enigmaActions(network))
  await extended.unlock({ contract: first })
  const viewKey = await viewKeyOf(connection, first, a)
  const { replyKey } = await newReplyKey(fleeting, first, a)
  keepReplyKey(fleeting, '0x1234', replyKey)
  const session = await readerOf(connection, first, a, 1_000n)
  await Promise.resolve()
  const secrets = [viewKey, replyKey, session.key.secret].flatMap((secret) => secret.expose(traces))
  // The view key's signature is as good as the key.
  secrets.push(...signatures.slice(0, 2).map((signature) => signature.slice(2, 60)))
  const text = [connection, fleeting, connection.cache, extended, session.key].map(printed).join('\n')
  // It does look inside.
  expect(text).toContain('Secret(..)')
  expect(text.toLowerCase()).toContain(session.key.address.toLowerCase())
  for (const secret of secrets) expect(text.includes(secret), secret).toBe(false)
})
