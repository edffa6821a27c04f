// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title FeeSchedule: pay is a schedule, not a measurement
/// @notice A task pays for its share of a receipt, itself, its bytes, and the gas charged inside, which costs an eighth
/// of gas on chain; and for its outbound calls. RECEIPT_GAS is what a receipt takes beside its tasks, so that nobody earns
/// more by smaller batches. (The first of an epoch takes 27,000 more, which its second task makes up for.)
library FeeSchedule {
    uint256 internal constant EXECUTION_DIVISOR = 8;
    uint256 internal constant RECEIPT_GAS = 80_000;
    uint256 internal constant TASK_GAS = 16_000;
    uint256 internal constant BYTE_GAS = 45;
    /// Of plain ETH to an outside address, its stipend included.
    uint256 internal constant OUTBOUND_TRANSFER_GAS = 75_000;
    /// What the recipient of plain ETH gets, beside what value brings.
    uint256 internal constant TRANSFER_STIPEND = 10_000;
    /// Of an outbound call, beside its own gas and its bytes.
    uint256 internal constant OUTBOUND_CALL_GAS = 90_000;
    /// The part of all pay for work that is for beacons and the committee.
    uint256 internal constant UPKEEP_DIVISOR = 32;
    /// What a beacon is paid for, at the base fee. It takes at most 200,000: a quarter is for the tip, and the trouble.
    uint256 internal constant BEACON_GAS = 250_000;
    /// Beacons at the present price that the pool keeps before the committee gets any: what an epoch earns varies, and
    /// without beacons nothing goes on.
    uint256 internal constant BEACON_RESERVE = 8;

    /// The smallest output and delta: 144 bytes each.
    uint256 internal constant MIN_COMMIT_GAS = RECEIPT_GAS + TASK_GAS + BYTE_GAS * 288;
    /// About 108,000 bytes of output and delta: a commit of one task fits a transaction of 128 KiB.
    uint256 internal constant MAX_COMMIT_GAS = 5_000_000;
    uint256 internal constant MAX_GAS_LIMIT = 16_777_216;

    /// @notice The most that a task can cost, wei: what is escrowed beside its value.
    function maxFee(uint256 commitGas, uint256 gasLimit, uint256 priceCap) internal pure returns (uint256) {
        unchecked {
            // Of an input: two words of 64 bits, and one of 128.
            return (commitGas + gasLimit / EXECUTION_DIVISOR) * priceCap;
        }
    }

    /// @notice The price of gas at commit, wei.
    function price(uint256 tip, uint256 cap) internal view returns (uint256 wanted) {
        unchecked {
            // The tip has 128 bits, and the base fee is a price that somebody pays.
            wanted = block.basefee + tip;
        }
        if (wanted > cap) wanted = cap;
    }

    /// @notice The commit gas of one of `tasks` tasks of a receipt, but for its outbound calls. With them at most
    /// `commitGas`, which pays for a task alone.
    function gasOfCommit(uint256 tasks, uint256 size) internal pure returns (uint256) {
        unchecked {
            // Bytes lie in calldata: there are not as many that this overflows.
            return RECEIPT_GAS / tasks + TASK_GAS + BYTE_GAS * size;
        }
    }

    /// @notice The commit gas of an outbound call, which comes on top.
    function gasOfOutboundCall(uint256 gas, uint256 size) internal pure returns (uint256) {
        return OUTBOUND_CALL_GAS + gas + BYTE_GAS * size;
    }

    /// @notice The part of it that pays for `size` bytes of output and delta.
    function gasOfBytes(uint256 size) internal pure returns (uint256) {
        unchecked {
            return BYTE_GAS * size;
        }
    }

    /// @notice The execution's gas, in gas of the chain.
    function gasOfExecution(uint256 gasCharged) internal pure returns (uint256) {
        return gasCharged / EXECUTION_DIVISOR;
    }
}
