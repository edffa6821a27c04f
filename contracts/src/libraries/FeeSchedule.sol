// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Input} from "../interfaces/Types.sol";

/// @title FeeSchedule: pay is a schedule, not a measurement
/// @notice A task pays for its share of a receipt, itself, its bytes, and the gas charged inside, which costs an eighth
/// of gas on chain.
library FeeSchedule {
    uint256 internal constant EXECUTION_DIVISOR = 8;
    uint256 internal constant RECEIPT_GAS = 80_000;
    uint256 internal constant TASK_GAS = 16_000;
    uint256 internal constant BYTE_GAS = 45;

    /// The smallest output and delta: 144 bytes each.
    uint256 internal constant MIN_COMMIT_GAS = RECEIPT_GAS + TASK_GAS + BYTE_GAS * 288;
    /// About 108,000 bytes of output and delta: a commit of one task fits a transaction of 128 KiB.
    uint256 internal constant MAX_COMMIT_GAS = 5_000_000;
    uint256 internal constant MAX_GAS_LIMIT = 16_777_216;

    /// @notice The most that a task can cost, wei: what is escrowed beside its value.
    function maxFee(uint256 commitGas, uint256 gasLimit, uint256 priceCap) internal pure returns (uint256) {
        return (commitGas + gasLimit / EXECUTION_DIVISOR) * priceCap;
    }

    /// @notice The price of gas at commit, wei.
    function price(Input calldata input) internal view returns (uint256) {
        uint256 wanted = block.basefee + input.tip;
        return wanted < input.priceCap ? wanted : input.priceCap;
    }

    /// @notice The commit gas of one of `tasks` tasks of a receipt. At most `commitGas`, which pays for a task alone.
    function gasOfCommit(uint256 tasks, uint256 size) internal pure returns (uint256) {
        return RECEIPT_GAS / tasks + TASK_GAS + BYTE_GAS * size;
    }

    /// @notice The execution's gas, in gas of the chain.
    function gasOfExecution(uint256 gasCharged) internal pure returns (uint256) {
        return gasCharged / EXECUTION_DIVISOR;
    }
}
