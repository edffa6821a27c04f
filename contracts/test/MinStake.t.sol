// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {Input, Parameters} from "../src/interfaces/Types.sol";
import {EnigmaTest} from "./EnigmaTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice Who has less than the network's smallest stake at stake is not drawn.
contract MinStakeTest is EnigmaTest {
    uint32 private constant MIN = 100;
    address private account;

    function setUp() public override {
        super.setUp();
        bytes32[] memory allowed = new bytes32[](1);
        allowed[0] = MEASUREMENT;
        enigma = _create(Parameters(LENGTH, 3, 3, 2, 16, MIN), 1, allowed);
        // Two with the least that there is, three with more.
        for (uint256 id = 0; id < WORKERS; ++id) {
            _admit(id, id < 2 ? 100 ether : 1_000 ether);
        }
        _genesis();
        _nextEpoch();
        account = _deploy(address(0xa11ce), "salt", 1);
    }

    function _stake(uint256 id, uint256 amount) private {
        assertTrue(token.transfer(_operator(id), amount));
        vm.startPrank(_operator(id));
        token.approve(address(enigma), amount);
        enigma.stake(id, amount);
        vm.stopPrank();
    }

    function _isDrawn(uint256 id) private view returns (bool) {
        uint256[] memory ids = enigma.sequence(account, enigma.currentEpoch(), 100);
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] == id) return true;
        }
        return false;
    }

    /// @dev Lets worker 0 be passed over by others, in an epoch in which it is first.
    function _passOverZero() private {
        while (enigma.group(account)[0] != 0) _nextEpoch();
        _create(account, address(0xa11ce), _task(0));
        vm.roll(block.number + 10);
        Commitment memory c = _unsigned(account, 1);
        _signBy(c, _ranks(1));
        enigma.commit(_one(c));
        assertEq(enigma.worker(0).stake, 99 ether);
    }

    function test_theParametersTellIt() public view {
        (,,,,, uint32 minStake) = enigma.parametersWord();
        assertEq(minStake, MIN);
    }

    function test_aLoginTakesTheSmallestStake() public {
        assertEq(enigma.admit(vm.addr(_workerKey(5)), _operator(5), MEASUREMENT, _platform(5), EXPIRY), 5);
        _stake(5, 100 ether - 1);
        vm.prank(_operator(5));
        vm.expectRevert(IWorkers.StakeTooSmall.selector);
        enigma.login(5);
        _stake(5, 1);
        vm.prank(_operator(5));
        enigma.login(5);
        _nextEpoch();
        assertFalse(_isDrawn(5));
        _nextEpoch();
        assertTrue(_isDrawn(5));
    }

    function test_whomASlashLeavesBelowItIsDrawnNoMoreUntilItStakesAgain() public {
        _passOverZero();
        assertTrue(_isDrawn(0), "this epoch's lottery is over");
        assertTrue(enigma.worker(0).loggedIn);
        _nextEpoch();
        assertTrue(_isDrawn(0), "and the next one's set was closed");
        _nextEpoch();
        assertFalse(_isDrawn(0));
        assertTrue(_isDrawn(1));
        // A part of what is missing changes nothing.
        _stake(0, 1 ether - 1);
        _nextEpoch();
        _nextEpoch();
        assertFalse(_isDrawn(0));
        _stake(0, 1);
        _nextEpoch();
        assertFalse(_isDrawn(0));
        _nextEpoch();
        assertTrue(_isDrawn(0));
    }

    function test_whoIsBelowItCanLogOutAndLeave() public {
        _passOverZero();
        vm.startPrank(_operator(0));
        enigma.logout(0);
        vm.expectRevert(IWorkers.StakeTooSmall.selector);
        enigma.login(0);
        vm.stopPrank();
        for (uint256 i = 0; i < 3; ++i) {
            _nextEpoch();
        }
        vm.prank(_operator(0));
        enigma.unstake(0, 99 ether);
        assertEq(token.balanceOf(_operator(0)), 99 ether);
    }

    function test_whoTakesSomeOutMayNotComeBackBelowIt() public {
        vm.prank(_operator(2));
        enigma.logout(2);
        for (uint256 i = 0; i < 3; ++i) {
            _nextEpoch();
        }
        vm.startPrank(_operator(2));
        enigma.unstake(2, 901 ether);
        vm.expectRevert(IWorkers.StakeTooSmall.selector);
        enigma.login(2);
        vm.stopPrank();
        _stake(2, 1 ether);
        vm.prank(_operator(2));
        enigma.login(2);
    }
}
