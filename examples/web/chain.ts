// What an onlooker learns of a task: the events that the Enigma contract emits for it.
import { type Hex, parseEventLogs, slice } from 'viem'
import type { Client } from './client'
import { events } from './events'
import { network } from './network'

const logsOf = async (client: Client, hash: Hex) => {
  const { logs } = await client.waitForTransactionReceipt({ hash })
  const ours = logs.filter(({ address }) => address.toLowerCase() === network.enigma.toLowerCase())
  return parseEventLogs({ abi: events, logs: ours })
}

/** The task as its transaction logged it. */
export async function findInput(client: Client, hash: Hex) {
  for (const log of await logsOf(client, hash)) if (log.eventName === 'InputCreated') return log.args
  throw new Error(`Transaction ${hash} created no task.`)
}

/** The transaction that committed task `index`, if it is committed. */
export async function findCommit(client: Client, contract: Hex, index: bigint): Promise<Hex | undefined> {
  const commits = await client.getContractEvents({
    address: network.enigma,
    abi: events,
    eventName: 'Committed',
    args: { secretContract: contract },
    fromBlock: BigInt(network.checkpointNumber),
    strict: true,
  })
  return commits.find(({ args }) => args.firstIndex <= index && index <= args.lastIndex)?.transactionHash
}

/** The encrypted output and the sealed change of state of task `index`, as they were committed, what it paid, and to whom. */
export async function findOutcome(client: Client, commit: Hex, contract: Hex, index: bigint) {
  const logs = (await logsOf(client, commit)).filter(
    ({ args }) => args.secretContract.toLowerCase() === contract.toLowerCase(),
  )
  const outbound = logs.flatMap(({ eventName, args }) =>
    eventName === 'OutboundCalled' && args.index === index ? [args] : [],
  )
  for (const { eventName, args } of logs) {
    if (eventName !== 'Committed' || index < args.firstIndex || index > args.lastIndex) continue
    const place = Number(index - args.firstIndex)
    return {
      output: args.outputs[place] ?? '0x',
      delta: args.deltas[place] ?? '0x',
      // The high bits of an outcome (contracts/src/interfaces/ICommits.sol).
      paid: (args.outcomes[place] ?? 0n) >> 72n,
      outbound,
    }
  }
  throw new Error(`Transaction ${commit} did not commit task ${index}.`)
}

/** The parts of an envelope (docs/bytes.md): version, era and epoch first. Only the header can be read without the contract's key of that epoch. */
export function envelopeParts(envelope: Hex): { name: string; bytes: Hex }[] {
  return [
    { name: 'epoch', bytes: slice(envelope, 0, 13) },
    { name: 'key capsule', bytes: slice(envelope, 13, 109) },
    { name: 'nonce', bytes: slice(envelope, 109, 133) },
    { name: 'sealed call', bytes: slice(envelope, 133) },
  ]
}
