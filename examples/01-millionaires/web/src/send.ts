// Sends tasks and shows how they fare.
import type { Address } from 'viem'
import { nameOf } from './accounts'
import { findInput, findOutcome } from './chain'
import type { Client } from './client'
import { explain, millionaires } from './contract'
import { ether, TaskCard } from './task'

type Call =
  | { address: Address; functionName: 'declare'; args: readonly [bigint] }
  | { address: Address; functionName: 'richer' }

/** Calls the contract by a task and returns what it returned. Throws if the task failed; the card tells why. */
export async function send(client: Client, call: Call): Promise<unknown> {
  const title = call.functionName === 'declare' ? `declare(${call.args[0].toLocaleString('en')})` : 'richer()'
  const card = new TaskCard(title, nameOf(client.account.address))
  const onStage = card.stage.bind(card)
  try {
    const task = await client.writeSecretContract({ ...call, abi: millionaires.abi, onStage })
    const input = await showInput(client, card, task.hash)
    const result = await client.waitForTask({
      task,
      abi: millionaires.abi,
      functionName: call.functionName,
      onStage,
    })
    card.tell('you', 'gas inside', result.gasUsed.toLocaleString('en'))
    card.tell('you', 'paid', ether(result.paid))
    const returned = call.functionName === 'richer' ? nameOf(result.result as Address) : 'nothing'
    card.tell('you', 'returned', returned)
    const { output, delta } = await findOutcome(client, result.commit.transaction, call.address, input.index)
    card.bytes('sealed output', output)
    card.bytes('sealed change of state', delta)
    card.outcome('Committed: done inside, and Ethereum has checked the receipt.')
    return result.result
  } catch (error) {
    card.outcome(explain(error), true)
    throw error
  }
}

/** Deploys the contract with its code in the clear, so that both millionaires can check it. */
export async function deploy(client: Client): Promise<Address> {
  const card = new TaskCard('deploy Millionaires', nameOf(client.account.address))
  const onStage = card.stage.bind(card)
  try {
    const { address, task } = await client.deploySecretContract({ ...millionaires, onStage })
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

async function showInput(client: Client, card: TaskCard, hash: `0x${string}`) {
  const input = await findInput(client, hash)
  card.tell('chain', 'from', nameOf(input.sender))
  card.tell('chain', 'to', input.secretContract, true)
  if (input.code !== '0x') card.bytes('code, public', input.code)
  card.envelope(input.envelope)
  return input
}
