// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// A sealed guestbook: anybody signs, only the owner reads it all. Everyone may read one's own entry, and how many there are.
contract Guestbook {
    struct Entry {
        address author;
        string text;
    }

    error OnlyTheOwner();
    error SignedAlready();
    error WriteSomething();

    event Signed(uint256 number);

    address public immutable owner;
    Entry[] private entries;
    /// Number of an account's entry, counted from 1; 0 if it has none.
    mapping(address => uint256) private numbers;

    constructor() {
        owner = msg.sender;
    }

    /// Once for each account. The log goes to the sender alone.
    function sign(string calldata text) external returns (uint256 number) {
        if (numbers[msg.sender] != 0) revert SignedAlready();
        if (bytes(text).length == 0) revert WriteSomething();
        entries.push(Entry(msg.sender, text));
        number = entries.length;
        numbers[msg.sender] = number;
        emit Signed(number);
    }

    /// For everybody.
    function count() external view returns (uint256) {
        return entries.length;
    }

    /// The reader's own entry; empty if there is none. In a read `msg.sender` is proven by a signature, or zero.
    function mine() external view returns (string memory) {
        uint256 number = numbers[msg.sender];
        return number == 0 ? "" : entries[number - 1].text;
    }

    /// For the owner. A view that does not ask who reads tells everybody.
    function all() external view returns (Entry[] memory) {
        if (msg.sender != owner) revert OnlyTheOwner();
        return entries;
    }
}
