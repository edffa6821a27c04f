// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {ITurns} from "../src/interfaces/ITurns.sol";
import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {Worker} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice The order and the clock: who takes over when, and what the silent lose. Five workers, groups of three,
/// takeover after three blocks.
contract TurnsTest is AccountTest {
    // Helpers

    function _id(uint256 rank) private view returns (uint256) {
        (,, uint256[] memory ids) = enigma.turns(account);
        return ids[rank];
    }

    /// @dev In block `start + wait - 1` it is refused, in the next one it lands.
    function _landsAfter(uint256 wait, uint256[] memory ranks) private {
        vm.roll(start + wait - 1);
        bytes[] memory list = _by(ranks);
        vm.expectRevert(ITurns.TurnNotCome.selector);
        enigma.commit(list);
        vm.roll(start + wait);
        list = _by(ranks);
        enigma.commit(list);
    }

    /// @dev A next input, so that the clock starts in this block.
    function _another() private {
        _create(account, ALICE, _task(0));
        start = block.number;
    }

    function _stake(uint256 id) private view returns (uint256) {
        return enigma.worker(id).stake;
    }

    function _staked(uint256 id) private pure returns (uint256) {
        return (id + 1) * 100 ether;
    }

    function _checkSlashed(uint256 rank, bool slashed) private view {
        uint256 id = _id(rank);
        assertEq(_stake(id), slashed ? _staked(id) * 99 / 100 : _staked(id), "stake");
    }

    /// @dev What is staked is here, and what was slashed is nowhere.
    function _checkTokens() private view {
        uint256 staked = 0;
        for (uint256 id = 0; id < WORKERS; ++id) {
            staked += _stake(id);
        }
        assertEq(token.balanceOf(address(enigma)), staked);
        assertEq(token.totalSupply(), 150_000_000 ether - (1500 ether - staked));
    }

    // Takeover

    function test_rankOneTakesOverAfterOneStep() public {
        uint256 silent = _id(0);
        uint256 word = enigma.secretContract(account).group;
        assertEq(word, 0);
        vm.roll(start + 3);
        (, word,) = enigma.turns(account);
        bytes[] memory list = _by(_ranks(1));
        vm.expectEmit(address(enigma));
        emit ITurns.TakenOver(account, 2, word | 1 << 48);
        vm.expectEmit(address(enigma));
        emit ITurns.Slashed(silent, account, 2, _staked(silent) / 100);
        vm.expectEmit(address(enigma));
        emit IWorkers.StakeChanged(silent, uint96(_staked(silent) * 99 / 100));
        enigma.commit(list);
        assertEq(enigma.secretContract(account).group, word | 1 << 48);
        _checkSlashed(0, true);
        _checkSlashed(1, false);
        _checkSlashed(2, false);
        _checkTokens();
        // The weight follows from the epoch after the next on.
        uint256 weight = 1500 - (_staked(silent) / 1 ether + 99) / 100;
        assertEq((enigma.treeRoot() >> 104) & 0x3fffffff, weight);
        assertEq((enigma.treeRoot() >> 40) & 0x3fffffff, 1500, "the running epoch is as it was");
        // Whoever carries is paid, whatever its rank.
        assertGt(enigma.credits(_operator(_id(1))), 0);
        assertEq(enigma.credits(_operator(silent)), 0);
    }

    function test_noTurnComesEarly() public {
        _landsAfter(3, _ranks(1));
        _another();
        // Now rank 1 is first, then 2, and beyond the group 3, 4, and the silent rank 0 last.
        _landsAfter(3, _ranks(2));
        assertEq(_silent(), 3);
    }

    function test_rankTwoWaitsTwoSteps() public {
        _landsAfter(6, _ranks(2));
        assertEq(_silent(), 3);
        _checkSlashed(0, true);
        _checkSlashed(1, true);
        _checkTokens();
    }

    function test_beyondTheGroupTheStepsDouble() public {
        assertEq(enigma.group(account).length, 3);
        _landsAfter(6 + 6, _ranks(3));
        assertEq(_silent(), 7);
        uint256 word = enigma.secretContract(account).group;
        assertEq(uint8(word >> 40), 5, "the whole sequence is stored");
        assertEq(uint24(word >> (56 + 72)), _id(3));
        assertEq(uint24(word >> (56 + 96)), _id(4));
        assertEq(enigma.group(account).length, 3, "the group is what it was");
        for (uint256 rank = 0; rank < 5; ++rank) {
            _checkSlashed(rank, rank < 3);
        }
        _checkTokens();
    }

    function test_theLastRankWaitsLongest() public {
        _landsAfter(6 + 6 + 12, _ranks(4));
        assertEq(_silent(), 15);
        // A silent one that comes back comes after it; all of them make up the order again.
        _another();
        _landsAfter(3, _ranks(0));
        assertEq(_silent(), 31);
        _checkSlashed(4, true);
        _checkSlashed(0, true);
        _checkTokens();
    }

    function test_aSilentRankComesAfterThoseThatAreNotDrawnYet() public {
        _landsAfter(3, _ranks(1));
        _another();
        // The word has three ids, but two more stand before rank 0: its position is 4.
        _landsAfter(6 + 6 + 12, _ranks(0));
        assertEq(_silent(), 31);
        _checkTokens();
    }

    function test_theTakerStaysFirstForTheRestOfTheEpoch() public {
        _landsAfter(3, _ranks(1));
        _another();
        _commitNowBy(_ranks(1));
        _another();
        vm.roll(block.number + 1);
        bytes[] memory list = _by(_ranks(0));
        vm.expectRevert(ITurns.TurnNotCome.selector);
        enigma.commit(list);
        _nextEpoch();
        assertEq(_silent(), 0);
        _commitNowBy(_ranks(0));
        assertEq(_silent(), 0);
    }

    function _commitNowBy(uint256[] memory ranks) private {
        vm.roll(block.number + 1);
        enigma.commit(_by(ranks));
    }

    function test_ofTwoInABlockTheFirstLandsAndNobodyIsSlashed() public {
        vm.roll(start + 10);
        bytes[] memory first = _by(_ranks(0));
        bytes[] memory second = _by(_ranks(1));
        enigma.commit(first);
        vm.expectRevert(ICommits.NotNextIndex.selector);
        enigma.commit(second);
        _checkSlashed(0, false);
        assertEq(_silent(), 0);
    }

    function test_aRefusedTakeoverBesideALandedReceiptSlashesNobody() public {
        vm.roll(start + 10);
        bytes[] memory both = new bytes[](2);
        both[0] = _by(_ranks(0))[0];
        both[1] = _by(_ranks(1))[0];
        enigma.commit(both);
        _checkSlashed(0, false);
        _checkTokens();
    }

    function test_aReceiptBeforeItsTurnMovesNoMoneyBesideALandedOne() public {
        address other = _deploy(BOB, "other", 1);
        vm.roll(start + 2);
        bytes[] memory both = new bytes[](2);
        both[0] = _by(_ranks(1))[0];
        both[1] = _one(_commitment(other, 1))[0];
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(account, ITurns.TurnNotCome.selector);
        enigma.commit(both);
        assertEq(enigma.secretContract(other).cursor, 1);
        assertEq(enigma.secretContract(account).cursor, 0);
        assertEq(enigma.credits(ALICE), 0, "its sender waits for the result");
    }

    function test_everyCommitStartsTheClockAnew() public {
        _create(account, ALICE, _task(0));
        vm.roll(start + 10);
        enigma.commit(_by(_ranks(0)));
        start = block.number;
        _landsAfter(3, _ranks(1));
    }

    function test_theClockStartsWithTheEpoch() public {
        _nextEpoch();
        start = block.number;
        _landsAfter(3, _ranks(1));
    }

    // Several signers

    function _withSigners(uint8 signers) private {
        account = _deploy(ALICE, "more", signers);
        start = block.number;
    }

    function test_twoOfThreeCommitWithoutADeadRankZero() public {
        _withSigners(2);
        _landsAfter(3, _ranks(1, 2));
        assertEq(_silent(), 1);
        _checkSlashed(0, true);
        _checkSlashed(1, false);
        _checkSlashed(2, false);
        // The first of them carries, the other shares the execution.
        uint256 share = _kept(uint256(4_096) * 11 gwei / 2);
        assertEq(enigma.credits(_operator(_id(2))), share);
        assertGt(enigma.credits(_operator(_id(1))), share);
        // They are the first two now.
        _another();
        _commitNowBy(_ranks(1, 2));
        assertEq(_silent(), 1);
    }

    function test_whoStandsBetweenTwoSignersIsPassedOver() public {
        _withSigners(2);
        _landsAfter(3, _ranks(0, 2));
        assertEq(_silent(), 2);
        _checkSlashed(0, false);
        _checkSlashed(1, true);
    }

    function test_withAllOfTheGroupOneBeyondStandsInForADeadOne() public {
        _withSigners(3);
        _landsAfter(6, _ranks(0, 2, 3));
        assertEq(_silent(), 2);
        _checkSlashed(0, false);
        _checkSlashed(1, true);
        _checkSlashed(2, false);
        assertGt(enigma.credits(_operator(_id(0))), enigma.credits(_operator(_id(3))));
        assertEq(enigma.credits(_operator(_id(2))), enigma.credits(_operator(_id(3))));
        _another();
        _commitNowBy(_ranks(0, 2, 3));
    }

    function test_signersComeInTheOrderOfTheirTurns() public {
        _withSigners(2);
        vm.roll(start + 100);
        bytes[] memory list = _by(_ranks(2, 1));
        vm.expectRevert(ICommits.WrongSignerOrder.selector);
        enigma.commit(list);
        list = _by(_ranks(3, 3));
        vm.expectRevert(ICommits.WrongSignerOrder.selector);
        enigma.commit(list);
        enigma.commit(_by(_ranks(1, 2)));
        // By positions, not by ranks: the silent rank 0 comes last.
        _another();
        vm.roll(block.number + 100);
        list = _by(_ranks(0, 1));
        vm.expectRevert(ICommits.WrongSignerOrder.selector);
        enigma.commit(list);
        enigma.commit(_by(_ranks(1, 0)));
        assertEq(_silent(), 31 - 2);
    }

    function testFuzz_whoeverSignsTheOrderIsThatOfTheRule(uint256 random) public {
        uint8 signers = uint8(1 + random % 3);
        account = _deploy(ALICE, bytes32(random), signers);
        uint256 silent = 0;
        for (uint256 round = 0; round < 4; ++round) {
            if (round != 0) _create(account, ALICE, _task(0));
            random = uint256(keccak256(abi.encode(random)));
            vm.roll(block.number + 13 + random % 12);
            // The order and who is passed over, from a plain list.
            uint256[] memory order = new uint256[](5);
            uint256 place = 0;
            for (uint256 rank = 0; rank < 10; ++rank) {
                if ((silent >> (rank % 5)) & 1 == rank / 5) order[place++] = rank % 5;
            }
            uint256[] memory ranks = new uint256[](signers);
            uint256 from = (random >> 8) % 2;
            uint256 position = 0;
            uint256 passed = 0;
            for (uint256 i = 0; i < signers; ++i) {
                ranks[i] = order[from];
                position = from++;
                // Never beyond position 3, whose turn has come after 12 blocks.
                if (i + 1 < signers && from + (signers - i - 1) <= 3 && (random >> (16 + i)) % 2 == 0) ++from;
            }
            for (uint256 i = 0; i < position; ++i) {
                passed |= 1 << order[i];
            }
            for (uint256 i = 0; i < signers; ++i) {
                passed &= ~(1 << ranks[i]);
            }
            enigma.commit(_by(ranks));
            silent |= passed;
            assertEq(_silent(), silent);
        }
        _checkTokens();
    }

    // Slashing

    function test_atMostATenthOfTheStakeIsLostInAnEpoch() public {
        // One worker weighs so much that it is rank 0 nearly everywhere.
        uint256 id = 4;
        assertTrue(token.transfer(_operator(id), 100_000_000 ether));
        vm.startPrank(_operator(id));
        token.approve(address(enigma), 100_000_000 ether);
        enigma.stake(id, 100_000_000 ether);
        vm.stopPrank();
        _nextEpoch();
        _nextEpoch();
        uint256 before = _stake(id);
        uint40 epoch = enigma.currentEpoch();
        for (uint256 i = 0; i < 12; ++i) {
            account = _deploy(ALICE, bytes32(i), 1);
            assertEq(_id(0), id);
            vm.roll(block.number + 3);
            enigma.commit(_by(_ranks(1)));
            uint256 count = i < 10 ? i + 1 : 10;
            assertEq(_stake(id), before - count * (before / 100), "of the stake at the first slash");
            Worker memory worker = enigma.worker(id);
            assertEq(worker.slashes, count);
            assertEq(worker.slashBase, before);
            assertEq(worker.slashEpoch, epoch);
            assertEq(_silent(), 1, "passed over all the same");
        }
        assertEq(token.balanceOf(address(enigma)), _stake(id) + 1000 ether);
        // Another epoch has a base of its own.
        _create(account, ALICE, _task(0));
        _nextEpoch();
        before = _stake(id);
        assertEq(_id(0), id);
        vm.roll(block.number + 3);
        enigma.commit(_by(_ranks(1)));
        assertEq(_stake(id), before - before / 100);
        assertEq(enigma.worker(id).slashes, 1);
    }

    function test_nobodyIsSlashedTwiceForAContractAndEpoch() public {
        _landsAfter(3, _ranks(1));
        uint256 left = _stake(_id(0));
        _another();
        _landsAfter(3, _ranks(2));
        assertEq(_stake(_id(0)), left);
        assertEq(enigma.worker(_id(0)).slashes, 1);
    }

    function test_aWorkerThatLoggedOutIsSlashedAndKeepsNoWeight() public {
        uint256 id = _id(0);
        vm.prank(_operator(id));
        enigma.logout(id);
        uint256 root = enigma.treeRoot();
        _landsAfter(3, _ranks(1));
        assertEq(_stake(id), _staked(id) * 99 / 100);
        assertEq(enigma.treeRoot(), root);
    }

    function test_aTokenThatRefusesToBurnStopsNoCommit() public {
        vm.mockCallRevert(address(token), abi.encodeWithSignature("burn(uint256)"), "no");
        _landsAfter(3, _ranks(1));
        vm.clearMockedCalls();
        _checkSlashed(0, true);
        assertEq(enigma.secretContract(account).cursor, 1);
    }

    function test_aTokenThatEatsAllGasStopsNoCommit() public {
        vm.etch(address(token), hex"5b5f56");
        _landsAfter(3, _ranks(1));
        assertEq(enigma.secretContract(account).cursor, 1);
    }

    // Reading

    function test_turnsTellsAllWhoMayServe() public {
        (uint40 epoch, uint256 word, uint256[] memory ids) = enigma.turns(account);
        assertEq(epoch, 2);
        assertEq(ids, enigma.sequence(account, 2, 8));
        assertEq(word, 2 | 3 << 40 | ids[0] << 56 | ids[1] << 80 | ids[2] << 104);
        _landsAfter(3, _ranks(1));
        (, word, ids) = enigma.turns(account);
        assertEq(word, enigma.secretContract(account).group);
        assertEq(ids, enigma.sequence(account, 2, 8));
    }

    function test_turnsTellsTheWholeGroupWhenOnlyItsFirstIsStored() public {
        vm.roll(start + 1);
        enigma.commit(_by(_ranks(0)));
        assertEq(uint8(enigma.secretContract(account).group >> 40), 1);
        (, uint256 word, uint256[] memory ids) = enigma.turns(account);
        assertEq(word, 2 | 3 << 40 | ids[0] << 56 | ids[1] << 80 | ids[2] << 104);
        assertEq(enigma.group(account).length, 3);
    }

    function test_plainMoneyIsRefused() public {
        deal(address(this), 1 ether);
        (bool success,) = address(enigma).call{value: 1}("");
        assertFalse(success);
        (success,) = address(enigma).call{value: 1}(hex"01020304");
        assertFalse(success);
        (success,) = address(enigma).call(hex"01020304");
        assertFalse(success);
        (success,) = address(enigma).call{value: 1}(abi.encodeCall(ITurns.turns, (account)));
        assertFalse(success);
    }
}
