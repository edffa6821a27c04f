// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaTest} from "./EnigmaTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice A network with one secret contract, which Alice deployed: its deployment is pending.
abstract contract AccountTest is EnigmaTest {
    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    address internal account;
    /// Where the clock of `account` started.
    uint256 internal start;

    function setUp() public virtual override {
        super.setUp();
        account = _deploy(ALICE, "salt", 1);
        start = block.number;
    }

    /// @dev Bit r: rank r was passed over in this epoch.
    function _silent() internal view returns (uint256) {
        (, uint256 word,) = enigma.turns(account);
        return uint8(word >> 48);
    }

    /// @dev A receipt of the next input, signed by these ranks.
    function _by(uint256[] memory ranks) internal view returns (bytes[] memory) {
        Commitment memory c = _unsigned(account, 1);
        _signBy(c, ranks);
        return _one(c);
    }
}
