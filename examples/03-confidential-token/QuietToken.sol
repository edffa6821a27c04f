// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Token} from "./Token.sol";

/// The token, asked by owners alone: a contract is as secret as its interface.
contract QuietToken is Token {
    error NotYours();

    constructor(string memory name, string memory symbol, uint256 supply) Token(name, symbol, supply) {}

    /// The balance of whoever asks.
    function balanceOf(address account) public view override returns (uint256) {
        if (msg.sender != account) revert NotYours();
        return super.balanceOf(account);
    }

    /// What `spender` may spend of `owner`'s: the business of these two.
    function allowance(address owner, address spender) public view override returns (uint256) {
        // `transferFrom` asks this too, called by the spender.
        if (msg.sender != owner && msg.sender != spender) revert NotYours();
        return super.allowance(owner, spender);
    }
}
