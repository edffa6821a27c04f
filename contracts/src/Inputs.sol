// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaStorage} from "./EnigmaStorage.sol";
import {IInputs} from "./interfaces/IInputs.sol";
import {Account, DeployParameters, Input, SecretContract, TaskParameters, TaskRequest} from "./interfaces/Types.sol";
import {CalldataBytes} from "./libraries/CalldataBytes.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {InputLog} from "./libraries/InputLog.sol";
import {Tags} from "./libraries/Tags.sol";
import {Portal} from "./Portal.sol";

/// @dev See IInputs.
abstract contract Inputs is IInputs, EnigmaStorage {
    uint8 private constant TASK = 1;
    uint8 private constant DEPLOY = 2;

    /// Header, smallest plaintext, tag of the cipher.
    uint256 private constant MIN_ENVELOPE = 133 + 128 + 16;
    uint256 private constant MAX_ENVELOPE = 65_536;
    /// The most init code that the EVM takes (EIP-3860).
    uint256 private constant MAX_CODE = 49_152;

    /// @inheritdoc IInputs
    function deploy(
        DeployParameters calldata terms,
        TaskParameters calldata task,
        uint40 epoch,
        bytes calldata code,
        bytes calldata envelope
    ) external payable returns (address account) {
        if (terms.signers == 0 || terms.signers > groupSize) {
            revert InvalidSigners();
        }
        if (code.length > MAX_CODE) revert CodeTooLarge(code.length);
        account = portalAddress(msg.sender, terms.salt);
        SecretContract storage record = secretContracts[account];
        if (record.signers != 0) revert AlreadyDeployed(account);
        new Portal{salt: _salt(msg.sender, terms.salt)}();

        record.deployer = msg.sender;
        record.signers = terms.signers;
        record.depth = terms.depth;
        record.stateHead = InputLog.genesisStateHead(network, account);
        heads[account][InputLog.ringPlace(type(uint64).max)] = InputLog.genesisHead(network, account);
        emit SecretContractCreated(account, msg.sender, terms.salt, terms.signers, terms.depth);

        Input memory input = _input(account, DEPLOY, epoch, task, envelope);
        input.codeHash = keccak256(code);
        _log(account, input, code, envelope);
        _collect(_due(input));
    }

    /// @inheritdoc IInputs
    function createTask(
        address account,
        uint40 epoch,
        bytes calldata envelope,
        TaskParameters calldata task
    ) external payable returns (uint64 index, bytes32 head) {
        Input memory input = _input(account, TASK, epoch, task, envelope);
        (index, head) = _log(account, input, msg.data[0:0], envelope);
        _collect(_due(input));
    }

    /// @inheritdoc IInputs
    function createTasks(TaskRequest[] calldata requests) external payable {
        uint256 due = 0;
        for (uint256 i = 0; i < requests.length; ++i) {
            TaskRequest calldata request = requests[i];
            (address account, bytes calldata envelope) = (request.secretContract, request.envelope);
            Input memory input = _input(account, TASK, request.epoch, request.parameters, envelope);
            _log(account, input, msg.data[0:0], envelope);
            due += _due(input);
        }
        _collect(due);
    }

    /// @inheritdoc IInputs
    function portalAddress(address owner, bytes32 salt) public view returns (address) {
        bytes32 hash = keccak256(
            abi.encodePacked(hex"ff", address(this), _salt(owner, salt), keccak256(type(Portal).creationCode))
        );
        return address(uint160(uint256(hash)));
    }

    /// @inheritdoc IInputs
    function secretContract(address account) external view returns (SecretContract memory) {
        return secretContracts[account];
    }

    /// @inheritdoc IInputs
    function inputHead(address account, uint64 index) external view returns (bytes32) {
        return heads[account][InputLog.ringPlace(index)];
    }

    function _salt(address owner, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(Tags.PORTAL, owner, salt));
    }

    /// @dev What the log will hash, but for a deploy's code; refuses what breaks a limit.
    function _input(
        address account,
        uint8 kind,
        uint40 epoch,
        TaskParameters calldata task,
        bytes calldata envelope
    ) private view returns (Input memory input) {
        SecretContract storage record = secretContracts[account];
        if (record.signers == 0) revert UnknownContract();
        if (envelope.length < MIN_ENVELOPE || envelope.length > MAX_ENVELOPE) {
            revert InvalidEnvelopeSize(envelope.length);
        }
        input.kind = kind;
        input.sender = msg.sender;
        input.onBehalfOf = task.onBehalfOf;
        input.value = task.value;
        input.gasLimit = task.gasLimit;
        input.commitGas = task.commitGas;
        input.priceCap = task.priceCap;
        input.tip = task.tip;
        _requireTerms(input);
        uint40 current = _currentLottery();
        _requireInWindow(epoch, current);
        input.epoch = epoch;
        input.inclusionEpoch = current;
        input.blockNumber = uint64(block.number);
        input.timestamp = uint64(block.timestamp);
        input.baseFee = uint128(block.basefee);
        input.inflow = account.balance + record.sent - record.delivered;
        input.envelopeHash = CalldataBytes.hash(envelope);
    }

    function _requireTerms(Input memory task) private view {
        if (task.gasLimit > FeeSchedule.MAX_GAS_LIMIT) revert GasLimitTooHigh();
        if (task.commitGas < FeeSchedule.MIN_COMMIT_GAS || task.commitGas > FeeSchedule.MAX_COMMIT_GAS) {
            revert InvalidCommitGas();
        }
        if (task.priceCap < 2 * block.basefee) revert PriceCapTooLow(2 * block.basefee);
    }

    /// @dev Not later than the current epoch: the key of a later one is not released yet, and an input that waits for it
    /// would hold up its queue.
    function _requireInWindow(uint40 epoch, uint40 current) private view {
        uint40 oldest;
        unchecked {
            oldest = current > window ? current - uint40(window) : 0;
        }
        if (epoch < oldest || epoch > current) revert EpochOutsideWindow(oldest, current);
    }

    /// @dev Extends the contract's log by an input and announces it.
    function _log(
        address account,
        Input memory input,
        bytes calldata code,
        bytes calldata envelope
    ) private returns (uint64 index, bytes32 head) {
        SecretContract storage record = secretContracts[account];
        index = record.inputCount;
        unchecked {
            // The cursor never passes the count.
            if (index - record.cursor >= InputLog.MAX_PENDING) revert TooManyPending();
        }
        bytes32[256] storage ring = heads[account];
        unchecked {
            // The head before input 0 is that of "input -1".
            head = InputLog.extend(ring[InputLog.ringPlace(index - 1)], InputLog.hash(input, account, index));
        }
        ring[InputLog.ringPlace(index)] = head;
        record.inputCount = index + 1;
        _announce(account, index, head, input, code, envelope);
    }

    /// @dev Emits `InputCreated`. Its words 2 to 9, `onBehalfOf` to `inclusionEpoch`, are those of the input, which holds
    /// every field as a word of its own and clean; so they are copied, and nothing is checked again.
    function _announce(
        address account,
        uint64 index,
        bytes32 head,
        Input memory input,
        bytes calldata code,
        bytes calldata envelope
    ) private {
        bytes32 signature = InputCreated.selector;
        uint256 data;
        uint256 inflow = input.inflow;
        assembly ("memory-safe") {
            // Where memory is free: thirteen words, then the two byte strings, of which these are the offsets.
            data := mload(0x40)
            mstore(data, mload(input))
            mstore(add(data, 0x20), head)
            mcopy(add(data, 0x40), add(input, 0x40), 0x100)
            mstore(add(data, 0x140), inflow)
            mstore(add(data, 0x160), 0x1a0)
        }
        uint256 end = CalldataBytes.put(code, data + 0x1a0);
        assembly ("memory-safe") {
            mstore(add(data, 0x180), sub(end, data))
        }
        end = CalldataBytes.put(envelope, end);
        assembly ("memory-safe") {
            log4(data, sub(end, data), signature, account, index, mload(add(input, 0x20)))
        }
    }

    function _due(Input memory task) private pure returns (uint256) {
        return task.value + FeeSchedule.maxFee(task.commitGas, task.gasLimit, task.priceCap);
    }

    /// @dev Takes what is due from the call's value and, where that is short, from the sender's credit.
    function _collect(uint256 due) private {
        if (msg.value == due) return;
        Account storage account = ledger[msg.sender];
        uint128 credit = account.amount;
        if (msg.value > due || due - msg.value > credit) revert WrongPayment(due);
        account.amount = credit - uint128(due - msg.value);
        account.isKept = true;
    }
}
