// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {IInputs} from "../src/interfaces/IInputs.sol";
import {DeployParameters, Input, SecretContract, TaskParameters, TaskRequest} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";

contract InputsTest is AccountTest {
    function _heads(uint256 count) private view returns (bytes32 head) {
        head = keccak256(abi.encode(_tag("input-head-genesis"), enigma.network(), account));
        for (uint256 i = 0; i < count; ++i) {
            head = keccak256(abi.encode(_tag("input-head"), head, _inputHash(account, i, logged[account][i])));
        }
    }

    function test_aDeployCreatesThePortalAndTheFirstInput() public view {
        assertEq(enigma.inputHead(account, type(uint64).max), _heads(0));
        assertEq(enigma.inputHead(account, 0), _heads(1));
        assertGt(account.code.length, 0);
        SecretContract memory record = enigma.secretContract(account);
        assertEq(record.deployer, ALICE);
        assertEq(record.inputCount, 1);
        assertEq(record.cursor, 0);
        assertEq(record.signers, 1);
        bytes32 genesis = keccak256(abi.encode(_tag("state-head-genesis"), enigma.network(), account));
        assertEq(record.stateHead, genesis);
    }

    function test_aDeployTellsItsTermsAndItsCode() public {
        address other = enigma.portalAddress(BOB, "other");
        TaskParameters memory task = _task(0);
        deal(BOB, _due(task));
        vm.expectEmit(address(enigma));
        emit IInputs.SecretContractCreated(other, BOB, "other", 2, 7);
        vm.recordLogs();
        vm.prank(BOB);
        enigma.deploy{value: _due(task)}(DeployParameters("other", 2, 7), task, 1, "the code", _envelope(3));
        assertEq(enigma.secretContract(other).depth, 7);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (bytes32[11] memory words, bytes memory code, bytes memory envelope) = _strings(logs[logs.length - 1]);
        assertEq(uint256(words[0]), 2);
        assertEq(uint256(words[8]), 1, "the envelope's epoch");
        assertEq(code, "the code");
        assertEq(envelope, _envelope(3));
    }

    /// @dev The data of `InputCreated`, as the ABI has it.
    function _strings(Vm.Log memory entry) private pure returns (bytes32[11] memory, bytes memory, bytes memory) {
        assertEq(entry.topics[0], IInputs.InputCreated.selector);
        return abi.decode(entry.data, (bytes32[11], bytes, bytes));
    }

    function test_everyInputExtendsTheLog() public {
        for (uint256 i = 1; i < 6; ++i) {
            vm.roll(block.number + i);
            vm.warp(block.timestamp + i);
            vm.fee(i * 1 gwei);
            TaskParameters memory task = _task(i);
            task.onBehalfOf = bytes32(i);
            _create(account, ALICE, task);
            assertEq(enigma.inputHead(account, uint64(i)), _heads(i + 1));
        }
    }

    function test_theEventTellsWhatTheHashCovers() public {
        deal(account, 7);
        TaskParameters memory task = _task(5);
        task.onBehalfOf = "behalf";
        vm.recordLogs();
        _create(account, ALICE, task);
        Vm.Log memory entry = vm.getRecordedLogs()[0];
        assertEq(entry.topics[1], bytes32(uint256(uint160(account))));
        assertEq(uint256(entry.topics[2]), 1);
        assertEq(entry.topics[3], bytes32(uint256(uint160(ALICE))));
        Input memory input = logged[account][1];
        (bytes32[11] memory fields, bytes memory code, bytes memory envelope) = _strings(entry);
        assertEq(code, "");
        assertEq(envelope, _envelope(1));
        assertEq(uint256(fields[0]), input.kind);
        assertEq(fields[1], _heads(2));
        assertEq(fields[2], "behalf");
        assertEq(uint256(fields[3]), 5);
        assertEq(uint256(fields[4]), input.gasLimit);
        assertEq(uint256(fields[5]), input.commitGas);
        assertEq(uint256(fields[6]), input.priceCap);
        assertEq(uint256(fields[7]), input.tip);
        assertEq(uint256(fields[8]), input.epoch);
        assertEq(uint256(fields[9]), input.inclusionEpoch);
        assertEq(uint256(fields[10]), 7, "inflow");
    }

    function test_inflowIsWhatThePortalGotFromOutside() public {
        deal(account, 3 ether);
        _create(account, ALICE, _task(1 ether));
        assertEq(logged[account][1].inflow, 3 ether);
        _commit(account, 2);
        assertEq(account.balance, 4 ether);
        assertEq(enigma.secretContract(account).delivered, 1 ether);
        _create(account, ALICE, _task(0));
        assertEq(logged[account][2].inflow, 3 ether, "values of tasks are not inflow");
        _commit(account, 1);
    }

    function test_aBundleLogsLikeSingleTasks() public {
        TaskRequest[] memory requests = new TaskRequest[](3);
        uint256 due = 0;
        for (uint256 i = 0; i < 3; ++i) {
            TaskParameters memory task = _task(i);
            requests[i] = TaskRequest(account, 2, _envelope(i), task);
            _remember(account, 1, ALICE, task, 2, 0, _envelope(i));
            due += _due(task);
        }
        deal(ALICE, due);
        vm.prank(ALICE);
        enigma.createTasks{value: due}(requests);
        assertEq(enigma.inputHead(account, 3), _heads(4));
        _commit(account, 4);
    }

    function test_paymentIsExactAndCreditFillsUp() public {
        TaskParameters memory task = _task(1 ether);
        uint256 due = _due(task);
        assertEq(due, 1 ether + (200_000 + 125_000) * 30 gwei);
        deal(BOB, 10 ether);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IInputs.WrongPayment.selector, due));
        enigma.createTask{value: due - 1}(account, 2, _envelope(1), task);
        vm.expectRevert(abi.encodeWithSelector(IInputs.WrongPayment.selector, due));
        enigma.createTask{value: due + 1}(account, 2, _envelope(1), task);
        vm.stopPrank();

        // A task comes back with most of its fee, which pays for the next.
        _create(account, BOB, task);
        _commit(account, 2);
        uint256 credit = enigma.credits(BOB);
        assertGt(credit, 0);
        vm.prank(BOB);
        (uint64 index, bytes32 head) = enigma.createTask{value: due - credit}(account, 2, _envelope(1), task);
        assertEq(enigma.credits(BOB), 0);
        assertEq(index, 2);
        assertEq(head, enigma.inputHead(account, 2));
    }

    function test_aDeployAndABundleArePaidExactlyToo() public {
        TaskParameters memory task = _task(1 ether);
        uint256 due = _due(task);
        TaskRequest[] memory requests = new TaskRequest[](2);
        requests[0] = TaskRequest(account, 2, _envelope(1), task);
        requests[1] = requests[0];
        DeployParameters memory terms = DeployParameters("paid", 1, 0);
        deal(BOB, 10 ether);
        vm.startPrank(BOB);
        for (uint256 paid = due - 1; paid <= due + 1; paid += 2) {
            vm.expectRevert(abi.encodeWithSelector(IInputs.WrongPayment.selector, due));
            enigma.deploy{value: paid}(terms, task, 2, "code", _envelope(1));
            vm.expectRevert(abi.encodeWithSelector(IInputs.WrongPayment.selector, 2 * due));
            enigma.createTasks{value: due + paid}(requests);
        }
        // Credit fills up here as well.
        enigma.deposit{value: 1 ether}(BOB);
        enigma.deploy{value: due - 1}(terms, task, 2, "code", _envelope(1));
        assertEq(enigma.credits(BOB), 1 ether - 1);
        enigma.createTasks{value: 2 * due - 2}(requests);
        assertEq(enigma.credits(BOB), 1 ether - 3);
    }

    function test_limitsOfATask() public {
        _refuse(_task(0), 2, new bytes(276), abi.encodeWithSelector(IInputs.InvalidEnvelopeSize.selector, 276));
        _refuse(_task(0), 2, new bytes(65_537), abi.encodeWithSelector(IInputs.InvalidEnvelopeSize.selector, 65_537));
        TaskParameters memory task = _task(0);
        task.gasLimit = 16_777_217;
        _refuse(task, 2, _envelope(0), abi.encodeWithSelector(IInputs.GasLimitTooHigh.selector));
        task = _task(0);
        task.commitGas = 108_959;
        _refuse(task, 2, _envelope(0), abi.encodeWithSelector(IInputs.InvalidCommitGas.selector));
        task.commitGas = 5_000_001;
        _refuse(task, 2, _envelope(0), abi.encodeWithSelector(IInputs.InvalidCommitGas.selector));
        task = _task(0);
        task.priceCap = 20 gwei - 1;
        _refuse(task, 2, _envelope(0), abi.encodeWithSelector(IInputs.PriceCapTooLow.selector, 20 gwei));
        bytes memory outside = abi.encodeWithSelector(IInputs.EpochOutsideWindow.selector, 0, 2);
        _refuse(_task(0), 3, _envelope(0), outside);
    }

    function test_limitsThatAreJustKept() public {
        TaskParameters memory task = _task(0);
        task.gasLimit = 16_777_216;
        task.commitGas = 5_000_000;
        task.priceCap = 20 gwei;
        _create(account, ALICE, task);
        task.commitGas = 108_960;
        _create(account, ALICE, task);
        uint256 due = _due(task);
        deal(ALICE, 2 * due);
        vm.startPrank(ALICE);
        enigma.createTask{value: due}(account, 2, new bytes(277), task);
        enigma.createTask{value: due}(account, 0, new bytes(65_536), task);
    }

    function test_theWindowMovesWithTheEpochs() public {
        for (uint256 i = 0; i < 17; ++i) {
            _nextEpoch();
        }
        bytes memory outside = abi.encodeWithSelector(IInputs.EpochOutsideWindow.selector, 3, 19);
        _refuse(_task(0), 2, _envelope(0), outside);
        _refuse(_task(0), 20, _envelope(0), outside);
        uint256 due = _due(_task(0));
        deal(ALICE, due);
        vm.prank(ALICE);
        enigma.createTask{value: due}(account, 3, _envelope(0), _task(0));
    }

    function test_anUnknownContractIsRefused() public {
        deal(address(this), 1 ether);
        vm.expectRevert(IInputs.UnknownContract.selector);
        enigma.createTask{value: _due(_task(0))}(address(1), 2, _envelope(0), _task(0));
    }

    function test_limitsOfADeploy() public {
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IInputs.AlreadyDeployed.selector, account));
        enigma.deploy(DeployParameters("salt", 1, 0), _task(0), 2, "", _envelope(0));
        vm.expectRevert(IInputs.InvalidSigners.selector);
        enigma.deploy(DeployParameters("s", 0, 0), _task(0), 2, "", _envelope(0));
        vm.expectRevert(IInputs.InvalidSigners.selector);
        enigma.deploy(DeployParameters("s", 4, 0), _task(0), 2, "", _envelope(0));
        vm.expectRevert(abi.encodeWithSelector(IInputs.CodeTooLarge.selector, 49_153));
        enigma.deploy(DeployParameters("s", 1, 0), _task(0), 2, new bytes(49_153), _envelope(0));
        deal(ALICE, _due(_task(0)));
        enigma.deploy{value: _due(_task(0))}(DeployParameters("s", 3, 0), _task(0), 2, new bytes(49_152), _envelope(0));
    }

    function test_atMost255InputsArePending() public {
        for (uint256 i = 1; i < 255; ++i) {
            _create(account, ALICE, _task(0));
        }
        uint256 due = _due(_task(0));
        deal(ALICE, due);
        vm.prank(ALICE);
        vm.expectRevert(IInputs.TooManyPending.selector);
        enigma.createTask{value: due}(account, 2, _envelope(0), _task(0));
        // With the ring full, the head before the oldest pending input is still there.
        _commit(account, 1);
        _create(account, ALICE, _task(0));
        _commit(account, 2);
    }

    function _refuse(TaskParameters memory task, uint40 epoch, bytes memory envelope, bytes memory reason) private {
        uint256 due = _due(task);
        deal(ALICE, due);
        vm.prank(ALICE);
        vm.expectRevert(reason);
        enigma.createTask{value: due}(account, epoch, envelope, task);
    }
}
