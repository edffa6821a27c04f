// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {ICredits} from "../src/interfaces/ICredits.sol";
import {SecretContract, TaskParameters} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Commitment} from "./Packing.sol";

contract CommitsTest is AccountTest {
    function _rank(uint256 rank) private view returns (address operator) {
        return _operator(enigma.group(account)[rank]);
    }

    function test_aReceiptMovesTheContractOn() public {
        _create(account, BOB, _task(0));
        vm.roll(block.number + 1);
        Commitment memory c = _commitment(account, 2);
        enigma.commit(_one(c));
        SecretContract memory record = enigma.secretContract(account);
        assertEq(record.stateHead, c.receipt.stateHeadAfter);
        assertEq(record.cursor, 2);
        assertEq(record.sealedEpoch, 2);
        assertEq(record.lastCommitBlock, block.number);
        assertEq(record.snapshotHash, c.receipt.snapshotHash);
        // What was drawn of the group is packed: epoch, count, nobody passed over, ids.
        uint256[] memory ids = enigma.group(account);
        assertEq(record.group, 2 | (1 << 40) | (ids[0] << 56));
    }

    function test_feesAreExactToTheWei() public {
        // Status 0 with value, 1 with value, 2 with value: three tasks beside the deploy.
        TaskParameters memory task = _task(3 ether);
        _create(account, BOB, task);
        task.value = 5 ether;
        _create(account, BOB, task);
        task.value = 7 ether;
        task.tip = 25 gwei; // base fee 10 + tip 25 is above the cap of 30
        _create(account, BOB, task);
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 4);
        c.receipt.results[2].status = 1;
        c.receipt.results[2].gasCharged = 65_536;
        c.receipt.results[3].status = 2;
        c.receipt.results[3].gasCharged = 32_769;
        _sign(c);

        uint256 size = c.outputs[0].length + c.deltas[0].length;
        uint256 commitGas = uint256(80_000) / 4 + 16_000 + 45 * size;
        uint256[] memory outcomes = new uint256[](4);
        outcomes[0] = 32_768 << 8 | ((commitGas + 4_096) * 11 gwei) << 72;
        outcomes[1] = 32_768 << 8 | ((commitGas + 4_096) * 11 gwei) << 72;
        outcomes[2] = 1 | 65_536 << 8 | ((commitGas + 8_192) * 11 gwei) << 72;
        outcomes[3] = 2 | 32_769 << 8 | ((commitGas + 4_096) * 30 gwei) << 72;
        vm.expectEmit(address(enigma));
        emit ICommits.Committed(
            account, 0, 3, 2, c.receipt.stateHeadAfter, c.receipt.snapshotHash, outcomes, c.outputs, c.deltas
        );
        enigma.commit(_one(c));

        uint256 maxFee = uint256(200_000 + 125_000) * 30 gwei;
        uint256 ofBob = (outcomes[1] >> 72) + (outcomes[2] >> 72) + (outcomes[3] >> 72);
        assertEq(enigma.credits(ALICE), maxFee - (outcomes[0] >> 72));
        assertEq(enigma.credits(BOB), 3 * maxFee - ofBob + 5 ether + 7 ether);
        uint256 pay = (outcomes[0] >> 72) + ofBob;
        assertEq(enigma.credits(_rank(0)), pay - pay / 32);
        assertEq(_parked(_rank(0)), pay / 32);
        assertEq(account.balance, 3 ether);
        assertEq(enigma.secretContract(account).delivered, 3 ether);
        assertEq(address(enigma).balance, enigma.credits(ALICE) + enigma.credits(BOB) + pay);
    }

    function test_thePriceFollowsTheBaseFeeAtCommit() public {
        vm.fee(100 gwei);
        _commit(account, 1);
        uint256 gas = 80_000 + 16_000 + 45 * (283 + 282) + 4_096;
        assertEq(enigma.credits(_rank(0)), _kept(gas * 30 gwei), "never above the cap");
    }

    function test_severalSignersShareTheExecution() public {
        account = _deploy(ALICE, "two", 3);
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 1);
        c.receipt.results[0].gasCharged = 80_008;
        _sign(c);
        enigma.commit(_one(c));
        uint256 size = c.outputs[0].length + c.deltas[0].length;
        uint256 execution = uint256(10_001) * 11 gwei;
        uint256 share = execution / 3;
        assertEq(enigma.credits(_rank(1)), _kept(share));
        assertEq(enigma.credits(_rank(2)), _kept(share));
        assertEq(enigma.credits(_rank(0)), _kept((96_000 + 45 * size) * 11 gwei + execution - 2 * share));
    }

    function test_laterCommitsOfAnEpochNeedNoSnapshotAndKeepTheGroup() public {
        _commit(account, 1);
        uint256 word = enigma.secretContract(account).group;
        _create(account, BOB, _task(0));
        _commit(account, 1);
        assertEq(enigma.secretContract(account).group, word);
        _create(account, BOB, _task(0));
        _nextEpoch();
        Commitment memory c = _commitment(account, 1);
        assertTrue(c.receipt.snapshotHash != 0);
        enigma.commit(_one(c));
        assertEq(uint40(enigma.secretContract(account).group), 3);
    }

    function test_oneReceiptFailsAndTheOtherLands() public {
        address other = _deploy(BOB, "other", 1);
        vm.roll(block.number + 1);
        Commitment[] memory list = new Commitment[](3);
        list[0] = _commitment(account, 1);
        list[0].receipt.stateHeadBefore = 0;
        list[1] = _commitment(other, 1);
        list[2] = list[1];
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(account, ICommits.StaleStateHead.selector);
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(other, ICommits.NotNextIndex.selector);
        enigma.commit(_all(list));
        assertEq(enigma.secretContract(account).cursor, 0);
        assertEq(enigma.secretContract(other).cursor, 1);
        assertEq(enigma.secretContract(account).group, 0, "a refused receipt stores nothing");
    }

    function test_withoutItsValueAtThePortalNoTaskLands() public {
        _create(account, BOB, _task(1 ether));
        vm.roll(block.number + 1);
        Commitment memory c = _commitment(account, 2);
        bytes memory code = account.code;
        vm.etch(account, hex"5f5ffd");
        vm.expectRevert(ICommits.PortalRefused.selector);
        enigma.commit(_one(c));
        vm.etch(account, code);
        enigma.commit(_one(c));
        assertEq(account.balance, 1 ether);
    }

    /// @dev Each receipt is paid what a transaction of its own takes: one that carried ten would earn twice its cost.
    function test_aBatchIsNotSplitWithinABlock() public {
        _create(account, BOB, _task(1 ether));
        vm.roll(block.number + 1);
        Commitment[] memory list = new Commitment[](2);
        list[0] = _commitment(account, 1);
        uint256 snapshot = vm.snapshotState();
        enigma.commit(_one(list[0]));
        list[1] = _commitment(account, 1);
        vm.revertToState(snapshot);
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(account, ICommits.AlreadyCommitted.selector);
        enigma.commit(_all(list));
        assertEq(enigma.secretContract(account).cursor, 1);
        vm.expectRevert(ICommits.AlreadyCommitted.selector);
        enigma.commit(_one(list[1]));
        vm.roll(block.number + 1);
        enigma.commit(_one(list[1]));
        assertEq(account.balance, 1 ether);
    }

    function test_ifNoneLandsTheFirstReasonReverts() public {
        vm.roll(block.number + 1);
        Commitment[] memory list = new Commitment[](2);
        list[0] = _commitment(account, 1);
        list[0].receipt.epoch = 9;
        list[1] = _commitment(account, 1);
        list[1].receipt.firstIndex = 9;
        vm.expectRevert(ICommits.WrongEpoch.selector);
        enigma.commit(_all(list));
        vm.expectRevert(ICommits.NothingToCommit.selector);
        enigma.commit(new bytes[](0));
    }

    function test_anchorsReachBack8191Blocks() public {
        // The system contract of EIP-2935, which this chain simulator leaves out, and its ring of hashes.
        address history = 0x0000F90827F1C53a10cb7A02335B175320002935;
        vm.etch(
            history,
            hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"
        );
        uint64 anchor = uint64(vm.getBlockNumber());
        vm.store(history, bytes32(uint256(anchor % 8191)), keccak256("old block"));
        vm.roll(anchor + 8191);
        Commitment memory c = _unsigned(account, 1);
        c.receipt.anchorNumber = anchor;
        c.receipt.anchorHash = keccak256("another block");
        _sign(c);
        vm.expectRevert(ICommits.ForeignAnchor.selector);
        enigma.commit(_one(c));
        c.receipt.anchorHash = keccak256("old block");
        _sign(c);
        vm.roll(anchor + 8192);
        vm.expectRevert(ICommits.AnchorTooOld.selector);
        enigma.commit(_one(c));
        vm.roll(anchor + 8191);
        enigma.commit(_one(c));
    }

    /// @dev Of its own, without the system contract, a chain knows the last 256.
    function test_anchorsOfTheLast256BlocksNeedNoSystemContract() public {
        uint256 anchor = vm.getBlockNumber();
        vm.roll(anchor + 256);
        Commitment memory c = _unsigned(account, 1);
        c.receipt.anchorNumber = uint64(anchor);
        c.receipt.anchorHash = blockhash(anchor);
        assertTrue(c.receipt.anchorHash != 0);
        _sign(c);
        uint256 snapshot = vm.snapshotState();
        enigma.commit(_one(c));
        vm.revertToState(snapshot);
        vm.roll(anchor + 257);
        vm.expectRevert(ICommits.ForeignAnchor.selector);
        enigma.commit(_one(c));
        // Nor is one that the chain does not serve the block of no hash.
        c.receipt.anchorHash = 0;
        _sign(c);
        vm.expectRevert(ICommits.ForeignAnchor.selector);
        enigma.commit(_one(c));
    }

    function test_creditIsPaidOutOnceAndToWhomTheOwnerSays() public {
        _commit(account, 1);
        uint256 credit = enigma.credits(ALICE);
        uint256 before = ALICE.balance;
        vm.expectEmit(address(enigma));
        emit ICredits.Withdrawn(ALICE, ALICE, credit);
        vm.prank(ALICE);
        assertEq(enigma.withdraw(), credit);
        assertEq(ALICE.balance - before, credit);
        vm.prank(ALICE);
        vm.expectRevert(ICredits.NothingToWithdraw.selector);
        enigma.withdraw();

        address worker = _rank(0);
        uint256 pay = enigma.credits(worker);
        vm.expectEmit(address(enigma));
        emit ICredits.Withdrawn(worker, address(0xcafe), pay);
        vm.prank(worker);
        enigma.withdrawTo(address(0xcafe));
        assertEq(address(0xcafe).balance, pay);
        assertEq(address(enigma).balance, _parked(_rank(0)));
    }

    function test_withdrawalsCannotBeReentered() public {
        Greedy greedy = new Greedy();
        _create(account, address(greedy), _task(0));
        _commit(account, 2);
        assertGt(enigma.credits(address(greedy)), 0);
        vm.prank(address(greedy));
        vm.expectRevert(ICredits.WithdrawalFailed.selector);
        enigma.withdraw();
    }
}

/// @notice Asks again while it is being paid.
contract Greedy {
    receive() external payable {
        ICredits(msg.sender).withdrawTo(address(0xdead));
    }
}
