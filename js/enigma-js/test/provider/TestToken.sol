// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title OpenZeppelin's ERC-20, and what else a front end may meet
contract TestToken is ERC20 {
    /// @notice Somebody gave more than they said.
    error TooMuch(uint256 given, uint256 wanted);

    event Given(address indexed from, uint256 amount);

    constructor(string memory name, string memory symbol, uint256 supply) ERC20(name, symbol) {
        _mint(msg.sender, supply);
    }

    /// @notice What only the reader may know: needs an authorised read.
    function mine() external view returns (address reader, uint256 balance) {
        return (msg.sender, balanceOf(msg.sender));
    }

    function give(uint256 wanted) external payable {
        if (msg.value > wanted) revert TooMuch(msg.value, wanted);
        emit Given(msg.sender, msg.value);
    }

    function within(uint256 given, uint256 wanted) external pure returns (uint256) {
        if (given > wanted) revert TooMuch(given, wanted);
        return wanted - given;
    }

    function check(uint256 number) external pure returns (uint256) {
        require(number < 10, "ten or more");
        return number;
    }
}
