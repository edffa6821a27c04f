// What the chain says of a task, asked by hand: no word of enigma-js is taken for it.
import { createPublicClient, type Hex, http, isAddressEqual, parseEventLogs } from 'viem'
import { events } from '../../examples/web/events'
import type { LocalNetwork } from './network'

/** The input that a transaction created, and whether the enclaves have opened and executed it. */
export async function taskOf({ json }: LocalNetwork, hash: Hex) {
  const client = createPublicClient({ transport: http(json.rpc) })
  const { logs, to } = await client.getTransactionReceipt({ hash })
  const [input] = parseEventLogs({ abi: events, eventName: 'InputCreated', logs })
  if (!input || !to || !isAddressEqual(to, json.enigma)) throw new Error(`${hash} created no task`)
  const { secretContract, index, sender, envelope } = input.args
  const commits = await client.getLogs({ address: json.enigma, events, fromBlock: 0n })
  const commit = commits.find(
    ({ eventName, args }) =>
      eventName === 'Committed' &&
      isAddressEqual(args.secretContract as Hex, secretContract) &&
      (args.firstIndex as bigint) <= index &&
      index <= (args.lastIndex as bigint),
  )
  if (commit?.eventName !== 'Committed') return { secretContract, index, sender, envelope, status: undefined }
  const { firstIndex = 0n, outcomes = [], outputs = [] } = commit.args
  const place = Number(index - firstIndex)
  // The low byte of an outcome: 0 completed, 1 value returned, 2 the envelope did not open.
  return {
    secretContract,
    index,
    sender,
    envelope,
    status: Number((outcomes[place] as bigint) & 0xffn),
    output: outputs[place],
  }
}
