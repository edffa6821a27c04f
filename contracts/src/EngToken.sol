// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";

/// @title EngToken: ENG, what workers stake
/// @notice A supply of 150,000,000 with 18 decimals, all of it the deployer's, that only shrinks: what workers are slashed
/// is burned. Below the 2^30 whole tokens that the stake tree can hold.
contract EngToken is ERC20Burnable {
    constructor() ERC20("Enigma", "ENG") {
        _mint(msg.sender, 150_000_000 ether);
    }
}
