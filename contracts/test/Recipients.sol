// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../src/interfaces/IEnigma.sol";

/// @notice Takes no money, until it is told to.
contract Refuser {
    bool public isOpen;

    error NotToday();

    function open() external {
        isOpen = true;
    }

    receive() external payable {
        if (!isOpen) revert NotToday();
    }

    function claim(IEnigma enigma, address to) external {
        enigma.withdrawTo(to);
    }
}

/// @notice Burns whatever gas it gets.
contract Burner {
    receive() external payable {
        while (true) {}
    }

    fallback() external payable {
        while (true) {}
    }
}

/// @notice Keeps count of what it gets, which takes more than 2,300 gas.
contract Counter {
    uint256 public count = 1;

    receive() external payable {
        ++count;
    }
}

/// @notice Works for about as much gas as it is told, no less, and fails if it has not so much.
contract Laborer {
    uint256 public done;

    error Tired();

    receive() external payable {
        _labor(9_000);
    }

    function labor(uint256 amount) external payable {
        _labor(amount);
    }

    function _labor(uint256 amount) private {
        uint256 start = gasleft();
        if (start < amount) revert Tired();
        while (start - gasleft() < amount - 200) {}
    }
}

/// @notice Returns, or reverts with, what it is told.
contract Echo {
    error Echoed(uint256 word);

    uint256 public got;

    function echo(bytes calldata data) external payable returns (bytes memory) {
        got += msg.value;
        return data;
    }

    function fail(uint256 word) external payable {
        revert Echoed(word);
    }

    function raw(uint256 size, uint256 first) external payable {
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, first)
            return(ptr, size)
        }
    }

    function bomb(uint256 size) external payable {
        assembly ("memory-safe") {
            revert(mload(0x40), size)
        }
    }
}

/// @notice Calls back into the network whatever it was told to, and remembers how that went.
contract Reentrant {
    address public target;
    bytes[] private attempts;
    bytes[] private answers;
    bool[] private successes;

    constructor(address target_) {
        target = target_;
    }

    function add(bytes calldata data) external {
        attempts.push(data);
    }

    function count() external view returns (uint256) {
        return attempts.length;
    }

    function answer(uint256 i) external view returns (bool, bytes memory) {
        return (successes[i], answers[i]);
    }

    /// @notice Makes one attempt, from outside.
    function attempt(uint256 i) public payable returns (bool success, bytes memory result) {
        return target.call(attempts[i]);
    }

    /// @notice Makes all of them.
    function poke() external payable {
        for (uint256 i = 0; i < attempts.length; ++i) {
            (bool success, bytes memory result) = attempt(i);
            successes.push(success);
            answers.push(result);
        }
    }

    receive() external payable {}
}

/// @notice A portal without the defences: it hands on what gas there is, and copies all that comes back.
contract NaivePortal {
    function execute(
        address target,
        uint256 value,
        uint64 gasLimit,
        bytes calldata data
    ) external returns (bytes32 outcome) {
        (bool success, bytes memory result) = target.call{value: value, gas: gasLimit}(data);
        outcome = keccak256(result) & ~bytes32(uint256(1));
        if (success) outcome |= bytes32(uint256(1));
    }

    function transfer(address target, uint256 value) external returns (bool success) {
        (success,) = target.call{value: value, gas: 10_000}("");
        if (!success) IEnigma(msg.sender).deposit{value: value}(target);
    }

    receive() external payable {}
}
