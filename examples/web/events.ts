// The events by which the Enigma contract tells of a task (contracts/src/interfaces: IInputs, ICommits, IOutbound).
import { parseAbi } from 'viem'

/** A task is in its contract's log; a batch of tasks was committed; a portal paid or called somebody. */
export const events = parseAbi([
  'event InputCreated(address indexed secretContract, uint64 indexed index, address indexed sender, uint8 kind, bytes32 inputHead, bytes32 onBehalfOf, uint256 value, uint64 gasLimit, uint64 commitGas, uint128 priceCap, uint128 tip, uint40 epoch, uint40 inclusionEpoch, uint256 inflow, bytes code, bytes envelope)',
  'event Committed(address indexed secretContract, uint64 indexed firstIndex, uint64 lastIndex, uint40 epoch, bytes32 stateHead, bytes32 snapshotHash, uint256[] outcomes, bytes[] outputs, bytes[] deltas)',
  'event OutboundCalled(address indexed secretContract, uint64 indexed index, uint256 number, address target, uint256 value, bool success)',
])
