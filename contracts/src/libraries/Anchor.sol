// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Anchor: hashes of this chain's last 8,191 blocks
library Anchor {
    /// The system contract of EIP-2935.
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    /// Blocks that the system contract serves.
    uint256 internal constant REACH = 8_191;
    uint256 private constant OPCODE_REACH = 256;

    /// @notice The hash of an earlier block at most `REACH` blocks back; zero if the chain does not serve it.
    function hashOf(uint256 number) internal view returns (bytes32) {
        if (block.number - number <= OPCODE_REACH) return blockhash(number);
        (bool success, bytes memory output) = HISTORY.staticcall(abi.encode(number));
        return success && output.length == 32 ? abi.decode(output, (bytes32)) : bytes32(0);
    }
}
