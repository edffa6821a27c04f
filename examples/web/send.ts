// Sends tasks and shows how they fare.
import { type Abi, type Address, formatEther, type Hex } from 'viem'
import { nameOf } from './accounts'
import { findInput, findOutcome } from './chain'
import type { Client } from './client'
import { ether, TaskCard } from './task'

/** What a page knows of its contract. */
export type Contract = {
  name: string
  abi: Abi
  bytecode: Hex
  /** Why something failed, for a person. */
  explain(error: unknown): string
}

/** One call by a task. */
export type Call = {
  address: Address
  functionName: string
  args?: readonly unknown[]
  value?: bigint
  /** Gas of its outbound calls. */
  outbound?: bigint
}

/** Calls the contract by a task and returns what it returned. Throws if the task failed; the card tells why. */
export async function send(client: Client, contract: Contract, call: Call): Promise<unknown> {
  const { address, functionName, args = [] } = call
  const { abi, explain } = contract
  const card = new TaskCard(`${functionName}(${args.map(shown).join(', ')})`, nameOf(client.account.address))
  const onStage = card.stage.bind(card)
  try {
    const task = await client.writeSecretContract({ ...call, args, abi, onStage })
    const input = await showInput(client, card, task.hash)
    const result = await client.waitForTask({ task, abi, functionName, onStage })
    card.tell('you', 'gas inside', result.gasUsed.toLocaleString('en'))
    card.tell('you', 'paid', ether(result.paid))
    card.tell('you', 'returned', result.result === undefined ? 'nothing' : shown(result.result))
    const { output, delta, outbound } = await findOutcome(
      client,
      result.commit.transaction,
      address,
      input.index,
    )
    for (const { target, value } of outbound)
      card.tell('chain', 'ether out', `${formatEther(value)} ETH to ${nameOf(target)}`)
    card.bytes('sealed output', output)
    card.bytes('sealed change of state', delta)
    card.outcome('Committed: done inside, and Ethereum has checked the receipt.')
    return result.result
  } catch (error) {
    card.outcome(explain(error), true)
    throw error
  }
}

/** Deploys the contract with its code in the clear, so that everybody can check it. */
export async function deploy(
  client: Client,
  { name, abi, bytecode, explain }: Contract,
  args: readonly unknown[] = [],
): Promise<Address> {
  const card = new TaskCard(`deploy ${name}`, nameOf(client.account.address))
  const onStage = card.stage.bind(card)
  try {
    const { address, task } = await client.deploySecretContract({ abi, bytecode, args, onStage })
    card.tell('you', 'contract', address, true)
    await showInput(client, card, task.hash)
    const result = await client.waitForTask({ task, onStage })
    card.tell('you', 'paid', ether(result.paid))
    card.outcome('Committed: the contract is there.')
    return address
  } catch (error) {
    card.outcome(explain(error), true)
    throw error
  }
}

async function showInput(client: Client, card: TaskCard, hash: Hex) {
  const input = await findInput(client, hash)
  card.tell('chain', 'from', nameOf(input.sender))
  card.tell('chain', 'to', input.secretContract, true)
  if (input.value > 0n) card.tell('chain', 'value', `${formatEther(input.value)} ETH`)
  if (input.code !== '0x') card.bytes('code, public', input.code)
  card.envelope(input.envelope)
  return input
}

const shown = (value: unknown): string => {
  if (typeof value === 'string' && /^0x[0-9a-f]{40}$/i.test(value)) return nameOf(value as Address)
  if (typeof value === 'bigint') return value.toLocaleString('en')
  return Array.isArray(value) ? `[${value.map(shown).join(', ')}]` : String(value)
}
