/** A receipt landed. */
export const committedEvent = {
  type: 'event',
  name: 'Committed',
  inputs: [
    { name: 'secretContract', type: 'address', indexed: true },
    { name: 'firstIndex', type: 'uint64', indexed: true },
    { name: 'lastIndex', type: 'uint64', indexed: false },
    { name: 'epoch', type: 'uint40', indexed: false },
    { name: 'stateHead', type: 'bytes32', indexed: false },
    { name: 'snapshotHash', type: 'bytes32', indexed: false },
    { name: 'outcomes', type: 'uint256[]', indexed: false },
    { name: 'outputs', type: 'bytes[]', indexed: false },
    { name: 'deltas', type: 'bytes[]', indexed: false },
  ],
} as const

/** An input was given up: nobody executed it. */
export const skippedEvent = {
  type: 'event',
  name: 'Skipped',
  inputs: [
    { name: 'secretContract', type: 'address', indexed: true },
    { name: 'index', type: 'uint64', indexed: true },
    { name: 'stateHead', type: 'bytes32', indexed: false },
    { name: 'sender', type: 'address', indexed: true },
    { name: 'refund', type: 'uint256', indexed: false },
  ],
} as const

/** An input was logged. */
export const inputCreatedEvent = {
  type: 'event',
  name: 'InputCreated',
  inputs: [
    { name: 'secretContract', type: 'address', indexed: true },
    { name: 'index', type: 'uint64', indexed: true },
    { name: 'sender', type: 'address', indexed: true },
    { name: 'kind', type: 'uint8', indexed: false },
    { name: 'inputHead', type: 'bytes32', indexed: false },
    { name: 'onBehalfOf', type: 'bytes32', indexed: false },
    { name: 'value', type: 'uint256', indexed: false },
    { name: 'gasLimit', type: 'uint64', indexed: false },
    { name: 'commitGas', type: 'uint64', indexed: false },
    { name: 'priceCap', type: 'uint128', indexed: false },
    { name: 'tip', type: 'uint128', indexed: false },
    { name: 'epoch', type: 'uint40', indexed: false },
    { name: 'inclusionEpoch', type: 'uint40', indexed: false },
    { name: 'inflow', type: 'uint256', indexed: false },
    { name: 'code', type: 'bytes', indexed: false },
    { name: 'envelope', type: 'bytes', indexed: false },
  ],
} as const

/** A portal made an outbound call. */
export const outboundCalledEvent = {
  type: 'event',
  name: 'OutboundCalled',
  inputs: [
    { name: 'secretContract', type: 'address', indexed: true },
    { name: 'index', type: 'uint64', indexed: true },
    { name: 'number', type: 'uint256', indexed: false },
    { name: 'target', type: 'address', indexed: false },
    { name: 'value', type: 'uint256', indexed: false },
    { name: 'success', type: 'bool', indexed: false },
  ],
} as const

/** What a task is paid for, and with what. */
const task = {
  name: 'task',
  type: 'tuple',
  components: [
    { name: 'onBehalfOf', type: 'bytes32' },
    { name: 'value', type: 'uint256' },
    { name: 'gasLimit', type: 'uint64' },
    { name: 'commitGas', type: 'uint64' },
    { name: 'priceCap', type: 'uint128' },
    { name: 'tip', type: 'uint128' },
  ],
} as const

/** What enigma-js uses of the Enigma contract's ABI; abi.test.ts compares it with contracts/artifacts/Enigma.json. */
export const enigmaAbi = [
  {
    type: 'function',
    name: 'commit',
    stateMutability: 'nonpayable',
    inputs: [{ name: 'commitments', type: 'bytes[]' }],
    outputs: [],
  },
  {
    type: 'function',
    name: 'createTask',
    stateMutability: 'payable',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'epoch', type: 'uint40' },
      { name: 'envelope', type: 'bytes' },
      task,
    ],
    outputs: [
      { name: 'index', type: 'uint64' },
      { name: 'head', type: 'bytes32' },
    ],
  },
  {
    type: 'function',
    name: 'deploy',
    stateMutability: 'payable',
    inputs: [
      {
        name: 'terms',
        type: 'tuple',
        components: [
          { name: 'salt', type: 'bytes32' },
          { name: 'signers', type: 'uint8' },
          { name: 'depth', type: 'uint8' },
        ],
      },
      task,
      { name: 'epoch', type: 'uint40' },
      { name: 'code', type: 'bytes' },
      { name: 'envelope', type: 'bytes' },
    ],
    outputs: [{ name: 'account', type: 'address' }],
  },
  {
    type: 'function',
    name: 'withdraw',
    stateMutability: 'nonpayable',
    inputs: [],
    outputs: [{ name: '', type: 'uint256' }],
  },
  {
    type: 'function',
    name: 'withdrawTo',
    stateMutability: 'nonpayable',
    inputs: [{ name: 'to', type: 'address' }],
    outputs: [{ name: '', type: 'uint256' }],
  },
  {
    type: 'function',
    name: 'withdrawFor',
    stateMutability: 'nonpayable',
    inputs: [{ name: 'account', type: 'address' }],
    outputs: [{ name: '', type: 'uint256' }],
  },
  committedEvent,
  skippedEvent,
  inputCreatedEvent,
  { type: 'error', name: 'AlreadyDeployed', inputs: [{ name: 'secretContract', type: 'address' }] },
  { type: 'error', name: 'CodeTooLarge', inputs: [{ name: 'size', type: 'uint256' }] },
  {
    type: 'error',
    name: 'EpochOutsideWindow',
    inputs: [
      { name: 'oldest', type: 'uint40' },
      { name: 'newest', type: 'uint40' },
    ],
  },
  { type: 'error', name: 'GasLimitTooHigh', inputs: [] },
  { type: 'error', name: 'InvalidCommitGas', inputs: [] },
  { type: 'error', name: 'InvalidEnvelopeSize', inputs: [{ name: 'size', type: 'uint256' }] },
  { type: 'error', name: 'NotStarted', inputs: [] },
  { type: 'error', name: 'NothingToWithdraw', inputs: [] },
  { type: 'error', name: 'PriceCapTooLow', inputs: [{ name: 'minimum', type: 'uint256' }] },
  { type: 'error', name: 'TooManyPending', inputs: [] },
  { type: 'error', name: 'UnknownContract', inputs: [] },
  { type: 'error', name: 'WithdrawalFailed', inputs: [] },
  { type: 'error', name: 'WrongPayment', inputs: [{ name: 'due', type: 'uint256' }] },
] as const
