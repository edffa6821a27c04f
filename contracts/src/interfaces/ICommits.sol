// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Commits: landing receipts
/// @notice A receipt lands if it is for exactly the next inputs that Ethereum ordered, on exactly the state that it
/// last recorded, as seen from exactly this chain, signed by the enclaves that the lottery chose. One that fails is
/// left out and the others land; if none lands, the call reverts with the first one's reason.
interface ICommits {
    /// @notice A receipt landed.
    /// @param stateHead The contract's head after it.
    /// @param outcomes Per task: status | gasCharged << 8 | pay in wei << 72.
    event Committed(
        address indexed secretContract,
        uint64 indexed firstIndex,
        uint64 lastIndex,
        uint40 epoch,
        bytes32 stateHead,
        bytes32 snapshotHash,
        uint256[] outcomes,
        bytes[] outputs,
        bytes[] deltas
    );
    /// @notice A receipt was left out; `reason` is the selector of one of the errors below. Of bytes that are too few to be
    /// of any, the contract is zero.
    event ReceiptRefused(address indexed secretContract, bytes4 reason);

    /// @notice The call holds no receipt.
    error NothingToCommit();
    /// @notice The portal did not take the value.
    error PortalRefused();

    /// @notice The bytes are no packed commitment, too few or too many.
    error MalformedCommitment();
    /// @notice The receipt's epoch is not the current one.
    error WrongEpoch();
    /// @notice The receipt does not begin at the oldest pending input.
    error NotNextIndex();
    /// @notice A receipt of the contract has landed in this block: who splits a batch is not paid for each part as for a
    /// receipt of its own.
    error AlreadyCommitted();
    /// @notice The receipt has no task, or ends beyond the log.
    error WrongLastIndex();
    /// @notice The inputs are not the log's.
    error WrongInputHead();
    /// @notice The receipt builds on another state than the chain's last.
    error StaleStateHead();
    /// @notice The first commit of an epoch must fold a snapshot.
    error SnapshotMissing();
    /// @notice Only the first commit of an epoch folds a snapshot.
    error SnapshotUnexpected();
    /// @notice A status is 0, 1 (only with a value) or 2.
    error InvalidStatus();
    /// @notice More gas is charged than the task allows.
    error GasAboveLimit();
    /// @notice A task's output, delta and outbound calls take more than its commitGas pays for.
    error CommitGasExceeded();
    /// @notice The anchor must be an earlier block.
    error AnchorInFuture();
    /// @notice The anchor is more than 8,191 blocks old.
    error AnchorTooOld();
    /// @notice The anchor lies before the block of the last input.
    error AnchorBeforeInput();
    /// @notice The anchor is not a block of this chain.
    error ForeignAnchor();
    /// @notice The group has fewer workers than the contract needs signers.
    error GroupTooSmall();
    /// @notice There must be exactly as many signatures as the contract needs signers.
    error MissingSignature();
    /// @notice A signature is malformed, or of no worker: what was signed is another receipt.
    error WrongSigner();
    /// @notice A signer is a worker, but not one that may serve the contract in this epoch.
    error NotInGroup();
    /// @notice The signers must come in the order of their turns, each once.
    error WrongSignerOrder();

    /// @notice Lands receipts, pays for them, publishes their outputs and deltas, and makes their outbound calls
    /// (IOutbound). Anybody may carry them.
    /// @param commitments Each packed (docs/bytes.md, "Packed commitments"): of the receipt only what the contract cannot
    /// derive or has to compare. The rest of what the signers vouch for is the contract's own, so where they saw something
    /// else, they have signed something else (`WrongSigner`).
    /// @dev All are checked and stored before any money moves, and all are settled before any outbound call is made,
    /// under a lock.
    function commit(bytes[] calldata commitments) external;
}
