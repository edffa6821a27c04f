// What docs/rpc.md promises, as readers; the types follow from them.
import {
  address,
  bool,
  count,
  hash,
  list,
  number,
  oneOf,
  optional,
  publicKey,
  type Read,
  record,
  text,
  wei,
} from './schema'

export const readNetwork = record({
  network: hash,
  chainId: count,
  enigma: address,
  checkpointNumber: count,
  checkpointHash: hash,
  verifier: count,
  attestationRoot: hash,
  ruleset: count,
  publicKey,
  simulated: bool,
  keys: optional(text),
  token: optional(address),
  parameters: record({
    epochLength: count,
    groupSize: count,
    takeover: count,
    skipEpochs: count,
    window: count,
  }),
})
export type Network = Read<typeof readNetwork>

export const readHealth = record({
  ok: bool,
  name: text,
  role: text,
  version: text,
  height: count,
  timestamp: count,
  behind: number,
  peers: record({ connected: count, known: count }),
  enclave: optional(record({ address: optional(address), measurement: optional(hash) })),
  uptime: number,
})
export type Health = Read<typeof readHealth>

export const readEpoch = record({
  epoch: count,
  start: count,
  nextStart: optional(count),
  length: count,
  height: count,
  seeded: bool,
  workers: count,
  weight: number,
})
export type Epoch = Read<typeof readEpoch>

export const readGroup = record({
  epoch: count,
  workers: list(
    record({ rank: count, silent: optional(bool), id: count, signer: address, operator: address }),
    64,
  ),
})
export type Group = Read<typeof readGroup>

export const readWorkers = list(
  record({
    id: count,
    signer: address,
    operator: address,
    stake: wei,
    loggedIn: bool,
    measurement: hash,
    platform: hash,
    checked: bool,
    barred: bool,
    expiry: count,
  }),
  40_000,
)
export type Worker = Read<typeof readWorkers>[number]

export const readContract = record({
  address,
  deployer: address,
  createdBlock: count,
  inputs: count,
  committed: count,
  stateHead: hash,
  sealedEpoch: count,
  signers: count,
  depth: count,
  snapshotHash: optional(hash),
  deltaBytes: optional(count),
  outputBytes: optional(count),
  balance: optional(wei),
})
export type Contract = Read<typeof readContract>
export const readContracts = list(readContract, 20_000)

export const readTask = record({
  contract: address,
  index: count,
  kind: oneOf('task', 'deploy'),
  stage: oneOf('waiting', 'executing', 'committed'),
  ahead: optional(count),
  sender: address,
  onBehalfOf: optional(hash),
  value: wei,
  gasLimit: count,
  commitGas: count,
  priceCap: wei,
  tip: wei,
  epoch: count,
  inclusionEpoch: count,
  inputHead: hash,
  envelopeBytes: count,
  codeBytes: count,
  created: record({ transaction: hash, block: count, blockHash: hash, time: count }),
  worker: optional(record({ id: count, signer: address, operator: address })),
  committed: optional(
    record({
      transaction: hash,
      block: count,
      time: count,
      epoch: count,
      firstIndex: count,
      lastIndex: count,
      status: oneOf('completed', 'valueReturned', 'unopened', 'skipped'),
      gasCharged: count,
      pay: wei,
      refund: optional(wei),
      outputBytes: count,
      deltaBytes: count,
      stateHead: hash,
      snapshotHash: optional(hash),
    }),
  ),
  outbound: optional(
    list(
      record({
        kind: oneOf('transfer', 'call'),
        number: optional(count),
        target: address,
        value: wei,
        success: bool,
      }),
    ),
  ),
})
export type Task = Read<typeof readTask>
export const readTasks = list(readTask, 200)

export const readTopology = record({
  nodes: list(
    record({
      name: text,
      role: text,
      peer: optional(text),
      self: optional(bool),
      reachable: bool,
      peers: list(record({ peer: text, connected: bool, sent: count, received: count }), 256),
    }),
    256,
  ),
})
export type Topology = Read<typeof readTopology>
export type TopologyNode = Topology['nodes'][number]

export const readBlock = record({ number: count, hash, timestamp: count })
export type Block = Read<typeof readBlock>

/** The key of a task in maps and links. */
export const taskKey = (task: { readonly contract: string; readonly index: number }) =>
  `${task.contract}/${task.index}`
