// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBeacon} from "../src/interfaces/IBeacon.sol";
import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {Parameters, Worker} from "../src/interfaces/Types.sol";
import {EnigmaTest} from "./EnigmaTest.sol";

contract WorkersTest is EnigmaTest {
    address private constant CONTRACT = address(0x5ec7e7);

    function _loggedOut(uint256 id) private returns (address operator) {
        operator = _operator(id);
        vm.prank(operator);
        enigma.logout(id);
    }

    function _isDrawn(uint256 id) private view returns (bool) {
        uint256[] memory ids = enigma.sequence(CONTRACT, enigma.currentEpoch(), 100);
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] == id) return true;
        }
        return false;
    }

    function test_theGroupIsTheBeginningOfTheSequence() public view {
        uint256[] memory ids = enigma.sequence(CONTRACT, 2, 100);
        uint256[] memory group = enigma.group(CONTRACT);
        assertEq(ids.length, WORKERS);
        assertEq(group.length, 3);
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(group[i], ids[i]);
        }
    }

    function test_aLotteryNeedsASeedAndAnEpochThatIsNotPast() public {
        vm.expectRevert(abi.encodeWithSelector(IBeacon.NoLottery.selector, 3));
        enigma.sequence(CONTRACT, 3, 3);
        enigma.postBeacon(3, publicKey, _beacon(3));
        enigma.sequence(CONTRACT, 3, 3);
        vm.roll(block.number + LENGTH);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.NoLottery.selector, 2));
        enigma.sequence(CONTRACT, 2, 3);
    }

    function test_theRingGivesNoSeedOfAnotherEpoch() public {
        for (uint40 epoch = 3; epoch < 9; ++epoch) {
            // In its place lies the seed of four epochs ago, or what genesis left there.
            assertTrue(enigma.seeds(epoch % 4) != 0);
            vm.expectRevert(abi.encodeWithSelector(IBeacon.NoLottery.selector, epoch));
            enigma.sequence(CONTRACT, epoch, 3);
            bytes32 stale = enigma.seeds(epoch % 4);
            _nextEpoch();
            assertTrue(enigma.seeds(epoch % 4) != stale);
            enigma.sequence(CONTRACT, epoch, 3);
            vm.expectRevert(abi.encodeWithSelector(IBeacon.NoLottery.selector, epoch - 1));
            enigma.sequence(CONTRACT, epoch - 1, 3);
            for (uint40 other = epoch + 2; other < epoch + 9; ++other) {
                vm.expectRevert(abi.encodeWithSelector(IBeacon.NoLottery.selector, other));
                enigma.sequence(CONTRACT, other, 3);
            }
        }
    }

    function test_beforeTheFirstBeaconThereIsNoLottery() public {
        bytes32[] memory allowed = new bytes32[](1);
        allowed[0] = MEASUREMENT;
        enigma = _create(Parameters(LENGTH, 3, 3, 2, 16, 1), 1, allowed);
        _genesis();
        for (uint40 epoch = 0; epoch < 6; ++epoch) {
            vm.expectRevert(abi.encodeWithSelector(IBeacon.NoLottery.selector, epoch));
            enigma.sequence(CONTRACT, epoch, 3);
        }
    }

    function test_aLogoutCountsFromTheEpochAfterTheNext() public {
        _loggedOut(1);
        assertTrue(_isDrawn(1));
        _nextEpoch();
        assertTrue(_isDrawn(1));
        _nextEpoch();
        assertFalse(_isDrawn(1));
    }

    function test_aLoginCountsFromTheEpochAfterTheNext() public {
        _admit(5, 3 ether);
        assertFalse(_isDrawn(5));
        _nextEpoch();
        assertFalse(_isDrawn(5));
        _nextEpoch();
        assertTrue(_isDrawn(5));
    }

    /// @dev Whatever it stakes before or after.
    function test_onlyWhoIsLoggedInHasWeight() public {
        _loggedOut(1);
        token.transfer(_operator(1), 1 ether);
        vm.startPrank(_operator(1));
        token.approve(address(enigma), 1 ether);
        enigma.stake(1, 1 ether);
        vm.stopPrank();
        _nextEpoch();
        _nextEpoch();
        assertFalse(_isDrawn(1));
    }

    function test_stakeLeavesThreeEpochsAfterTheLogout() public {
        vm.prank(_operator(1));
        vm.expectRevert(abi.encodeWithSelector(IWorkers.StakeLocked.selector, 0));
        enigma.unstake(1, 1);

        address operator = _loggedOut(1);
        for (uint40 epoch = 2; epoch < 5; ++epoch) {
            vm.prank(operator);
            vm.expectRevert(abi.encodeWithSelector(IWorkers.StakeLocked.selector, 5));
            enigma.unstake(1, 1);
            _nextEpoch();
        }
        vm.startPrank(operator);
        vm.expectRevert(IWorkers.StakeTooSmall.selector);
        enigma.unstake(1, 200 ether + 1);
        enigma.unstake(1, 150 ether);
        enigma.unstake(1, 50 ether);
        assertEq(token.balanceOf(operator), 200 ether);
        vm.expectRevert(IWorkers.StakeTooSmall.selector);
        enigma.login(1);
    }

    function test_everyChangeOfAWorkerIsTold() public {
        address signer = vm.addr(_workerKey(5));
        vm.expectEmit(address(enigma));
        emit IWorkers.WorkerAdmitted(5, signer, _operator(5), MEASUREMENT, _platform(5), EXPIRY);
        enigma.admit(signer, _operator(5), MEASUREMENT, _platform(5), EXPIRY);
        token.transfer(_operator(5), 3 ether);
        vm.startPrank(_operator(5));
        token.approve(address(enigma), 3 ether);
        enigma.stake(5, 1 ether);
        vm.expectEmit(address(enigma));
        emit IWorkers.StakeChanged(5, 3 ether);
        enigma.stake(5, 2 ether);
        vm.expectEmit(address(enigma));
        emit IWorkers.StakeChanged(5, 2 ether);
        enigma.unstake(5, 1 ether);
        vm.expectEmit(address(enigma));
        emit IWorkers.LoggedIn(5, 4);
        enigma.login(5);
        vm.expectEmit(address(enigma));
        emit IWorkers.LoggedOut(5, 4);
        enigma.logout(5);
        vm.stopPrank();
        vm.expectEmit(address(enigma));
        emit IWorkers.PlatformBarred(_platform(5));
        enigma.barPlatform(_platform(5));
    }

    function test_thereAre32768Seats() public {
        bytes32 workerCount = bytes32(uint256(15));
        assertEq(uint256(vm.load(address(enigma), workerCount)), WORKERS);
        vm.store(address(enigma), workerCount, bytes32(uint256(32_767)));
        assertEq(enigma.admit(vm.addr(5), _operator(5), MEASUREMENT, _platform(5), EXPIRY), 32_767);
        vm.expectRevert(IWorkers.NoSeatLeft.selector);
        enigma.admit(vm.addr(6), _operator(6), MEASUREMENT, _platform(6), EXPIRY);
    }

    /// @dev Of whatever token: it never comes round.
    function test_aStakeIsBelow2To96() public {
        enigma.admit(vm.addr(5), _operator(5), MEASUREMENT, _platform(5), EXPIRY);
        deal(address(token), _operator(5), uint256(1) << 96);
        vm.startPrank(_operator(5));
        token.approve(address(enigma), uint256(1) << 96);
        vm.expectRevert(IWorkers.StakeTooLarge.selector);
        enigma.stake(5, uint256(1) << 96);
        enigma.stake(5, type(uint96).max);
        vm.expectRevert(IWorkers.StakeTooLarge.selector);
        enigma.stake(5, 1);
    }

    /// @dev Not even of a worker that is alone.
    function test_noWeightIsAbove2To30() public {
        for (uint256 id = 0; id < WORKERS; ++id) {
            _loggedOut(id);
        }
        enigma.admit(vm.addr(5), _operator(5), MEASUREMENT, _platform(5), EXPIRY);
        uint256 amount = (1 << 30) * 1 ether;
        deal(address(token), _operator(5), amount);
        vm.startPrank(_operator(5));
        token.approve(address(enigma), amount);
        enigma.stake(5, amount);
        vm.expectRevert(IWorkers.StakeTooLarge.selector);
        enigma.login(5);
        enigma.unstake(5, 1);
        enigma.login(5);
        assertEq((enigma.treeRoot() >> 104) & 0x3fffffff, 0x3fffffff);
        vm.expectRevert(IWorkers.StakeTooLarge.selector);
        enigma.stake(5, 1);
    }

    function test_stakeThatWasNeverLoggedInIsFree() public {
        enigma.admit(vm.addr(_workerKey(5)), _operator(5), MEASUREMENT, _platform(5), EXPIRY);
        token.transfer(_operator(5), 1 ether);
        vm.startPrank(_operator(5));
        token.approve(address(enigma), 1 ether);
        enigma.stake(5, 1 ether);
        enigma.unstake(5, 1 ether);
        assertEq(token.balanceOf(_operator(5)), 1 ether);
    }

    function test_weightIsWholeEngOfTheStake() public {
        token.transfer(_operator(0), 2.5 ether);
        vm.startPrank(_operator(0));
        token.approve(address(enigma), 2.5 ether);
        enigma.stake(0, 2.5 ether);
        vm.stopPrank();
        // Entry of two epochs ahead: 100 + 200 + 300 + 400 + 500 and the 2 that are whole.
        assertEq((enigma.treeRoot() >> 104) & 0x3fffffff, 1502);
        assertEq(enigma.worker(0).stake, 102.5 ether);
    }

    function test_onlyTheOperatorDecides() public {
        vm.expectRevert(IWorkers.NotOperator.selector);
        enigma.stake(0, 1);
        vm.expectRevert(IWorkers.NotOperator.selector);
        enigma.login(0);
        vm.expectRevert(IWorkers.NotOperator.selector);
        enigma.logout(0);
        vm.expectRevert(IWorkers.NotOperator.selector);
        enigma.unstake(0, 1);
        vm.expectRevert(IWorkers.UnknownWorker.selector);
        enigma.login(WORKERS);
    }

    function test_loginAndLogoutTakeTurns() public {
        vm.startPrank(_operator(0));
        vm.expectRevert(IWorkers.LoginUnchanged.selector);
        enigma.login(0);
        enigma.logout(0);
        vm.expectRevert(IWorkers.LoginUnchanged.selector);
        enigma.logout(0);
    }

    function test_admissionIsTheDeployersAndOfAnAllowedMeasurement() public {
        address signer = vm.addr(_workerKey(5));
        vm.prank(address(1));
        vm.expectRevert(IWorkers.NotDeployer.selector);
        enigma.admit(signer, _operator(5), MEASUREMENT, _platform(5), EXPIRY);
        vm.expectRevert(IWorkers.MeasurementNotAllowed.selector);
        enigma.admit(signer, _operator(5), keccak256("other"), _platform(5), EXPIRY);
        vm.expectRevert(IWorkers.AdmissionExpired.selector);
        enigma.admit(signer, _operator(5), MEASUREMENT, _platform(5), uint40(block.timestamp));
        vm.expectRevert(IWorkers.InvalidWorker.selector);
        enigma.admit(address(0), _operator(5), MEASUREMENT, _platform(5), EXPIRY);
        vm.expectRevert(IWorkers.InvalidWorker.selector);
        enigma.admit(signer, address(0), MEASUREMENT, _platform(5), EXPIRY);
        vm.expectRevert(IWorkers.InvalidWorker.selector);
        enigma.admit(signer, _operator(5), MEASUREMENT, 0, EXPIRY);
    }

    function test_admittingAgainRenews() public {
        address signer = vm.addr(_workerKey(0));
        assertEq(enigma.admit(signer, _operator(0), MEASUREMENT, _platform(0), EXPIRY + 1), 0);
        Worker memory worker = enigma.worker(0);
        assertEq(worker.expiry, EXPIRY + 1);
        assertEq(worker.stake, 100 ether);
        assertTrue(worker.loggedIn);
        assertEq(enigma.workerCount(), WORKERS);
        vm.expectRevert(IWorkers.InvalidWorker.selector);
        enigma.admit(signer, _operator(1), MEASUREMENT, _platform(0), EXPIRY);
        vm.expectRevert(IWorkers.InvalidWorker.selector);
        enigma.admit(signer, _operator(0), MEASUREMENT, _platform(1), EXPIRY);
    }

    function test_anExpiredWorkerDoesNotLogIn() public {
        _loggedOut(0);
        vm.warp(EXPIRY);
        vm.prank(_operator(0));
        vm.expectRevert(IWorkers.AdmissionExpired.selector);
        enigma.login(0);
    }

    function test_workersAreFoundByTheirSigner() public {
        assertEq(enigma.workerId(vm.addr(_workerKey(3))), 3);
        vm.expectRevert(IWorkers.UnknownWorker.selector);
        enigma.workerId(address(1));
    }
}
