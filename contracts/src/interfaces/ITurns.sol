// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Input} from "./Types.sol";

/// @title Turns: who may commit when, and what silence costs
/// @notice At most eight ranks serve a secret contract in an epoch, the first `groupSize` of them as its group. They
/// come in order: first the ranks that were not passed over in this epoch, then those that were. A receipt's signers
/// must have had their turn by the contract's clock (docs/bytes.md, "The order and the clock"); whoever stood before the
/// last of them and did not sign is passed over, and slashed. An input that nobody executes can be skipped.
/// @dev Slashed is one hundredth of the stake that the worker had at its first slash of the epoch, at most ten times an
/// epoch, over all contracts. It is burned.
interface ITurns {
    /// @notice Ranks were passed over. `group` is the packed group with their bits (library Group).
    event TakenOver(address indexed secretContract, uint40 indexed epoch, uint256 group);
    /// @notice A worker lost `amount` wei of ENG for its silence.
    event Slashed(uint256 indexed id, address indexed secretContract, uint40 epoch, uint256 amount);
    /// @notice The clock stands still: the base fee is above the price cap of the oldest pending input.
    event ClockHeld(address indexed secretContract, uint64 indexed index);
    /// @notice The clock goes on where it stood.
    event ClockResumed(address indexed secretContract, uint64 indexed index);
    /// @notice The oldest pending input was given up; `refund` wei were credited to its sender.
    event Skipped(
        address indexed secretContract, uint64 indexed index, bytes32 stateHead, address indexed sender, uint256 refund
    );

    /// @notice A signer's turn has not come yet.
    error TurnNotCome();
    /// @notice No input waits.
    error NothingPending();
    /// @notice The base fee is not above the price cap, so nothing keeps the workers from committing.
    error CapNotExceeded();
    /// @notice The base fee is still above the price cap.
    error CapExceeded();
    /// @notice The clock stands still already.
    error ClockIsHeld();
    /// @notice The clock runs, so nothing is to be resumed.
    error ClockRuns();
    /// @notice The input may be skipped from block `fromBlock` on; sooner or later if its clock is held or resumed, or an
    /// epoch begins.
    error TooEarlyToSkip(uint256 fromBlock);

    /// @notice Stops the clock of a secret contract in this block: what it has counted stays, and turns that have come stay
    /// come. Anybody may, while the base fee is above the price cap of the oldest pending input: a worker that would lose
    /// by committing is not silent.
    /// @param input The oldest pending input, as it was logged.
    function holdClock(address secretContract, Input calldata input) external;

    /// @notice Lets a held clock go on from what it has counted. Anybody may, once the base fee is not above the price cap
    /// any more. A commit and a skip end a pause too.
    /// @param input The oldest pending input, as it was logged.
    function resumeClock(address secretContract, Input calldata input) external;

    /// @notice Gives up the oldest pending input and credits its sender with fee and value. Anybody may, `skipEpochs`
    /// epoch lengths after the input could first be committed, if its clock has counted the turns of the whole group,
    /// which then is slashed, unless it has fewer workers than the contract needs signers; after four times as long,
    /// whatever the clock says. The clock of the next input begins in this block, so a queue of dead inputs goes one by
    /// one, each after the group's whole clock.
    /// @param input The oldest pending input, as it was logged.
    function skip(address secretContract, Input calldata input) external;

    /// @notice Who serves a secret contract in the current epoch.
    /// @return epoch The current one.
    /// @return word The packed group (library Group), with the ranks that were passed over.
    /// @return ids All workers that may serve, by rank: the group, and those that are drawn when it is silent.
    function turns(address secretContract) external view returns (uint40 epoch, uint256 word, uint256[] memory ids);
}
