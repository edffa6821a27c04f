// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Two millionaires learn who of them is richer, and nothing else. Nobody learns the numbers.
contract Millionaires {
    error AlreadyDeclared();
    error TwoAreEnough();
    error NotBothDeclared();

    address[] public millionaires;
    mapping(address => uint256) private wealth;
    mapping(address => bool) private declared;

    /// Says what one owns. Once each, and only two.
    function declare(uint256 amount) external {
        if (declared[msg.sender]) revert AlreadyDeclared();
        if (millionaires.length == 2) revert TwoAreEnough();
        declared[msg.sender] = true;
        wealth[msg.sender] = amount;
        millionaires.push(msg.sender);
    }

    /// The richer one; zero if both own the same.
    function richer() external view returns (address) {
        if (millionaires.length < 2) revert NotBothDeclared();
        (address a, address b) = (millionaires[0], millionaires[1]);
        if (wealth[a] == wealth[b]) return address(0);
        return wealth[a] > wealth[b] ? a : b;
    }
}
