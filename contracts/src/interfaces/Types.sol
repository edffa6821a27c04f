// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the parts of Enigma exchange and store. Packed structs are part of the protocol: enclaves prove their
/// slots (docs/bytes.md, "Storage layout").

/// @notice The numbers of a network, set once.
struct Parameters {
    /// Blocks of an epoch.
    uint40 epochLength;
    /// Workers of a group, 1 to 8.
    uint8 groupSize;
    /// Blocks after which the next rank may commit.
    uint16 takeover;
    /// Epochs after which anybody may skip an input.
    uint8 skipEpochs;
    /// Past epochs whose envelopes are still accepted.
    uint8 window;
    /// Whole ENG that a worker must have staked to be drawn, at least 1.
    uint32 minStake;
}

/// @notice The running epoch. The current one is `epoch + 1` once `nextStart` is set and reached.
struct EpochWord {
    uint40 epoch;
    uint40 start;
    uint40 nextStart;
    uint32 era;
    /// Platforms barred and measurements revoked so far: what was checked before the last of them must be checked again.
    uint16 revocations;
}

/// @notice The sitting key committee: its generation, `n` members, threshold `t`.
struct CommitteeWord {
    uint32 generation;
    uint8 n;
    uint8 t;
}

/// @notice What the contract has of an account's, and of its work's, in wei.
struct Account {
    /// Owed to the account.
    uint128 amount;
    /// The share of its pay for beacons and the committee: parked here, so that a commit writes no further slot.
    uint120 upkeep;
    /// The word is never cleared again: what is credited next pays for no fresh slot. So it is from the start for whoever
    /// works for the network, and for everybody once a credit was used.
    bool isKept;
}

/// @notice The collected shares for beacons and the committee, in wei.
struct Pool {
    /// What beacons are paid from.
    uint128 amount;
    /// What every seat of the committee was given in all.
    uint128 perSeat;
}

/// @notice A seat of the key committee.
struct Seat {
    /// Account that is paid.
    address operator;
    /// Wei of `Pool.perSeat` that it was credited.
    uint96 claimed;
}

/// @notice An admitted worker enclave. Its id is its seat in the stake tree.
struct Worker {
    /// Address of the signing key made inside the enclave.
    address signer;
    /// End of the admission, Unix seconds.
    uint40 expiry;
    bool loggedIn;
    /// First epoch in which the stake may leave; zero if the worker never logged in.
    uint32 unlockEpoch;
    /// `EpochWord.revocations` when the admission was last checked against them.
    uint16 checked;
    /// Account that stakes and is paid.
    address operator;
    /// Wei of ENG.
    uint96 stake;
    /// MRENCLAVE.
    bytes32 measurement;
    /// Epoch of the last slash.
    uint40 slashEpoch;
    /// Wei of ENG that were staked at that epoch's first slash.
    uint96 slashBase;
    /// Slashes in that epoch.
    uint8 slashes;
    /// The machine that it runs on, as its evidence tells.
    bytes32 platform;
}

/// @notice What Ethereum knows of a secret contract.
struct SecretContract {
    bytes32 stateHead;
    /// Inputs ever created; the next index.
    uint64 inputCount;
    /// Index of the oldest pending input.
    uint64 cursor;
    /// Epoch whose state key seals the last snapshot; zero before the first commit.
    uint32 sealedEpoch;
    /// Whether its state is declared lost (`lost`).
    bool isLost;
    uint40 lastCommitBlock;
    /// Signatures that a receipt needs.
    uint8 signers;
    /// Blocks that must lie above the block that a task is executed at.
    uint8 depth;
    /// Block in which the clock was held, and since when it stands still; zero while it runs.
    uint32 pausedAt;
    /// Packed group of an epoch (library Group).
    uint256 group;
    /// Wei of outbound calls: attempted.
    uint128 sent;
    /// Wei of task values that reached the portal. What else it got, and never sent, is its inflow.
    uint128 delivered;
    address deployer;
    /// Block that the clock does not count from before. A resume sets it so that the pause is left out, a skip to its own.
    uint40 clockFrom;
    /// Outbound calls ever made, plain transfers not counted; the next number.
    uint56 outboundCalls;
    /// Of the last sealed snapshot that was folded; zero before the first commit.
    bytes32 snapshotHash;
}

/// @notice An open declaration that the last snapshot of a secret contract is lost.
struct Lost {
    address declarer;
    /// Block of the declaration; zero if there is none.
    uint40 since;
    /// Chunks of the snapshot; zero until the first is posted.
    uint8 chunks;
    /// Wei.
    uint128 bond;
    /// Wei of the bond that posters got.
    uint128 paid;
    /// Bit i: chunk i is posted.
    uint256 posted;
}

