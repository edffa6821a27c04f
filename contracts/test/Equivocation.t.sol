// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEquivocation} from "../src/interfaces/IEquivocation.sol";
import {ITurns} from "../src/interfaces/ITurns.sol";
import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {Receipt as TaskReceipt, Worker} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice Two receipts of one enclave of which at most one can be right: the stake is burned and the key barred. Nothing that
/// an honest enclave may sign costs anything.
contract EquivocationTest is AccountTest {
    uint256 private id;

    function setUp() public override {
        super.setUp();
        id = enigma.group(account)[0];
    }

    /// @dev What it found, and another outcome of the same.
    function _pair() private view returns (TaskReceipt memory one, TaskReceipt memory other) {
        one = _unsigned(account, 1).receipt;
        other = _unsigned(account, 1).receipt;
        other.results[0].outputHash = keccak256("something else");
    }

    function _show(TaskReceipt memory one, uint256 signer, TaskReceipt memory other, uint256 another) private {
        bytes memory first = _signed(_workerKey(signer), _receiptHash(one));
        bytes memory second = _signed(_workerKey(another), _receiptHash(other));
        enigma.proveEquivocation(one, first, other, second);
    }

    function _show() private {
        (TaskReceipt memory one, TaskReceipt memory other) = _pair();
        _show(one, id, other, id);
    }

    function _refused(
        bytes4 reason,
        TaskReceipt memory one,
        uint256 signer,
        TaskReceipt memory other,
        uint256 another
    ) private {
        uint256 stake = enigma.worker(id).stake;
        bytes memory first = _signed(_workerKey(signer), _receiptHash(one));
        bytes memory second = _signed(_workerKey(another), _receiptHash(other));
        vm.expectRevert(reason);
        enigma.proveEquivocation(one, first, other, second);
        assertEq(enigma.worker(id).stake, stake);
    }

    function _honest(TaskReceipt memory one, TaskReceipt memory other) private {
        _refused(IEquivocation.NotEquivocal.selector, one, id, other, id);
    }

    function test_twoOutcomesOfTheSameInputsBurnTheStakeAndBarTheKey() public {
        uint256 stake = enigma.worker(id).stake;
        uint256 supply = token.totalSupply();
        uint256 held = token.balanceOf(address(enigma));
        (TaskReceipt memory one, TaskReceipt memory other) = _pair();
        vm.expectEmit(address(enigma));
        emit IWorkers.LoggedOut(id, enigma.currentEpoch() + 2);
        vm.expectEmit(address(enigma));
        emit IWorkers.StakeChanged(id, 0);
        vm.expectEmit(address(enigma));
        emit IEquivocation.Equivocated(id, account, _digest(_receiptHash(one)), _digest(_receiptHash(other)), stake);
        vm.expectEmit(address(enigma));
        emit IWorkers.PlatformBarred(_platform(id));
        _show(one, id, other, id);
        Worker memory worker = enigma.worker(id);
        assertEq(worker.stake, 0);
        assertFalse(worker.loggedIn);
        assertEq(token.totalSupply(), supply - stake);
        assertEq(token.balanceOf(address(enigma)), held - stake, "money of others stays");

        assertTrue(enigma.barredPlatforms(_platform(id)));
        vm.roll(block.number + 1);
        // Nothing that it signed lands any more, and there is no way back.
        bytes[] memory commitments = _one(_commitment(account, 1));
        vm.expectRevert(IWorkers.AdmissionExpired.selector);
        enigma.commit(commitments);
        address signer = vm.addr(_workerKey(id));
        vm.expectRevert(IEquivocation.Barred.selector);
        enigma.admit(signer, _operator(id), MEASUREMENT, _platform(id), EXPIRY);
        vm.prank(_operator(id));
        vm.expectRevert(IWorkers.AdmissionExpired.selector);
        enigma.login(id);
    }

    function test_itIsShownOnce() public {
        (TaskReceipt memory one, TaskReceipt memory other) = _pair();
        _show(one, id, other, id);
        _refused(IEquivocation.Barred.selector, one, id, other, id);
    }

    function test_aWorkerThatLoggedOutStillAnswersForIt() public {
        vm.prank(_operator(id));
        enigma.logout(id);
        uint256 unlockEpoch = enigma.worker(id).unlockEpoch;
        _nextEpoch();
        _show();
        assertEq(enigma.worker(id).stake, 0);
        assertEq(enigma.worker(id).unlockEpoch, unlockEpoch, "it logs out once");
    }

    /// @dev What a worker may lose in an epoch is reckoned from what it had at the first slash, and now it has nothing.
    function test_whoLostAllStopsNoCommitThatPassesItOver() public {
        _passOver();
        assertGt(enigma.worker(id).slashBase, 0);
        do {
            account = _deploy(ALICE, keccak256(abi.encode(account)), 1);
        } while (enigma.group(account)[0] != id);
        _show();
        enigma.recheck(enigma.group(account)[1]);
        vm.expectEmit(address(enigma));
        emit ITurns.Slashed(id, account, enigma.currentEpoch(), 0);
        _passOver();
        assertEq(enigma.secretContract(account).cursor, 1);
        assertEq(enigma.worker(id).stake, 0);
    }

    function _passOver() private {
        vm.roll(block.number + 3);
        enigma.commit(_by(_ranks(1)));
    }

    function test_theSameReceiptTwiceIsNoProof() public {
        (TaskReceipt memory one,) = _pair();
        _honest(one, one);
    }

    function test_whatAnHonestEnclaveMaySignIsNoProof() public {
        (TaskReceipt memory one, TaskReceipt memory other) = _pair();
        other.epoch += 1;
        _honest(one, other);
        (, other) = _pair();
        other.anchorNumber -= 1;
        _honest(one, other);
        (, other) = _pair();
        other.anchorHash = keccak256("a fork's");
        _honest(one, other);
        (, other) = _pair();
        other.inputHead = keccak256("other inputs");
        _honest(one, other);
        (, other) = _pair();
        other.firstIndex += 1;
        _honest(one, other);
        (, other) = _pair();
        other.lastIndex += 1;
        _honest(one, other);
        (, other) = _pair();
        other.ruleset += 1;
        _honest(one, other);
        (, other) = _pair();
        other.stateHeadBefore = keccak256("another past");
        _honest(one, other);
        (, other) = _pair();
        other.secretContract = ALICE;
        _honest(one, other);
        (, other) = _pair();
        other.network = keccak256("another network");
        _honest(one, other);
    }

    function test_twoWorkersThatDisagreeAreNoProof() public {
        (TaskReceipt memory one, TaskReceipt memory other) = _pair();
        _refused(IEquivocation.NotOneSigner.selector, one, id, other, (id + 1) % WORKERS);
        _refused(IEquivocation.NotOneSigner.selector, one, 999, other, 999);
    }
}
