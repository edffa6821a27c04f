// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Auction} from "../../examples/02-sealed-bid-auction/Auction.sol";
import {Ballot} from "../../examples/05-secret-ballot/Ballot.sol";

/// The examples' own rules, which hold on any EVM: many pages, ties, ends by time.
contract AuctionExampleTest is Test {
    uint256 private constant DEPOSIT = 10 ether;
    uint256 private constant DURATION = 1 hours;

    Auction private auction;

    receive() external payable {}

    function setUp() public {
        auction = new Auction(DEPOSIT, DURATION);
    }

    function test_ofEqualBidsTheEarlierWins_andAChangedOneComesLast() public {
        (address early, address late, address first) = (_enter(1), _enter(2), _enter(3));
        _bid(first, 5 ether);
        _bid(early, 5 ether);
        _bid(late, 5 ether);
        // The same sum again: no longer the earliest of them.
        _bid(first, 5 ether);
        _end(100);
        assertEq(auction.winner(), early);
    }

    function test_withoutABidNobodyWinsAndAllArePaidBack() public {
        (address one, address other) = (_enter(1), _enter(2));
        _bid(one, 3 ether);
        _bid(one, 0);
        _end(100);
        assertEq(auction.winner(), address(0));
        assertEq(one.balance, DEPOSIT);
        assertEq(other.balance, DEPOSIT);
        assertEq(auction.myBalance(), 0);
    }

    /// forge-config: default.fuzz.runs = 16
    function testFuzz_bidsOfManyPagesAreCountedOnceAndEveryWeiIsPaid(uint256 seed, uint16 many, uint8 page) public {
        uint256 bidders = bound(many, 1, 450);
        uint256 highest = 0;
        address expected = address(0);
        for (uint256 i = 1; i <= bidders; ++i) {
            address bidder = _enter(i);
            // Few different sums, so that ties are usual; some bid nothing.
            uint256 sum = uint256(keccak256(abi.encode(seed, i))) % 7 * 1 ether;
            if (sum != 0) _bid(bidder, sum);
            if (sum > highest) (highest, expected) = (sum, bidder);
        }
        uint256 before = address(this).balance;
        _end(bound(page, 1, 255));

        assertEq(auction.winner(), expected);
        for (uint256 i = 1; i <= bidders; ++i) {
            address bidder = _bidder(i);
            if (bidder == expected) continue;
            assertEq(bidder.balance, DEPOSIT);
        }
        assertEq(auction.myBalance(), highest);
        if (highest != 0) {
            auction.withdraw(address(this), highest);
            vm.prank(expected);
            auction.withdraw(expected, DEPOSIT - highest);
            assertEq(expected.balance, DEPOSIT - highest);
        }
        assertEq(address(this).balance, before + highest);
        assertEq(address(auction).balance, 0);
    }

    function test_aPageIsNotPaidTwice_norTheWinnerAsALoser() public {
        address winner = _enter(1);
        for (uint256 i = 2; i <= 5; ++i) {
            _enter(i);
        }
        _bid(winner, 1 ether);
        auction.close();
        assertEq(auction.settle(2), 2);
        assertEq(auction.settle(2), 0);
        assertEq(auction.settle(2), 0);
        assertEq(address(auction).balance, DEPOSIT);
        assertEq(winner.balance, 0);
    }

    function test_onlyTheSellerEndsItEarly_andTimeEndsItForAll() public {
        address bidder = _enter(1);
        vm.prank(bidder);
        vm.expectRevert(Auction.StillOpen.selector);
        auction.close();
        vm.expectRevert(Auction.StillOpen.selector);
        auction.settle(1);

        vm.warp(block.timestamp + DURATION);
        vm.prank(bidder);
        vm.expectRevert(Auction.Closed.selector);
        auction.bid(1);
        vm.prank(bidder);
        assertEq(auction.settle(1), 0);
        assertEq(bidder.balance, DEPOSIT);
    }

    function _bidder(uint256 number) private pure returns (address) {
        return address(uint160(0xb1d0000000 + number));
    }

    function _enter(uint256 number) private returns (address bidder) {
        bidder = _bidder(number);
        hoax(bidder, DEPOSIT);
        auction.enter{value: DEPOSIT}();
    }

    function _bid(address bidder, uint256 sum) private {
        vm.prank(bidder);
        auction.bid(sum);
    }

    function _end(uint256 page) private {
        auction.close();
        // Each counts a page or pays one.
        for (uint256 calls = 0; auction.settle(page) != 0; ++calls) {
            assertLt(calls, 460);
        }
    }
}

contract BallotExampleTest is Test {
    uint256 private constant CHOICES = 3;
    uint256 private constant DURATION = 1 hours;

    Ballot private ballot;

    function setUp() public {
        ballot = new Ballot(CHOICES, DURATION);
    }

    function testFuzz_theLastVoteOfEachCounts_howeverManyPagesCountThem(uint256 seed, uint8 many, uint8 page) public {
        uint256 voters = bound(many, 1, 60);
        _open(voters);
        uint256[] memory expected = new uint256[](CHOICES);
        for (uint256 i = 1; i <= voters; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            // None to three votes.
            for (uint256 votes = random % 4; votes > 0; --votes) {
                uint256 choice = (random >> (8 * votes)) % CHOICES;
                vm.prank(_voter(i));
                ballot.vote(choice);
                if (votes == 1) ++expected[choice];
            }
        }
        ballot.close();
        for (uint256 calls = 0; ballot.count(bound(page, 1, 255)) != 0; ++calls) {
            vm.expectRevert(Ballot.NotCounted.selector);
            ballot.tally();
            assertLt(calls, 60);
        }
        assertEq(ballot.tally(), expected);
        // Counting again counts nobody again.
        assertEq(ballot.count(255), 0);
        assertEq(ballot.tally(), expected);
    }

    function test_timeEndsTheVote_andAnybodyMayCloseItThen() public {
        _open(1);
        address voter = _voter(1);
        vm.prank(voter);
        ballot.vote(2);
        vm.prank(voter);
        vm.expectRevert(Ballot.StillOpen.selector);
        ballot.close();

        vm.warp(block.timestamp + DURATION);
        vm.prank(voter);
        vm.expectRevert(Ballot.NotOpen.selector);
        ballot.vote(1);
        vm.startPrank(voter);
        ballot.close();
        assertEq(ballot.count(1), 0);
        assertEq(ballot.tally()[2], 1);
    }

    function test_nobodyIsAddedToAVoteThatHasBegun_norCountedTwice() public {
        address[] memory people = new address[](2);
        people[0] = people[1] = _voter(1);
        ballot.register(people);
        ballot.open();
        vm.expectRevert(Ballot.Begun.selector);
        ballot.register(people);
        vm.prank(_voter(1));
        ballot.vote(0);
        ballot.close();
        assertEq(ballot.count(10), 0);
        assertEq(ballot.tally()[0], 1);
    }

    function _voter(uint256 number) private pure returns (address) {
        return address(uint160(0xba110000 + number));
    }

    function _open(uint256 voters) private {
        address[] memory people = new address[](voters);
        for (uint256 i = 0; i < voters; ++i) {
            people[i] = _voter(i + 1);
        }
        ballot.register(people);
        ballot.open();
    }
}
