// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {IInputs} from "../src/interfaces/IInputs.sol";
import {ITurns} from "../src/interfaces/ITurns.sol";
import {Input, SecretContract, TaskParameters} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice The clock stands still while the base fee is above the price cap of the oldest input, and counts on where it
/// stood. Turns of three blocks, a skip after 128 blocks, in any case after 512; and what a sender and a host may try by
/// holding the clock, against the network and against one whose holds begin the clock anew.
contract HoldsTest is AccountTest {
    uint256 private constant TURN = 3;
    uint256 private constant WHOLE = 3 * TURN;
    uint256 private constant DEADLINE = 2 * 64;
    uint256 private constant LAST = 4 * DEADLINE;
    uint256 private constant CHEAP = 10 gwei;
    uint256 private constant DEAR = 1000 gwei;

    // Helpers

    function _oldest() private view returns (Input memory) {
        return logged[account][enigma.secretContract(account).cursor];
    }

    function _hold() private {
        Input memory input = _oldest();
        enigma.holdClock(account, input);
    }

    function _resume() private {
        Input memory input = _oldest();
        enigma.resumeClock(account, input);
    }

    function _at(uint256 number, uint256 baseFee) private {
        vm.roll(number);
        vm.fee(baseFee);
    }

    /// @dev Holds the clock at one block and resumes it at a later one.
    function _pause(uint256 held, uint256 resumed) private {
        _at(held, DEAR);
        _hold();
        _at(resumed, CHEAP);
        _resume();
    }

    function _lands(uint256 rank) private returns (bool success) {
        bytes[] memory list = _by(_ranks(rank));
        bytes memory reason;
        (success, reason) = address(enigma).call(abi.encodeCall(ICommits.commit, (list)));
        if (!success) assertEq(bytes4(reason), ITurns.TurnNotCome.selector);
    }

    /// @dev Whether it would land, and no more.
    function _mayLand(uint256 rank) private returns (bool success) {
        uint256 snapshot = vm.snapshotState();
        success = _lands(rank);
        vm.revertToState(snapshot);
    }

    function _skips() private returns (bool success) {
        Input memory input = _oldest();
        bytes memory reason;
        vm.prank(BOB);
        (success, reason) = address(enigma).call(abi.encodeCall(ITurns.skip, (account, input)));
        if (!success) assertEq(bytes4(reason), ITurns.TooEarlyToSkip.selector);
    }

    function _tooEarly(uint256 from) private {
        Input memory input = _oldest();
        vm.expectRevert(abi.encodeWithSelector(ITurns.TooEarlyToSkip.selector, from));
        enigma.skip(account, input);
    }

    /// @dev Plants the weakness: a hold begins the clock anew, and nothing is left to resume.
    function _beginAnew() private {
        bytes32 slot = keccak256(abi.encode(account, 12));
        bytes32 counters = bytes32(uint256(slot) + 1);
        vm.store(address(enigma), counters, vm.load(address(enigma), counters) << 32 >> 32);
        bytes32 marks = bytes32(uint256(slot) + 4);
        uint256 word = uint256(vm.load(address(enigma), marks)) & ~(uint256(type(uint40).max) << 160);
        vm.store(address(enigma), marks, bytes32(word | block.number << 160));
        SecretContract memory record = enigma.secretContract(account);
        assertEq(record.pausedAt, 0);
        assertEq(record.clockFrom, block.number);
        assertEq(record.deployer, ALICE);
        assertEq(record.signers, 1);
    }

    /// @dev The base fee crosses the cap in every block for as long as `blocks`. The host holds the clock whenever it can,
    /// anybody resumes it whenever he can. Ends in a block in which the task would be paid.
    function _cross(uint256 blocks, bool isWeak) private {
        for (uint256 i = 0; i < blocks; i += 2) {
            _at(block.number + 1, DEAR);
            _hold();
            if (isWeak) _beginAnew();
            _at(block.number + 1, CHEAP);
            if (!isWeak) _resume();
        }
    }

    // The rule

    function test_aHoldStopsTheClockAndAResumeLetsItCountOn() public {
        Input memory input = _oldest();
        _at(start + 2, DEAR);
        vm.expectEmit(address(enigma));
        emit ITurns.ClockHeld(account, 0);
        enigma.holdClock(account, input);
        assertEq(enigma.secretContract(account).pausedAt, start + 2);
        _at(start + 40, DEAR);
        assertFalse(_lands(1), "not while it stands");
        _at(start + 50, CHEAP);
        assertFalse(_lands(1));
        vm.expectEmit(address(enigma));
        emit ITurns.ClockResumed(account, 0);
        enigma.resumeClock(account, input);
        SecretContract memory record = enigma.secretContract(account);
        assertEq(record.pausedAt, 0);
        assertEq(record.clockFrom, start + 48, "two blocks are counted");
        assertEq(record.deployer, ALICE);
        assertEq(record.depth, 0);
        assertFalse(_lands(1));
        vm.roll(start + 51);
        assertFalse(_mayLand(2));
        assertTrue(_lands(1));
    }

    function test_pausesAddUp() public {
        _pause(start + 1, start + 11);
        _pause(start + 12, start + 22);
        _pause(start + 23, start + 33);
        assertTrue(_mayLand(1), "three blocks were counted");
        vm.roll(start + 35);
        assertFalse(_mayLand(2));
        vm.roll(start + 36);
        assertTrue(_lands(2));
    }

    function test_turnsThatHaveComeStayCome() public {
        _at(start + TURN, DEAR);
        _hold();
        vm.roll(start + 50);
        assertFalse(_mayLand(2));
        assertTrue(_mayLand(1));
        assertTrue(_lands(0));
    }

    function test_aCommitEndsThePause() public {
        _create(account, BOB, _task(0));
        _at(start + 1, DEAR);
        _hold();
        vm.roll(start + 20);
        assertTrue(_lands(0));
        SecretContract memory record = enigma.secretContract(account);
        assertEq(record.pausedAt, 0);
        assertEq(record.lastCommitBlock, start + 20);
        vm.roll(start + 20 + TURN - 1);
        assertFalse(_lands(1));
        vm.roll(start + 20 + TURN);
        assertTrue(_lands(1));
    }

    function test_aSkipEndsThePauseAndTheNextClockBeginsWithIt() public {
        _create(account, BOB, _task(0));
        _at(start + WHOLE, DEAR);
        _hold();
        vm.roll(start + DEADLINE);
        assertTrue(_skips());
        SecretContract memory record = enigma.secretContract(account);
        assertEq(record.pausedAt, 0);
        assertEq(record.clockFrom, block.number);
        // Three were passed over: 3, 4, 0, 1, 2.
        vm.roll(block.number + TURN - 1);
        assertFalse(_lands(4));
        vm.roll(block.number + 1);
        assertTrue(_lands(4));
    }

    function test_anEpochBeginsTheClockAnewThoughItIsHeld() public {
        _at(start + 5, DEAR);
        _hold();
        vm.roll(start + 40);
        _nextEpoch();
        vm.roll(block.number + 30);
        assertFalse(_mayLand(1));
        vm.fee(CHEAP);
        _resume();
        vm.roll(block.number + TURN - 1);
        assertFalse(_lands(1));
        vm.roll(block.number + 1);
        assertTrue(_lands(1));
    }

    function test_beforeTheInputIsDeepNothingIsCounted() public {
        account = _deploy(ALICE, "deep", 1, 10, _task(0));
        start = block.number + 10;
        uint256 snapshot = vm.snapshotState();
        _pause(start - 8, start - 4);
        _firstTurnAfter(start + TURN);
        vm.revertToState(snapshot);
        _pause(start - 8, start + 20);
        _firstTurnAfter(start + 20 + TURN);
    }

    function _firstTurnAfter(uint256 turn) private {
        vm.roll(turn - 1);
        assertFalse(_lands(1));
        vm.roll(turn);
        assertTrue(_lands(1));
    }

    /// @dev Against a clock that counts block by block, while the base fee wanders and anybody holds and resumes.
    function testFuzz_theClockCountsTheBlocksInWhichItRuns(uint256 random, uint256 epochAt) public {
        uint256 counted = 0;
        bool isHeld = false;
        Input memory input = _oldest();
        for (uint256 i = 0; i < 40; ++i) {
            bool isDear = (random >> (3 * i)) & 1 == 1;
            vm.fee(isDear ? DEAR : CHEAP);
            if (i == epochAt % 80) {
                _nextEpoch();
                counted = 0;
            }
            if (!isHeld && (random >> (3 * i)) & 3 == 3) {
                enigma.holdClock(account, input);
                isHeld = true;
            } else if (isHeld && (random >> (3 * i)) & 5 == 4) {
                enigma.resumeClock(account, input);
                isHeld = false;
            }
            for (uint256 rank = 1; rank < 3; ++rank) {
                if (i > 0 && random >> 250 == i) assertEq(_mayLand(rank), counted >= rank * TURN);
            }
            vm.roll(block.number + 1);
            if (!isHeld) ++counted;
        }
        assertEq(_mayLand(1), counted >= TURN);
        assertEq(_mayLand(2), counted >= 2 * TURN);
        assertEq(_mayLand(3), counted >= 4 * TURN);
    }

    // What is refused

    function test_onlyABaseFeeAboveTheCapHolds() public {
        Input memory input = _oldest();
        vm.expectRevert(ITurns.CapNotExceeded.selector);
        enigma.holdClock(account, input);
        vm.fee(input.priceCap);
        vm.expectRevert(ITurns.CapNotExceeded.selector);
        enigma.holdClock(account, input);
        vm.fee(input.priceCap + 1);
        enigma.holdClock(account, input);
    }

    function test_aClockIsNotHeldTwice() public {
        Input memory input = _oldest();
        _at(start + 1, DEAR);
        _hold();
        vm.roll(start + 2);
        vm.expectRevert(ITurns.ClockIsHeld.selector);
        enigma.holdClock(account, input);
        // Not even if the fee has fallen and risen between, unseen.
        _at(start + 3, CHEAP);
        _at(start + 4, DEAR);
        vm.expectRevert(ITurns.ClockIsHeld.selector);
        enigma.holdClock(account, input);
        assertEq(enigma.secretContract(account).pausedAt, start + 1);
    }

    function test_aClockIsNotResumedEarly() public {
        Input memory input = _oldest();
        vm.expectRevert(ITurns.ClockRuns.selector);
        enigma.resumeClock(account, input);
        vm.fee(input.priceCap + 1);
        _hold();
        vm.expectRevert(ITurns.CapExceeded.selector);
        enigma.resumeClock(account, input);
        vm.roll(start + 1);
        vm.expectRevert(ITurns.CapExceeded.selector);
        enigma.resumeClock(account, input);
        vm.fee(input.priceCap);
        enigma.resumeClock(account, input);
        vm.expectRevert(ITurns.ClockRuns.selector);
        enigma.resumeClock(account, input);
    }

    function test_nobodyHoldsAndResumesInOneBlock() public {
        Input memory input = _oldest();
        vm.fee(DEAR);
        enigma.holdClock(account, input);
        vm.expectRevert(ITurns.CapExceeded.selector);
        enigma.resumeClock(account, input);
        _at(start + 1, CHEAP);
        enigma.resumeClock(account, input);
        vm.expectRevert(ITurns.CapNotExceeded.selector);
        enigma.holdClock(account, input);
    }

    function test_onlyTheOldestPendingInputHoldsAndResumes() public {
        TaskParameters memory task = _task(0);
        task.priceCap = 100 gwei;
        _create(account, ALICE, task);
        vm.fee(50 gwei);
        Input memory second = logged[account][1];
        Input memory forged = logged[account][0];
        forged.priceCap = 1;
        _refusesBoth(second, ICommits.WrongInputHead.selector);
        _refusesBoth(forged, ICommits.WrongInputHead.selector);
        _hold();
        forged.priceCap = 100 gwei;
        _refusesBoth(second, ICommits.WrongInputHead.selector);
        _refusesBoth(forged, ICommits.WrongInputHead.selector);
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 2);
        _sign(c);
        enigma.commit(_one(c));
        _refusesBoth(second, ITurns.NothingPending.selector);
        account = address(1);
        _refusesBoth(second, IInputs.UnknownContract.selector);
    }

    function _refusesBoth(Input memory input, bytes4 reason) private {
        vm.expectRevert(reason);
        enigma.holdClock(account, input);
        vm.expectRevert(reason);
        enigma.resumeClock(account, input);
    }

    // Attacks

    /// @dev In the last block before the next rank's turn: it has its turn in the first block after the pause.
    function test_aHoldInTheLastBlockTakesNobodysTurn() public {
        _pause(start + TURN - 1, start + 100);
        assertFalse(_mayLand(1));
        vm.roll(start + 101);
        assertTrue(_lands(1));
    }

    function test_aHoldInTheBlockOfATurnComesTooLate() public {
        _at(start + TURN, DEAR);
        _hold();
        vm.roll(start + 100);
        assertTrue(_lands(1));
    }

    function test_aBaseFeeThatCrossesTheCapAgainAndAgainKeepsNobodyAway() public {
        _cross(2 * TURN - 2, false);
        assertFalse(_mayLand(1));
        _cross(2, false);
        assertFalse(_mayLand(2));
        assertTrue(_mayLand(1));
        _cross(2 * TURN, false);
        assertTrue(_lands(2));
    }

    function test_ifHoldsBeganTheClockAnewNobodyElseWouldEverHaveATurn() public {
        _cross(LAST, true);
        assertFalse(_lands(1));
        assertFalse(_lands(2));
    }

    /// @dev The sender and the first host: it has executed, they have read, it withholds the commit and holds the clock
    /// as often as it can. The next ones of the group commit, each in its turn, and are paid.
    function test_whatWasReadIsPaidForThoughTheClockIsHeldAgainAndAgain() public {
        _cross(2 * TURN, false);
        assertFalse(_skips());
        assertTrue(_lands(1));
        assertLt(enigma.credits(ALICE), _due(_task(0)), "the sender has paid");
        assertGt(enigma.credits(_operator(_idOf(1))), 0);
        assertEq(_silent(), 1);
    }

    /// @dev Nobody else may commit, and then there is a result and the refund.
    function test_ifHoldsBeganTheClockAnewWhatWasReadWouldBePaidBack() public {
        _cross(LAST, true);
        assertFalse(_lands(1));
        assertTrue(_skips());
        assertEq(enigma.credits(ALICE), _due(_task(0)), "all of it");
        assertEq(_silent(), 0, "and nobody is slashed");
    }

    /// @dev Though the base fee crosses the cap in every block, the whole group has its turns before a skip, and whoever
    /// let it happen is slashed.
    function test_whoeverLetsASkipHappenIsSlashed() public {
        vm.roll(start + DEADLINE - 2);
        _nextEpoch();
        _cross(2 * WHOLE - 2, false);
        assertGe(block.number, start + DEADLINE);
        assertFalse(_skips());
        _cross(2, false);
        assertTrue(_skips());
        assertEq(_silent(), 7);
    }

    /// @dev Beside the deadline a skip needs the group's whole clock; held for long, it needs four deadlines.
    function test_aHeldClockPutsASkipOffButNotForEver() public {
        _at(start + WHOLE - 1, DEAR);
        _hold();
        vm.roll(start + DEADLINE);
        _tooEarly(start + LAST);
        uint256 snapshot = vm.snapshotState();
        _at(start + LAST - 10, CHEAP);
        _resume();
        _tooEarly(start + LAST - 9);
        vm.roll(start + LAST - 9);
        assertTrue(_skips());
        assertEq(_silent(), 7);

        vm.revertToState(snapshot);
        vm.roll(start + LAST - 1);
        _tooEarly(start + LAST);
        vm.roll(start + LAST);
        assertTrue(_skips());
        assertEq(_silent(), 0, "nobody was to blame");
        assertEq(enigma.credits(ALICE), _due(_task(0)));
    }

    /// @dev A cheap input at the head stops those behind it for four deadlines at most, and whoever commits it at a loss
    /// stops nothing.
    function test_aCheapInputAtTheHeadStopsTheRestForALimitedTime() public {
        TaskParameters memory rich = _task(1 ether);
        rich.priceCap = uint128(2 * DEAR);
        _create(account, BOB, rich);
        _at(start + 1, DEAR);
        _hold();
        uint256 snapshot = vm.snapshotState();
        vm.roll(start + 2);
        Commitment memory c = _unsigned(account, 2);
        _sign(c);
        enigma.commit(_one(c));
        assertEq(account.balance, 1 ether);

        vm.revertToState(snapshot);
        vm.roll(start + LAST);
        assertTrue(_skips());
        assertEq(enigma.credits(ALICE), _due(_task(0)));
        Input memory second = _oldest();
        vm.expectRevert(ITurns.CapNotExceeded.selector);
        enigma.holdClock(account, second);
        assertFalse(_lands(1));
        vm.roll(block.number + TURN);
        assertTrue(_lands(1));
        assertEq(account.balance, 1 ether);
    }

    /// @dev A queue of them, whose clocks were all held: once four deadlines are over, all go at once.
    function test_aQueueOfCheapInputsGoesAtOnceInTheEnd() public {
        for (uint256 i = 0; i < 4; ++i) {
            _create(account, BOB, _task(0));
        }
        _at(start + 1, DEAR);
        _hold();
        vm.roll(start + LAST);
        for (uint256 i = 0; i < 5; ++i) {
            assertTrue(_skips());
        }
        assertEq(_silent(), 0);
        assertEq(enigma.secretContract(account).cursor, 5);
    }

    function _idOf(uint256 rank) private view returns (uint256) {
        (,, uint256[] memory ids) = enigma.turns(account);
        return ids[rank];
    }
}