/// @notice What the hash `network` binds; a client pins it.
struct Descriptor {
    uint256 chainId;
    address enigma;
    uint256 checkpointNumber;
    bytes32 checkpointHash;
    /// 1 dev, 2 sync-committee.
    uint8 verifier;
    bytes32 attestationRoot;
    uint64 ruleset;
    /// keccak256 of the 96-byte compressed public key; zero before genesis.
    bytes32 compressedKeyHash;
}

/// @notice The terms of a new secret contract.
struct DeployParameters {
    /// With the sender it fixes the address.
    bytes32 salt;
    /// Signatures that a receipt needs, 1 to the group size.
    uint8 signers;
    uint8 depth;
}

/// @notice The terms of a task.
struct TaskParameters {
    /// A word that a forwarding contract sets, bound by the envelope.
    bytes32 onBehalfOf;
    /// Wei for the secret contract.
    uint256 value;
    /// Gas of the execution inside.
    uint64 gasLimit;
    /// Gas of the commit that the task pays for.
    uint64 commitGas;
    /// Highest price of gas, wei.
    uint128 priceCap;
    /// Above the base fee, wei.
    uint128 tip;
}

/// @notice One task of a bundle.
struct TaskRequest {
    address secretContract;
    uint40 epoch;
    bytes envelope;
    TaskParameters parameters;
}

/// @notice An input as the log hashes it, in the order of the hash; contract and index are known from the place.
struct Input {
    /// 1 task, 2 deploy.
    uint8 kind;
    address sender;
    bytes32 onBehalfOf;
    uint256 value;
    uint64 gasLimit;
    uint64 commitGas;
    uint128 priceCap;
    uint128 tip;
    /// Of the envelope.
    uint64 epoch;
    /// Current when the input was included.
    uint64 inclusionEpoch;
    uint64 blockNumber;
    uint64 timestamp;
    uint128 baseFee;
    uint256 inflow;
    /// keccak256 of a deploy's clear code; zero for a task.
    bytes32 codeHash;
    bytes32 envelopeHash;
}

/// @notice EIP-712 `TaskResult`.
struct TaskResult {
    /// 0 completed, 1 value returned, 2 unopened.
    uint8 status;
    uint64 gasCharged;
    bytes32 outputHash;
    bytes32 deltaHash;
}

/// @notice EIP-712 `Receipt`: the signed outcome of tasks.
struct Receipt {
    bytes32 network;
    uint64 ruleset;
    address secretContract;
    uint64 epoch;
    uint64 firstIndex;
    uint64 lastIndex;
    bytes32 inputHead;
    bytes32 stateHeadBefore;
    bytes32 stateHeadAfter;
    uint64 anchorNumber;
    bytes32 anchorHash;
    TaskResult[] results;
    bytes32 snapshotHash;
    bytes32 outboundHash;
}

/// @notice A task of a commitment: the terms of its input, and its result.
struct CommittedTask {
    address sender;
    bytes32 onBehalfOf;
    uint256 value;
    uint256 gasLimit;
    uint256 commitGas;
    uint256 priceCap;
    uint256 tip;
    uint256 status;
    uint256 gasCharged;
    /// Place of its output in calldata. Its delta follows.
    uint256 output;
    uint256 outputSize;
    uint256 deltaSize;
}

/// @notice What a secret contract does on Ethereum through its portal.
struct OutboundCall {
    /// Of the input whose task asks for it.
    uint256 index;
    /// 1 transfer of plain ETH, 2 call.
    uint256 kind;
    address target;
    /// Wei, below 2^128.
    uint256 value;
    /// That the target gets, beside what value brings; zero for a transfer.
    uint256 gas;
    /// Empty for a transfer.
    bytes data;
}

/// @notice A receipt with what the chain needs to check and publish it, as it is read from calldata (library Packed). The
/// first fifteen words are those that enclaves sign.
struct Commitment {
    bytes32 typeHash;
    bytes32 network;
    uint256 ruleset;
    address secretContract;
    uint256 epoch;
    uint256 firstIndex;
    uint256 lastIndex;
    bytes32 inputHead;
    bytes32 stateHeadBefore;
    bytes32 stateHeadAfter;
    uint256 anchorNumber;
    bytes32 anchorHash;
    bytes32 resultsHash;
    bytes32 snapshotHash;
    bytes32 outboundHash;
    CommittedTask[] tasks;
    /// Those of all tasks, in the order in which they run.
    OutboundCall[] outbound;
    /// Blocks of the first input and of the last.
    uint256 firstBlock;
    uint256 lastBlock;
    /// How many signatures of 65 bytes, in the order of the signers' turns, and their place in calldata.
    uint256 signatureCount;
    uint256 signatures;
    /// The signers' ids in their order, 24 bits each, and the highest bit; zero if it does not land.
    uint256 signers;
}
