// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {Receipt as TaskReceipt, Worker} from "../src/interfaces/Types.sol";
import {EnigmaTest} from "./EnigmaTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice What is barred or revoked is out at once, with all that runs there; the others go on once they are checked again.
contract PlatformsTest is EnigmaTest {
    address private constant ALICE = address(0xa11ce);
    /// Two workers of one platform, and one of another.
    uint256 private constant BROKEN = 4;
    uint256 private constant SIBLING = 5;
    uint256 private constant OTHER = 3;

    uint256 private salt;

    function setUp() public override {
        super.setUp();
        _admit(SIBLING, 600 ether);
        _nextEpoch();
        _nextEpoch();
    }

    /// @dev Two workers a machine.
    function _platform(uint256 id) internal pure override returns (bytes32) {
        return keccak256(abi.encode("platform", id / 2));
    }

    /// @dev A task of a contract that this worker serves first, executed and signed by it.
    function _workOf(uint256 id) private returns (Commitment memory c) {
        address account;
        do {
            account = _deploy(ALICE, bytes32(salt++), 1);
        } while (enigma.group(account)[0] != id);
        vm.roll(block.number + 1);
        return _commitment(account, 1);
    }

    function _lands(Commitment memory c) private {
        enigma.commit(_one(c));
    }

    function _isRefused(Commitment memory c) private {
        vm.expectRevert(IWorkers.AdmissionUnchecked.selector);
        enigma.commit(_one(c));
    }

    function _proveBroken() private {
        TaskReceipt memory one = _workOf(BROKEN).receipt;
        bytes memory signature = _signed(_workerKey(BROKEN), _receiptHash(one));
        TaskReceipt memory other = abi.decode(abi.encode(one), (TaskReceipt));
        other.stateHeadAfter = keccak256("something else");
        enigma.proveEquivocation(one, signature, other, _signed(_workerKey(BROKEN), _receiptHash(other)));
    }

    /// @dev Word 0 of a worker, slot 9: `checked` in the highest 16 bits.
    function _setChecked(uint256 id, uint16 checked) private {
        bytes32 slot = keccak256(abi.encode(id, 9));
        uint256 word = uint256(vm.load(address(enigma), slot));
        vm.store(address(enigma), slot, bytes32((uint256(checked) << 240) | (word & (type(uint256).max >> 16))));
        assertEq(enigma.worker(id).checked, checked);
    }

    function _revocations() private view returns (uint16 revocations) {
        (,,,, revocations) = enigma.epochWord();
    }

    function test_aBrokenEnclaveTakesItsPlatformWithIt() public {
        Commitment memory itsWork = _workOf(SIBLING);
        Commitment memory othersWork = _workOf(OTHER);
        _proveBroken();
        assertTrue(enigma.barredPlatforms(_platform(BROKEN)));
        assertEq(_revocations(), 1);

        _isRefused(itsWork);
        enigma.recheck(SIBLING);
        _isRefused(itsWork);
        // A renewal brings it back no more than a login, and no other key gets in from there.
        address signer = vm.addr(_workerKey(SIBLING));
        vm.expectRevert(IWorkers.BarredPlatform.selector);
        enigma.admit(signer, _operator(SIBLING), MEASUREMENT, _platform(SIBLING), EXPIRY);
        vm.prank(_operator(SIBLING));
        vm.expectRevert(IWorkers.BarredPlatform.selector);
        enigma.login(SIBLING);
        vm.expectRevert(IWorkers.BarredPlatform.selector);
        enigma.admit(address(0xbad), _operator(SIBLING), MEASUREMENT, _platform(SIBLING), EXPIRY);

        _isRefused(othersWork);
        enigma.recheck(OTHER);
        _lands(othersWork);
    }

    /// @dev The weakness planted: its admission passes for one that was checked.
    function test_withoutTheCheckTheSiblingGoesOn() public {
        Commitment memory itsWork = _workOf(SIBLING);
        _proveBroken();
        _setChecked(SIBLING, 1);
        _lands(itsWork);
    }

    function test_itsSiblingKeepsItsStakeAndLeavesWithIt() public {
        _proveBroken();
        uint40 epoch = enigma.currentEpoch();
        vm.expectEmit(address(enigma));
        emit IWorkers.LoggedOut(SIBLING, epoch + 2);
        enigma.recheck(SIBLING);
        Worker memory worker = enigma.worker(SIBLING);
        assertFalse(worker.loggedIn);
        assertEq(worker.stake, 600 ether);
        assertEq(worker.unlockEpoch, epoch + 3);
        vm.expectRevert(IWorkers.BarredPlatform.selector);
        enigma.recheck(SIBLING);

        _nextEpoch();
        _nextEpoch();
        assertEq(enigma.sequence(ALICE, epoch + 2, 10).length, WORKERS - 1, "neither of the two is drawn");
        vm.startPrank(_operator(SIBLING));
        vm.expectRevert(abi.encodeWithSelector(IWorkers.StakeLocked.selector, epoch + 3));
        enigma.unstake(SIBLING, 600 ether);
        vm.stopPrank();
        _nextEpoch();
        vm.prank(_operator(SIBLING));
        enigma.unstake(SIBLING, 600 ether);
        assertEq(token.balanceOf(_operator(SIBLING)), 600 ether);
    }

    function test_itsSiblingMayLogOutByItself() public {
        _proveBroken();
        vm.prank(_operator(SIBLING));
        enigma.logout(SIBLING);
        assertFalse(enigma.worker(SIBLING).loggedIn);
    }

    function test_aPlatformIsBarredOnce() public {
        _proveBroken();
        // Whoever else is proven broken there loses its stake all the same, and nobody has to be checked again for it.
        enigma.recheck(OTHER);
        TaskReceipt memory one = _workOf(SIBLING).receipt;
        bytes memory signature = _signed(_workerKey(SIBLING), _receiptHash(one));
        TaskReceipt memory other = abi.decode(abi.encode(one), (TaskReceipt));
        other.stateHeadAfter = keccak256("something else");
        enigma.proveEquivocation(one, signature, other, _signed(_workerKey(SIBLING), _receiptHash(other)));
        assertEq(enigma.worker(SIBLING).stake, 0);
        assertEq(_revocations(), 1);
        bytes32 platform = _platform(BROKEN);
        vm.expectRevert(IWorkers.BarredPlatform.selector);
        enigma.barPlatform(platform);
    }

    function test_aRevokedMeasurementIsOutAtOnce() public {
        Commitment memory work = _workOf(OTHER);
        vm.expectEmit(address(enigma));
        emit IWorkers.MeasurementRevoked(MEASUREMENT);
        enigma.revokeMeasurement(MEASUREMENT);
        assertFalse(enigma.measurements(MEASUREMENT));
        _isRefused(work);
        enigma.recheck(OTHER);
        assertFalse(enigma.worker(OTHER).loggedIn);
        _isRefused(work);
        vm.prank(_operator(OTHER));
        vm.expectRevert(IWorkers.MeasurementNotAllowed.selector);
        enigma.login(OTHER);
        vm.expectRevert(IWorkers.MeasurementNotAllowed.selector);
        enigma.revokeMeasurement(MEASUREMENT);
    }

    function test_onlyTheDeployerRevokes() public {
        vm.startPrank(ALICE);
        vm.expectRevert(IWorkers.NotDeployer.selector);
        enigma.barPlatform(_platform(0));
        vm.expectRevert(IWorkers.NotDeployer.selector);
        enigma.revokeMeasurement(MEASUREMENT);
    }

    function test_anybodyChecksAgain() public {
        enigma.barPlatform(_platform(BROKEN));
        vm.expectEmit(address(enigma));
        emit IWorkers.WorkerChecked(OTHER, 1);
        vm.prank(ALICE);
        enigma.recheck(OTHER);
        assertEq(enigma.worker(OTHER).checked, 1);
        assertTrue(enigma.worker(OTHER).loggedIn);
        vm.expectRevert(IWorkers.UnknownWorker.selector);
        enigma.recheck(99);
    }

    function test_whoeverEntersLaterNeedsNoCheck() public {
        enigma.barPlatform(_platform(BROKEN));
        vm.startPrank(_operator(OTHER));
        enigma.logout(OTHER);
        enigma.login(OTHER);
        vm.stopPrank();
        assertEq(enigma.worker(OTHER).checked, 1);
        _admit(6, 700 ether);
        assertEq(enigma.worker(6).checked, 1);
        enigma.admit(vm.addr(_workerKey(0)), _operator(0), MEASUREMENT, _platform(0), EXPIRY);
        assertEq(enigma.worker(0).checked, 1, "a renewal is a check");
    }

    function test_anExpiredWorkerIsLoggedOutByACheck() public {
        vm.warp(EXPIRY);
        enigma.recheck(OTHER);
        assertFalse(enigma.worker(OTHER).loggedIn);
        vm.expectRevert(IWorkers.AdmissionExpired.selector);
        enigma.recheck(OTHER);
    }

    function test_theCountOutlivesTheEpoch() public {
        Commitment memory c = _workOf(OTHER);
        enigma.barPlatform(_platform(BROKEN));
        _nextEpoch();
        _nextEpoch();
        assertEq(_revocations(), 1);
        c = _workOf(OTHER);
        _isRefused(c);
    }

    /// @dev The count never comes round: then a worker that was checked long ago would pass.
    function test_theLastRevocationIsTheLast() public {
        bytes32 word = vm.load(address(enigma), bytes32(uint256(2)));
        vm.store(address(enigma), bytes32(uint256(2)), word | bytes32(uint256(0xfffe) << 152));
        assertEq(_revocations(), 0xfffe);
        enigma.barPlatform(keccak256("the last"));
        assertEq(_revocations(), 0xffff);
        vm.expectRevert(IWorkers.NoRevocationLeft.selector);
        enigma.barPlatform(keccak256("one more"));
        vm.expectRevert(IWorkers.NoRevocationLeft.selector);
        enigma.revokeMeasurement(MEASUREMENT);
    }
}
