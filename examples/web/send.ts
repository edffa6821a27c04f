// Sends tasks and shows how they fare.
import type { OnStage, TaskResult } from 'enigma-js'
import { type Abi, type Address, formatEther, type Hex, isAddress } from 'viem'
import { nameOf } from './accounts'
import { findCommit, findInput, findOutcome } from './chain'
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
  /** What the page calls it. Default: the function with its arguments. */
  title?: string
}

/** How one task is sent, and how its end is waited for. */
export type Course = {
  title: string
  /** `msg.sender` inside. */
  as: Address
  /** What the page says when it has ended well. */
  done: string
  send(onStage: OnStage): Promise<Hex>
  wait(onStage: OnStage): Promise<TaskResult>
}

/** Calls the contract by a task and returns what it returned. Throws if the task failed; the card tells why. */
export async function send(client: Client, contract: Contract, call: Call): Promise<unknown> {
  const { title, ...sent } = call
  const { functionName, args = [] } = call
  const { abi } = contract
  let task: Awaited<ReturnType<Client['writeSecretContract']>>
  const { result } = await follow(client, contract, {
    title: title ?? `${functionName}(${args.map(shown).join(', ')})`,
    as: client.account.address,
    done: 'Committed: done inside, and Ethereum has checked the receipt.',
    async send(onStage) {
      task = await client.writeSecretContract({ ...sent, args, abi, onStage })
      return task.hash
    },
    wait: (onStage) => client.waitForTask({ task, abi, functionName, onStage }),
  })
  return result
}

/** Deploys the contract with its code in the clear, so that everybody can check it. */
export async function deploy(
  client: Client,
  contract: Contract,
  args: readonly unknown[] = [],
): Promise<Address> {
  const { name, abi, bytecode } = contract
  let deployed: Awaited<ReturnType<Client['deploySecretContract']>>
  const result = await follow(client, contract, {
    title: `deploy ${name}`,
    as: client.account.address,
    done: 'Committed: the contract is there.',
    async send(onStage) {
      deployed = await client.deploySecretContract({ abi, bytecode, args, onStage })
      return deployed.task.hash
    },
    wait: (onStage) => client.waitForTask({ task: deployed.task, onStage }),
  })
  return result.contract
}

/** Shows a task from its beginning to its end: what its sender sees, and what the chain does. */
export async function follow(client: Client, { explain }: Contract, course: Course): Promise<TaskResult> {
  const card = new TaskCard(course.title, nameOf(course.as))
  const onStage = card.stage.bind(card)
  let input: Awaited<ReturnType<typeof showInput>> | undefined
  try {
    input = await showInput(client, card, await course.send(onStage))
    const result = await course.wait(onStage)
    card.tell('you', 'gas inside', result.gasUsed.toLocaleString('en'))
    card.tell('you', 'paid', ether(result.paid))
    if (result.kind === 'deploy') card.tell('you', 'contract', result.contract, true)
    else card.tell('you', 'returned', result.result === undefined ? 'nothing' : shown(result.result))
    await showOutcome(client, card, input, result.commit.transaction)
    card.outcome(course.done)
    return result
  } catch (error) {
    card.outcome(explain(error), true)
    // It has failed inside, if it is committed: for an onlooker it has not.
    const commit =
      input && (await findCommit(client, input.secretContract, input.index).catch(() => undefined))
    if (input && commit) {
      card.tell('you', 'paid', ether(await showOutcome(client, card, input, commit)))
      card.committed()
    }
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

/** What the commit shows of a task; wei that it paid. */
async function showOutcome(
  client: Client,
  card: TaskCard,
  { secretContract, index }: { secretContract: Address; index: bigint },
  commit: Hex,
): Promise<bigint> {
  const { output, delta, outbound, paid } = await findOutcome(client, commit, secretContract, index)
  for (const { target, value, success } of outbound) {
    const way = success ? `to ${nameOf(target)}` : `refused by ${nameOf(target)}, whose credit it is`
    card.tell('chain', 'ether out', `${formatEther(value)} ETH ${way}`)
  }
  card.bytes('sealed output', output)
  card.bytes('sealed change of state', delta)
  return paid
}

const shown = (value: unknown): string => {
  if (typeof value === 'string' && isAddress(value, { strict: false })) return nameOf(value)
  if (typeof value === 'bigint') return value.toLocaleString('en')
  return Array.isArray(value) ? `[${value.map(shown).join(', ')}]` : String(value)
}
