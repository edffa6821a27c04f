// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {TaskParameters} from "../src/interfaces/Types.sol";

/// @notice Weaknesses for tests of attacks: the real code with one opcode exchanged for another that takes and gives as many words.
library Planted {
    bytes1 internal constant TLOAD = 0x5c;
    bytes1 internal constant EXTCODESIZE = 0x3b;
    bytes1 internal constant BASEFEE = 0x48;
    bytes1 internal constant GASPRICE = 0x3a;

    /// @notice The code with every instruction `from` turned into `to`; what PUSH instructions push stays.
    function exchange(bytes memory code, bytes1 from, bytes1 to) internal pure returns (bytes memory) {
        for (uint256 i = 0; i < code.length; ++i) {
            uint8 opcode = uint8(code[i]);
            if (opcode >= 0x60 && opcode <= 0x7f) i += opcode - 0x5f;
            else if (code[i] == from) code[i] = to;
        }
        return code;
    }
}

/// @notice Calls functions of the network with nothing but zeros, and remembers by which error each was refused.
contract Knocker {
    address private immutable target;
    bytes4[] private selectors;
    mapping(bytes4 => bytes4) public reasonOf;

    constructor(address target_) {
        target = target_;
    }

    function add(bytes4 selector) external {
        selectors.push(selector);
    }

    function knock() external {
        for (uint256 i = 0; i < selectors.length; ++i) {
            (bool success, bytes memory reason) = target.call(bytes.concat(selectors[i], new bytes(2048)));
            reasonOf[selectors[i]] = success ? bytes4(0) : bytes4(reason);
        }
    }
}

/// @notice Operates workers, and gives what a commit earns to whoever carried it.
contract NaivePool {
    IEnigma private immutable enigma;

    constructor(IEnigma enigma_) {
        enigma = enigma_;
    }

    function carry(bytes[] calldata commitments) external {
        enigma.commit(commitments);
        enigma.withdrawTo(msg.sender);
    }
}

/// @notice A portal that hands on all the gas there is.
contract GenerousPortal {
    function transfer(address target, uint256 value) external returns (bool success) {
        (success,) = target.call{value: value}("");
        if (!success) IEnigma(msg.sender).deposit{value: value}(target);
    }

    receive() external payable {}
}

/// @notice The forwarding contract of docs/relaying.md.
contract Forwarder {
    error PaymentDue(uint256 due);

    IEnigma internal immutable enigma;

    constructor(IEnigma enigma_) {
        enigma = enigma_;
    }

    function forward(
        address to,
        uint40 epoch,
        bytes calldata envelope,
        TaskParameters memory task
    ) external payable virtual {
        uint256 due =
            task.value + (uint256(task.commitGas) + task.gasLimit / 8) * task.priceCap;
        if (msg.value != due) revert PaymentDue(due);
        _forward(to, epoch, envelope, task);
    }

    function _forward(address to, uint40 epoch, bytes calldata envelope, TaskParameters memory task) internal {
        task.onBehalfOf = bytes32(uint256(uint160(msg.sender)));
        enigma.createTask{value: msg.value}(to, epoch, envelope, task);
    }
}

/// @notice One that does not look at what its caller pays.
contract NaiveForwarder is Forwarder {
    constructor(IEnigma enigma_) Forwarder(enigma_) {}

    function forward(
        address to,
        uint40 epoch,
        bytes calldata envelope,
        TaskParameters memory task
    ) external payable override {
        _forward(to, epoch, envelope, task);
    }
}
