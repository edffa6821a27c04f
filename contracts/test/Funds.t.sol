// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFunds} from "../src/interfaces/IFunds.sol";
import {IInputs} from "../src/interfaces/IInputs.sol";
import {TaskParameters} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice The share of fees for beacons and the committee, from the pay to whoever earns it, to the wei.
contract FundsTest is AccountTest {
    uint256 private constant SEATS = 4;
    uint256 private constant REWARD_GAS = 250_000;
    address private constant POSTER = address(0x9057e4);
    address private worker;

    function setUp() public override {
        super.setUp();
        _commit(account, 1);
        worker = _operator(enigma.group(account)[0]);
        enigma.collectUpkeep(_list(worker));
        (uint128 amount,) = enigma.pool();
        // What the deploy left goes to whoever posts, and to the seats.
        vm.fee(amount);
        _post(address(this));
        vm.fee(10 gwei);
        worker = _operator(enigma.group(account)[0]);
    }

    /// @dev A commit that is paid `price` per gas; returns the pay.
    function _work(uint256 price) private returns (uint256 pay) {
        TaskParameters memory task = _task(0);
        task.priceCap = uint128(price);
        task.tip = uint128(price);
        _create(account, ALICE, task);
        vm.roll(block.number + 1);
        Commitment memory c = _commitment(account, 1);
        enigma.commit(_one(c));
        return (96_000 + 45 * (c.outputs[0].length + c.deltas[0].length) + 4_096) * price;
    }

    function _list(address one) private pure returns (address[] memory operators) {
        operators = new address[](1);
        operators[0] = one;
    }

    /// @dev Collects what a commit leaves behind; returns how much that is.
    function _fill(uint256 price) private returns (uint256 amount) {
        _work(price);
        worker = _operator(enigma.group(account)[0]);
        amount = enigma.collectUpkeep(_list(worker));
    }

    function test_aThirtySecondOfThePayIsParkedWithTheWorker() public {
        (uint256 credit, uint256 parked) = (enigma.credits(worker), _parked(worker));
        uint256 pay = _work(33 gwei + 7);
        assertEq(_parked(worker) - parked, pay / 32);
        assertEq(enigma.credits(worker) - credit, pay - pay / 32);
        vm.prank(worker);
        enigma.withdraw();
        assertEq(worker.balance, credit + pay - pay / 32, "the share is not the worker's");
        assertEq(_parked(worker), parked + pay / 32, "and stays");
    }

    function test_noTaskIsPaidFromTheShareThatIsParked() public {
        _work(30 gwei);
        uint256 credit = enigma.credits(worker);
        assertGt(_parked(worker), 0);
        TaskParameters memory task = _task(0);
        // All the credit, and one wei more than is paid in.
        task.value = credit + 1;
        uint256 paid = _due(task) - credit - 1;
        deal(worker, paid + 1);
        uint40 epoch = enigma.currentEpoch();
        vm.startPrank(worker);
        vm.expectRevert(abi.encodeWithSelector(IInputs.WrongPayment.selector, _due(task)));
        enigma.createTask{value: paid}(account, epoch, _envelope(7), task);
        enigma.createTask{value: paid + 1}(account, epoch, _envelope(7), task);
        assertEq(enigma.credits(worker), 0);
    }

    /// @dev Else the next commit, or beacon, would pay for a fresh slot.
    function test_theWordOfWhoWorksForTheNetworkIsNeverCleared() public {
        _work(30 gwei);
        enigma.collectUpkeep(_list(worker));
        vm.prank(worker);
        enigma.withdraw();
        assertEq(_word(worker), 1 << 248);
        assertEq(_word(_seatOperator(0)), 1 << 248, "from genesis on");
        enigma.admit(vm.addr(5), _operator(WORKERS), MEASUREMENT, _platform(WORKERS), EXPIRY);
        assertEq(_word(_operator(WORKERS)), 1 << 248, "from its admission on");
        assertEq(_word(POSTER), 0, "others have none to keep");
    }

    /// @dev A sender that has used its credit: what a commit credits next costs no fresh slot.
    function test_aCreditThatWasUsedLeavesItsWord() public {
        _work(30 gwei);
        vm.prank(ALICE);
        enigma.withdraw();
        assertEq(_word(ALICE), 1 << 248, "withdrawn");

        TaskParameters memory task = _task(0);
        vm.deal(address(this), _due(task));
        enigma.deposit{value: _due(task)}(POSTER);
        uint40 epoch = enigma.currentEpoch();
        vm.prank(POSTER);
        enigma.createTask(account, epoch, _envelope(7), task);
        assertEq(_word(POSTER), 1 << 248, "spent");
    }

    function _word(address operator) private view returns (uint256) {
        return uint256(vm.load(address(enigma), keccak256(abi.encode(operator, uint256(14)))));
    }

    function test_everySignerLeavesAShareOfItsOwn() public {
        account = _deploy(ALICE, "three", 3);
        uint256[] memory ids = enigma.group(account);
        uint256[2][3] memory before;
        for (uint256 rank = 1; rank < 3; ++rank) {
            before[rank] = [_parked(_operator(ids[rank])), enigma.credits(_operator(ids[rank]))];
        }
        _commit(account, 1);
        uint256 share = uint256(4_096) * 11 gwei / 3;
        for (uint256 rank = 1; rank < 3; ++rank) {
            assertEq(_parked(_operator(ids[rank])) - before[rank][0], share / 32);
            assertEq(enigma.credits(_operator(ids[rank])) - before[rank][1], share - share / 32);
        }
    }

    function test_anybodyCollectsIntoThePoolAndOnce() public {
        _work(30 gwei);
        uint256 parked = _parked(worker);
        uint256 credit = enigma.credits(worker);
        address[] memory operators = new address[](3);
        (operators[0], operators[1], operators[2]) = (worker, address(0xdead), worker);
        vm.expectEmit(address(enigma));
        emit IFunds.UpkeepCollected(worker, parked);
        vm.recordLogs();
        vm.prank(address(0x571a49e4));
        assertEq(enigma.collectUpkeep(operators), parked);
        assertEq(vm.getRecordedLogs().length, 1, "who has nothing parked is not named");
        (uint128 amount, uint128 perSeat) = enigma.pool();
        assertEq(amount, parked);
        assertEq(perSeat, 0);
        assertEq(_parked(worker), 0);
        assertEq(enigma.credits(worker), credit);
        vm.expectRevert(IFunds.NothingToCollect.selector);
        enigma.collectUpkeep(operators);
    }

    function test_aBeaconIsPaidAtTheBaseFee() public {
        uint256 amount = _fill(100_000 gwei);
        uint256 reward = REWARD_GAS * 10 gwei;
        uint256 each = (amount - 9 * reward) / SEATS;
        assertGt(each, 0);
        uint40 epoch = enigma.currentEpoch() + 1;
        bytes memory signature = _beacon(epoch);
        vm.expectEmit(address(enigma));
        emit IFunds.BeaconPaid(POSTER, reward, each);
        vm.prank(POSTER);
        enigma.postBeacon(epoch, publicKey, signature);
        assertEq(enigma.credits(POSTER), reward);
        vm.prank(POSTER);
        enigma.withdraw();
        assertEq(POSTER.balance, reward);
    }

    function test_aPoolThatHoldsLessPaysWhatItHas() public {
        uint256 amount = _fill(30 gwei);
        assertLt(amount, REWARD_GAS * 10 gwei);
        _post(POSTER);
        assertEq(enigma.credits(POSTER), amount);
        assertEq(_funds(), 0);
        // An empty one pays nothing, and the beacon lands all the same.
        vm.recordLogs();
        _post(POSTER);
        assertEq(vm.getRecordedLogs().length, 1, "nothing but the beacon is told");
        assertEq(enigma.credits(POSTER), amount);
    }

    function test_aRefusedBeaconIsNotPaid() public {
        uint256 before = enigma.credits(address(this));
        uint256 amount = _fill(30 gwei);
        uint40 epoch = enigma.currentEpoch() + 1;
        bytes memory signature = _beacon(epoch + 1);
        vm.prank(POSTER);
        vm.expectRevert();
        enigma.postBeacon(epoch, publicKey, signature);
        signature = _beacon(epoch);
        enigma.postBeacon(epoch, publicKey, signature);
        vm.prank(POSTER);
        vm.expectRevert();
        enigma.postBeacon(epoch, publicKey, signature);
        assertEq(enigma.credits(POSTER), 0);
        assertEq(enigma.credits(address(this)) - before, amount);
    }

    function test_theReserveComesBeforeTheSeats() public {
        uint256 amount = _fill(500 gwei);
        // Nine rewards are more than there is, so that all of it stays for beacons.
        vm.fee(amount / (9 * REWARD_GAS) + 1);
        uint256 reward = REWARD_GAS * block.basefee;
        _post(POSTER);
        (uint128 left, uint128 perSeat) = enigma.pool();
        assertEq(perSeat, 0);
        assertEq(left, amount - reward);
    }

    function test_seatsShareWhatIsBeyondTheReserveAndWhatDoesNotDivideStays() public {
        uint256 amount = _fill(100_000 gwei + 12_345);
        vm.fee(3);
        uint256 price = REWARD_GAS * 3;
        _post(POSTER);
        uint256 each = (amount - 9 * price) / SEATS;
        (uint128 left, uint128 perSeat) = enigma.pool();
        assertEq(perSeat, each);
        assertEq(left, amount - price - SEATS * each);
        assertGe(left, 8 * price);
        assertLt(left, 8 * price + SEATS);
        // The next one, with nothing new, takes from the reserve.
        _post(POSTER);
        (left, perSeat) = enigma.pool();
        assertEq(perSeat, each);
        assertEq(left, amount - 2 * price - SEATS * each);
    }

    function test_aSeatIsCreditedWhatItGotAndOnce() public {
        _fill(100_000 gwei);
        _post(POSTER);
        (, uint256 each) = enigma.pool();
        address operator = _seatOperator(2);
        vm.expectEmit(address(enigma));
        emit IFunds.SeatClaimed(2, operator, each);
        vm.prank(address(0x571a49e4));
        assertEq(enigma.claimSeat(2), each);
        assertEq(enigma.credits(operator), each);
        vm.expectRevert(IFunds.NothingToCollect.selector);
        enigma.claimSeat(2);
        vm.expectRevert(IFunds.UnknownSeat.selector);
        enigma.claimSeat(SEATS);
        vm.expectRevert(IFunds.UnknownSeat.selector);
        enigma.claimSeat(type(uint256).max);
    }

    function test_aSeatThatClaimsLateLosesNothing() public {
        uint256 total = 0;
        for (uint256 i = 0; i < 3; ++i) {
            total += _fill(100_000 gwei + i);
            _post(POSTER);
            if (i < 2) enigma.claimSeat(0);
        }
        enigma.claimSeat(0);
        enigma.claimSeat(1);
        assertEq(enigma.credits(_seatOperator(0)), enigma.credits(_seatOperator(1)));
        (uint128 left, uint128 perSeat) = enigma.pool();
        assertEq(enigma.credits(_seatOperator(0)), perSeat);
        assertEq(total, enigma.credits(POSTER) + left + SEATS * uint256(perSeat));
        assertEq(_funds(), left + 2 * uint256(perSeat));
    }
}
