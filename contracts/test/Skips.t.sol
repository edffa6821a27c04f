// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {IInputs} from "../src/interfaces/IInputs.sol";
import {ITurns} from "../src/interfaces/ITurns.sol";
import {Input, SecretContract, TaskParameters} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice An input that nobody executes is given up after two epoch lengths, 128 blocks, once each of the group had its
/// turn: nine blocks, three for each. Holds.t.sol has what happens when the clock stands still.
contract SkipsTest is AccountTest {
    uint256 private constant DEADLINE = 2 * 64;
    uint256 private constant WHOLE = 3 * 3;

    function _skip() private {
        uint64 cursor = enigma.secretContract(account).cursor;
        Input memory input = logged[account][cursor];
        vm.prank(address(0xa9b0d9));
        enigma.skip(account, input);
    }

    function _tooEarly(uint256 deadline) private {
        Input memory input = logged[account][enigma.secretContract(account).cursor];
        vm.expectRevert(abi.encodeWithSelector(ITurns.TooEarlyToSkip.selector, deadline));
        enigma.skip(account, input);
    }

    function _eachOfTheGroupWasSlashedOnce() private view {
        uint256[] memory group = enigma.group(account);
        for (uint256 rank = 0; rank < 3; ++rank) {
            assertEq(enigma.worker(group[rank]).slashes, 1);
        }
    }

    function test_anybodySkipsAfterTheDeadline() public {
        TaskParameters memory task = _task(3 ether);
        _create(account, BOB, task);
        SecretContract memory before = enigma.secretContract(account);
        uint256 held = address(enigma).balance;
        vm.roll(start + DEADLINE - 1);
        _tooEarly(start + DEADLINE);
        vm.roll(start + DEADLINE);
        bytes32 head = _skippedHead(before.stateHead, 0);
        vm.expectEmit(address(enigma));
        emit ITurns.Skipped(account, 0, head, ALICE, _due(_task(0)));
        _skip();
        assertEq(enigma.credits(ALICE), _due(_task(0)), "exactly what was paid");

        // The next one's clock begins with the skip.
        _tooEarly(start + DEADLINE + WHOLE);
        vm.roll(start + DEADLINE + WHOLE);
        head = _skippedHead(head, 1);
        _skip();
        assertEq(enigma.credits(BOB), _due(task), "with the value");
        SecretContract memory record = enigma.secretContract(account);
        assertEq(record.cursor, 2);
        assertEq(record.stateHead, head);
        assertEq(record.sealedEpoch, before.sealedEpoch);
        assertEq(record.lastCommitBlock, before.lastCommitBlock);
        assertEq(address(enigma).balance, held, "nothing leaves");
        assertEq(held, enigma.credits(ALICE) + enigma.credits(BOB));

        Input memory last = logged[account][1];
        vm.expectRevert(ITurns.NothingPending.selector);
        enigma.skip(account, last);
        vm.expectRevert(IInputs.UnknownContract.selector);
        enigma.skip(address(1), last);
    }

    function _skippedHead(bytes32 head, uint256 index) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(_tag("state-head"), head, _inputHash(account, index, logged[account][index]), bytes32(0))
            );
    }

    function test_whatFollowsASkipIsCommittedOnItsHead() public {
        _create(account, BOB, _task(1 ether));
        vm.roll(start + DEADLINE);
        _skip();
        Commitment memory c = _unsigned(account, 1);
        _signBy(c, _ranks(3));
        enigma.commit(_one(c));
        assertEq(enigma.secretContract(account).cursor, 2);
        assertEq(account.balance, 1 ether);
    }

    function test_onlyTheOldestInputIsSkipped() public {
        _create(account, BOB, _task(0));
        vm.roll(start + DEADLINE);
        Input memory second = logged[account][1];
        vm.expectRevert(ICommits.WrongInputHead.selector);
        enigma.skip(account, second);
        Input memory forged = logged[account][0];
        forged.sender = BOB;
        vm.expectRevert(ICommits.WrongInputHead.selector);
        enigma.skip(account, forged);
        forged = logged[account][0];
        forged.value = 1 ether;
        vm.expectRevert(ICommits.WrongInputHead.selector);
        enigma.skip(account, forged);
    }

    function test_aCommitMovesTheDeadline() public {
        _create(account, BOB, _task(0));
        vm.roll(start + 100);
        Commitment memory c = _unsigned(account, 1);
        _sign(c);
        enigma.commit(_one(c));
        vm.roll(start + 100 + DEADLINE - 1);
        _tooEarly(start + 100 + DEADLINE);
        vm.roll(start + 100 + DEADLINE);
        _skip();
    }

    /// @dev Before that nobody can execute it.
    function test_theDeadlineOfAnInputBeginsWhenItIsDeepEnough() public {
        account = _deploy(ALICE, "deep", 1, 10, _task(0));
        start = block.number + 10;
        vm.roll(start + DEADLINE - 1);
        _tooEarly(start + DEADLINE);
        vm.roll(start + DEADLINE);
        _skip();
    }

    function test_anEpochBeginsTheClockAnewAndLeavesTheDeadline() public {
        vm.roll(start + DEADLINE - 40);
        _nextEpoch();
        uint256 begun = block.number;
        assertLt(begun + WHOLE, start + DEADLINE);
        vm.roll(start + DEADLINE - 1);
        _tooEarly(start + DEADLINE);
        vm.roll(start + DEADLINE);
        _skip();
        assertEq(_silent(), 7);
    }

    function test_nothingIsSkippedBeforeEachOfTheGroupHadItsTurnAndThenAllAreSlashed() public {
        vm.roll(start + DEADLINE - 4);
        _nextEpoch();
        uint256 begun = block.number;
        // Rank 2 has its turn six blocks later, and three blocks to use it.
        vm.roll(begun + WHOLE - 1);
        assertGt(block.number, start + DEADLINE);
        _tooEarly(begun + WHOLE);
        vm.roll(begun + WHOLE);
        (uint40 epoch, uint256 word, uint256[] memory ids) = enigma.turns(account);
        vm.expectEmit(address(enigma));
        emit ITurns.TakenOver(account, epoch, word | 7 << 48);
        _skip();
        assertEq(_silent(), 7);
        uint256 staked = 0;
        for (uint256 rank = 0; rank < WORKERS; ++rank) {
            uint256 full = (ids[rank] + 1) * 100 ether;
            uint256 stake = enigma.worker(ids[rank]).stake;
            assertEq(stake, rank < 3 ? full * 99 / 100 : full);
            staked += stake;
        }
        assertEq(token.balanceOf(address(enigma)), staked);
        assertEq(token.totalSupply(), 150_000_000 ether - (1500 ether - staked));
    }

    function test_withAllOfTheGroupTheClockIsOneStep() public {
        account = _deploy(ALICE, "three", 3);
        start = block.number;
        vm.roll(start + DEADLINE - 1);
        _nextEpoch();
        vm.roll(block.number + 2);
        _tooEarly(block.number + 1);
        vm.roll(block.number + 1);
        _skip();
        assertEq(_silent(), 7);
    }

    function test_theWorkersHaveTheirTurnsAgainAfterASkip() public {
        _create(account, BOB, _task(1 ether));
        vm.roll(start + DEADLINE);
        _skip();
        // All three of the group were passed over, so the order is 3, 4, 0, 1, 2.
        vm.roll(block.number + 2);
        Commitment memory c = _unsigned(account, 1);
        _signBy(c, _ranks(4));
        vm.expectRevert(ITurns.TurnNotCome.selector);
        enigma.commit(_one(c));
        vm.roll(block.number + 1);
        c = _unsigned(account, 1);
        _signBy(c, _ranks(4));
        enigma.commit(_one(c));
        assertEq(account.balance, 1 ether);
    }

    function test_aQueueSlashesTheGroupOnce() public {
        for (uint256 i = 0; i < 5; ++i) {
            _create(account, BOB, _task(0));
        }
        vm.roll(start + DEADLINE);
        for (uint256 i = 0; i < 6; ++i) {
            vm.recordLogs();
            _skip();
            if (i > 0) assertEq(vm.getRecordedLogs().length, 1, "nothing but the skip is told");
            if (i < 5) _tooEarly(block.number + WHOLE);
            vm.roll(block.number + WHOLE);
        }
        assertEq(block.number, start + DEADLINE + 6 * WHOLE, "one after the other");
        _eachOfTheGroupWasSlashedOnce();
    }

    function test_whoWasPassedOverBeforeIsNotSlashedAgain() public {
        _create(account, BOB, _task(0));
        vm.roll(start + 3);
        Commitment memory c = _unsigned(account, 1);
        _signBy(c, _ranks(1));
        enigma.commit(_one(c));
        vm.roll(start + 3 + DEADLINE);
        _skip();
        assertEq(_silent(), 7);
        _eachOfTheGroupWasSlashedOnce();
    }

    /// @dev Of whom no more was stored than signed before.
    function test_theWholeGroupIsSlashedThoughItsFirstHasCommitted() public {
        _create(account, BOB, _task(0));
        _commit(account, 1);
        assertEq(uint8(enigma.secretContract(account).group >> 40), 1);
        vm.roll(block.number + DEADLINE);
        _skip();
        assertEq(_silent(), 7);
        _eachOfTheGroupWasSlashedOnce();
    }

    /// @dev They are drawn and stored, but a skip waits for nobody's turn but the group's.
    function test_whoStandsBeyondTheGroupIsNotSlashedForASkip() public {
        _create(account, BOB, _task(0));
        vm.roll(start + 12);
        enigma.commit(_by(_ranks(3)));
        assertEq(uint8(enigma.secretContract(account).group >> 40), WORKERS);
        vm.roll(start + 12 + DEADLINE);
        _skip();
        assertEq(_silent(), 7);
        (,, uint256[] memory ids) = enigma.turns(account);
        for (uint256 rank = 3; rank < WORKERS; ++rank) {
            assertEq(enigma.worker(ids[rank]).slashes, 0);
        }
    }

    /// @dev With fewer workers than the contract asks for signers, nobody could have signed: whoever deploys such contracts
    /// must not have the few slashed for it.
    function test_aGroupThatIsTooSmallForTheContractIsNotSlashed() public {
        _leaveTwo();
        account = _deploy(ALICE, "three", 3);
        start = block.number;
        vm.roll(start + DEADLINE);
        Commitment memory c = _unsigned(account, 1);
        c.signatures = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) {
            c.signatures[i] = _signed(_workerKey(i % 2), _receiptHash(c.receipt));
        }
        vm.expectRevert(ICommits.GroupTooSmall.selector);
        enigma.commit(_one(c));

        _skip();
        assertEq(enigma.credits(ALICE), _due(_task(0)));
        assertEq(_silent(), 0);
        assertEq(enigma.worker(0).stake, 100 ether);
        assertEq(enigma.worker(1).stake, 200 ether);
    }

    /// @dev As many as it asks for could have signed.
    function test_aGroupThatIsJustLargeEnoughIsSlashed() public {
        _leaveTwo();
        account = _deploy(ALICE, "two", 2);
        start = block.number;
        vm.roll(start + DEADLINE);
        _skip();
        assertEq(_silent(), 3);
        assertEq(enigma.worker(0).stake, 99 ether);
        assertEq(enigma.worker(1).stake, 198 ether);
    }

    function _leaveTwo() private {
        for (uint256 id = 2; id < WORKERS; ++id) {
            vm.prank(_operator(id));
            enigma.logout(id);
        }
        _nextEpoch();
        _nextEpoch();
        assertEq(enigma.group(account).length, 2);
    }

    function test_aSkippedInputIsNotCommittedAnyMore() public {
        vm.roll(start + DEADLINE);
        Commitment memory c = _unsigned(account, 1);
        _sign(c);
        _skip();
        vm.expectRevert(ICommits.NotNextIndex.selector);
        enigma.commit(_one(c));
    }
}
