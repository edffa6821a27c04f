// The last gate: looks through the parameters of whatever is about to reach the wrapped provider, and lets nothing
// pass that carries calldata for a secret contract in the clear.
import { type Address, type Hex, parseTransaction } from 'viem'
import type { Context } from './context.js'
import { refused } from './errors.js'
import { holdsCall, mentions, wordAddresses } from './nested.js'
import { asAddress, isObject, type Json } from './transaction.js'

/** Names under which requests carry a target, and calldata for it. */
const TARGETS = ['to', 'target'] as const
const CALLDATA = ['data', 'input', 'callData', 'calldata'] as const
/** Deeper than any request of a wallet. */
const MAX_DEPTH = 32

const WHY = 'It carries calldata in the clear, which the wallet’s RPC, and most likely everybody, would see.'
const INSTEAD =
  'Call the contract directly, with eth_sendTransaction or eth_call: then the wrapper encrypts it.'

/** Throws if the request would show calldata of a secret contract. */
export async function guard(context: Context, method: string, params: unknown): Promise<void> {
  const gate = new Gate(context, method)
  await gate.look(params, 0)
}

class Gate {
  readonly #context: Context
  readonly #method: string

  constructor(context: Context, method: string) {
    this.#context = context
    this.#method = method
  }

  async look(value: unknown, depth: number): Promise<void> {
    if (depth > MAX_DEPTH)
      throw refused(
        this.#method,
        undefined,
        'Its parameters are nested too deeply to be looked through.',
        INSTEAD,
      )
    if (typeof value === 'string') return this.#text(value, depth)
    if (Array.isArray(value)) {
      for (const item of value) await this.look(item, depth + 1)
      return
    }
    if (!isObject(value)) return
    await this.#transaction(value)
    for (const item of Object.values(value)) await this.look(item, depth + 1)
  }

  async #transaction(value: Json): Promise<void> {
    if (!CALLDATA.some((key) => isCalldata(value[key]))) return
    const targets = TARGETS.map((key) => asAddress(value[key])).filter((target) => target !== undefined)
    for (const target of targets) await this.#refuse(target)
    const nowhere = TARGETS.every(
      (key) => value[key] === undefined || value[key] === null || value[key] === '0x',
    )
    if (nowhere && this.#context.options.deploy === 'secret')
      throw refused(this.#method, undefined, WHY, INSTEAD)
  }

  async #text(value: string, depth: number): Promise<void> {
    if (isHex(value)) return this.#bytes(value)
    // eth_signTypedData_v4 takes its message as JSON.
    if (!/^\s*[[{]/.test(value)) return
    let json: unknown
    try {
      json = JSON.parse(value)
    } catch {
      return
    }
    await this.look(json, depth + 1)
  }

  async #bytes(value: Hex): Promise<void> {
    if (this.#method === 'eth_sendRawTransaction') await this.#signed(value)
    if (!holdsCall(value)) return
    for (const known of this.#context.secrets.known()) if (mentions(value, known)) await this.#refuse(known)
    for (const address of wordAddresses(value)) await this.#refuse(address)
  }

  async #signed(value: Hex): Promise<void> {
    let transaction: { to?: Address | null; data?: Hex }
    try {
      transaction = parseTransaction(value)
    } catch {
      // Of a kind that is not known here: it passes unless it names a secret contract.
      for (const known of this.#context.secrets.known()) if (mentions(value, known)) await this.#refuse(known)
      return
    }
    const { to, data } = transaction
    if (to) await this.#refuse(to)
    else if (data && this.#context.options.deploy === 'secret')
      throw refused(this.#method, undefined, WHY, INSTEAD)
  }

  async #refuse(address: Address): Promise<void> {
    if (await this.#context.secrets.has(address))
      throw refused(this.#method, address, WHY, insteadOf(this.#method))
  }
}

function insteadOf(method: string): string {
  if (method === 'eth_sendRawTransaction' || method === 'eth_signTransaction')
    return 'A key of your own signs tasks through enigmaActions: createWalletClient(…).extend(enigmaActions(network)).'
  if (method.startsWith('wallet_')) return 'Send the calls one by one with eth_sendTransaction.'
  return INSTEAD
}

function isHex(value: string): value is Hex {
  return /^0x(?:[0-9a-f]{2})*$/i.test(value)
}

function isCalldata(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value !== '0x'
}
