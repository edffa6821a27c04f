// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {ICredits} from "../src/interfaces/ICredits.sol";
import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {ITurns} from "../src/interfaces/ITurns.sol";
import {Input, Parameters, TaskParameters} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Forwarder, GenerousPortal, Knocker, NaiveForwarder, NaivePool, Planted} from "./Planted.sol";
import {Burner, Echo} from "./Recipients.sol";
import {Commitment, OutboundCall} from "./Packing.sol";

/// @notice What senders and workers may try to get money, or a result without paying for it; and that it works against
/// a network with the weakness that each of them is after.
contract MoneyAttacksTest is AccountTest {
    /// The most gas of a transaction (EIP-7825).
    uint256 private constant TRANSACTION_GAS = 16_777_216;
    uint64 private constant MAX_COMMIT_GAS = 5_000_000;
    address private constant COPIER = address(0xc0b1e4);

    function setUp() public override {
        super.setUp();
        _commit(account, 1);
        deal(account, 10 ether);
    }

    function _next(TaskParameters memory task) private returns (uint256 index) {
        index = logged[account].length;
        _create(account, BOB, task);
        vm.roll(block.number + 1);
    }

    function _rich() private pure returns (TaskParameters memory task) {
        task = _task(0);
        task.commitGas = MAX_COMMIT_GAS;
    }

    // Reentrancy, by the ABI

    /// @dev Of functions that change anything; those that may run while a commit does are named here, with their reason.
    function _isOpen(string memory name) private pure returns (bool) {
        bytes32 hash = keccak256(bytes(name));
        // They book what comes in, once, and call nobody.
        bool paysIn = hash == keccak256("createTask") || hash == keccak256("createTasks") || hash == keccak256("deploy")
            || hash == keccak256("deposit") || hash == keccak256("declareLost") || hash == keccak256("postChunk");
        // They move no money, but the share that is everybody's: it is booked from one account to another.
        bool isFree = hash == keccak256("holdClock") || hash == keccak256("resumeClock")
            || hash == keccak256("postBeacon") || hash == keccak256("genesis") || hash == keccak256("admit")
            || hash == keccak256("login") || hash == keccak256("logout") || hash == keccak256("recheck")
            || hash == keccak256("barPlatform") || hash == keccak256("revokeMeasurement");
        return paysIn || isFree;
    }

    /// @dev Has an outbound call knock at every door; returns how many there are, how many of them the lock shut, and how
    /// many more it should have.
    function _knockAtAll() private returns (uint256 doors, uint256 locked, uint256 missed) {
        Knocker knocker = new Knocker(address(enigma));
        string memory json = vm.readFile("contracts/artifacts/Enigma.json");
        bytes4[] memory selectors = new bytes4[](64);
        bool[] memory open = new bool[](64);
        for (uint256 i = 0; vm.keyExistsJson(json, _at(".abi", i)); ++i) {
            string memory entry = _at(".abi", i);
            if (!_changesState(json, entry)) continue;
            string memory name = vm.parseJsonString(json, string.concat(entry, ".name"));
            open[doors] = _isOpen(name);
            selectors[doors] =
                bytes4(keccak256(bytes(string.concat(name, _types(json, string.concat(entry, ".inputs"))))));
            knocker.add(selectors[doors++]);
        }
        uint256 index = _next(_rich());
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, _list(_callOf(index, address(knocker), 0, 3_000_000, abi.encodeCall(Knocker.knock, ()))));
        enigma.commit(_one(c));
        assertEq(uint256(enigma.outcomes(account, 0)) & 1, 1, "it has knocked at all of them");
        for (uint256 i = 0; i < doors; ++i) {
            bool isLocked = knocker.reasonOf(selectors[i]) == ICredits.Reentered.selector;
            if (isLocked) ++locked;
            else if (!open[i]) ++missed;
        }
    }

    function _changesState(string memory json, string memory entry) private view returns (bool) {
        bytes32 kind = keccak256(bytes(vm.parseJsonString(json, string.concat(entry, ".type"))));
        if (kind != keccak256("function")) return false;
        bytes32 how = keccak256(bytes(vm.parseJsonString(json, string.concat(entry, ".stateMutability"))));
        return how != keccak256("view") && how != keccak256("pure");
    }

    function _at(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]");
    }

    /// @dev The types of a list of parameters as a signature has them.
    function _types(string memory json, string memory list) private view returns (string memory all) {
        for (uint256 i = 0; vm.keyExistsJson(json, _at(list, i)); ++i) {
            string memory parameter = _at(list, i);
            string memory kind = vm.parseJsonString(json, string.concat(parameter, ".type"));
            string memory parts = string.concat(parameter, ".components");
            if (vm.keyExistsJson(json, parts)) kind = string.concat(_types(json, parts), _after(kind, 5));
            all = i == 0 ? kind : string.concat(all, ",", kind);
        }
        all = string.concat("(", all, ")");
    }

    /// @dev What follows "tuple".
    function _after(string memory text, uint256 from) private pure returns (string memory) {
        bytes memory rest = new bytes(bytes(text).length - from);
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = bytes(text)[from + i];
        }
        return string(rest);
    }

    function test_everyEntryPointIsLockedDuringACommitOrNamedAsOpen() public {
        (uint256 doors, uint256 locked, uint256 missed) = _knockAtAll();
        assertGt(doors, 15, "the whole ABI");
        assertGt(locked, 7);
        assertEq(missed, 0);
    }

    function test_withoutTheLockEveryDoorIsOpen() public {
        _unlock();
        (, uint256 locked, uint256 missed) = _knockAtAll();
        assertEq(locked, 0);
        assertGt(missed, 7);
    }

    /// @dev Money that a callee is owed leaves in the middle of a commit, if nothing is locked.
    function test_onlyTheLockKeepsMoneyInDuringACommit() public {
        deal(address(this), 1 ether);
        enigma.deposit{value: 1 ether}(ALICE);
        uint256 owed = enigma.credits(ALICE);
        uint256 index = _next(_rich());
        Commitment memory c = _unsigned(account, 1);
        bytes memory data = abi.encodeCall(ICredits.withdrawFor, (ALICE));
        _signWith(c, _list(_callOf(index, address(enigma), 0, 500_000, data)));
        uint256 snapshot = vm.snapshotState();
        enigma.commit(_one(c));
        assertEq(enigma.credits(ALICE), owed);
        vm.revertToState(snapshot);
        _unlock();
        enigma.commit(_one(c));
        assertEq(enigma.credits(ALICE), 0);
    }

    /// @dev Both halves read the lock as open.
    function _unlock() private {
        address[2] memory halves = [address(enigma), vm.computeCreateAddress(address(enigma), 1)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.etch(halves[i], Planted.exchange(halves[i].code, Planted.TLOAD, Planted.EXTCODESIZE));
        }
    }

    // The price

    /// @dev The sender's part of a commit that a worker carries at a gas price of its own choice.
    function _refundAt(uint256 gasPrice, bool isWeak) private returns (uint256 refund) {
        uint256 snapshot = vm.snapshotState();
        _next(_task(0));
        uint256 before = enigma.credits(BOB);
        if (isWeak) {
            vm.etch(address(enigma), Planted.exchange(address(enigma).code, Planted.BASEFEE, Planted.GASPRICE));
        }
        vm.txGasPrice(gasPrice);
        Commitment memory c = _commitment(account, 1);
        enigma.commit(_one(c));
        refund = enigma.credits(BOB) - before;
        vm.revertToState(snapshot);
    }

    function test_noPriorityFeeOfTheWorkerMovesThePay() public {
        uint256 refund = _refundAt(10 gwei, false);
        assertEq(_refundAt(11 gwei, false), refund);
        assertEq(_refundAt(500 gwei, false), refund);
        assertEq(_refundAt(0, false), refund);
    }

    function test_aPayByTheTransactionsPriceIsInflated() public {
        assertLt(_refundAt(500 gwei, true), _refundAt(10 gwei, true));
    }

    // A commit from the mempool

    function test_whoCopiesACommitGetsNothing() public {
        _next(_task(0));
        Commitment memory c = _commitment(account, 1);
        address worker = _operator(enigma.group(account)[0]);
        uint256 before = enigma.credits(worker);
        uint256 snapshot = vm.snapshotState();
        vm.prank(worker);
        enigma.commit(_one(c));
        uint256 earned = enigma.credits(worker) - before;
        assertGt(earned, 0);
        vm.revertToState(snapshot);

        vm.prank(COPIER);
        enigma.commit(_one(c));
        assertEq(enigma.credits(worker) - before, earned, "it has paid for the worker's transaction");
        assertEq(enigma.credits(COPIER), 0);
        vm.expectRevert(ICommits.NotNextIndex.selector);
        vm.prank(worker);
        enigma.commit(_one(c));
    }

    function test_aPoolThatPaysTheCarrierIsRobbedByACopier() public {
        address worker = _operator(enigma.group(account)[0]);
        uint256 old = enigma.credits(worker);
        if (old != 0) enigma.withdrawFor(worker);
        vm.etch(worker, address(new NaivePool(enigma)).code);
        _next(_task(0));
        Commitment memory c = _commitment(account, 1);
        vm.prank(COPIER);
        NaivePool(worker).carry(_one(c));
        assertGt(COPIER.balance, 0);
    }

    // What others have left with a forwarding contract

    /// @dev Has a forwarder send a task without a wei from the caller, whose value is all that the forwarder is owed.
    function _askFor(Forwarder forwarder, TaskParameters memory task) private returns (bool success) {
        task.value = enigma.credits(address(forwarder)) - _due(task);
        bytes memory envelope = _envelope(0);
        uint40 epoch = enigma.currentEpoch();
        vm.prank(COPIER);
        (success,) = address(forwarder).call(abi.encodeCall(Forwarder.forward, (account, epoch, envelope, task)));
    }

    /// @dev A task of Bob's that came to nothing, so that value and change are the forwarder's credit.
    function _leaveCredit(Forwarder forwarder) private returns (uint256 left) {
        TaskParameters memory task = _task(1 ether);
        task.onBehalfOf = bytes32(uint256(uint160(BOB)));
        bytes memory envelope = _envelope(logged[account].length);
        uint40 epoch = enigma.currentEpoch();
        _remember(account, 1, address(forwarder), task, epoch, 0, envelope);
        deal(BOB, _due(task));
        vm.prank(BOB);
        forwarder.forward{value: _due(task)}(account, epoch, envelope, task);
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 1);
        c.receipt.results[0].status = 1;
        _sign(c);
        enigma.commit(_one(c));
        left = enigma.credits(address(forwarder));
        assertGt(left, 1 ether);
    }

    function test_aForwarderThatWantsTheWholePaymentSpendsNoCredit() public {
        Forwarder forwarder = new Forwarder(enigma);
        uint256 left = _leaveCredit(forwarder);
        assertFalse(_askFor(forwarder, _task(0)));
        assertEq(enigma.credits(address(forwarder)), left);
    }

    function test_aForwarderThatDoesNotLookIsRobbedOfItsCredit() public {
        NaiveForwarder forwarder = new NaiveForwarder(enigma);
        _leaveCredit(forwarder);
        assertTrue(_askFor(forwarder, _task(0)));
        assertEq(enigma.credits(address(forwarder)), 0);
    }

    // To read a result and not to pay for it

    /// @dev The sender and the first host: it has executed, they have read, and it withholds the commit.
    function test_aWithheldResultIsPaidForAllTheSame() public {
        uint256 asked = block.number;
        _next(_task(1 ether));
        vm.roll(asked + 2);
        Commitment memory c = _unsigned(account, 1);
        _signBy(c, _ranks(1));
        vm.expectRevert(ITurns.TurnNotCome.selector);
        enigma.commit(_one(c));
        assertFalse(_skips());
        vm.roll(asked + 3);
        assertFalse(_skips());
        enigma.commit(_one(c));
        assertLt(enigma.credits(BOB), _due(_task(0)), "the sender has paid");
        assertGt(enigma.credits(_operator(_id(1))), 0);
        vm.roll(asked + 1000);
        assertFalse(_skips());
    }

    /// @dev Whoever comes last in the sequence has its turn before anybody may skip.
    function test_allTheSequenceHasItsTurnBeforeASkip() public {
        uint256 asked = block.number;
        _next(_task(1 ether));
        Commitment memory c = _unsigned(account, 1);
        vm.roll(asked + 2 * LENGTH - 1);
        assertFalse(_skips());
        c = _unsigned(account, 1);
        _signBy(c, _ranks(WORKERS - 1));
        enigma.commit(_one(c));
    }

    /// @dev A network in which the last time for a skip comes before the second rank's turn; none can be made.
    function test_aSkipBeforeTheNextTurnGivesResultAndRefund() public {
        Parameters memory terms = Parameters(LENGTH, 3, 600, 2, 16, 1);
        vm.expectRevert(IEnigma.InvalidParameters.selector);
        this.create(terms);
        uint256 word = uint256(vm.load(address(enigma), 0));
        vm.store(address(enigma), 0, bytes32(word & ~(uint256(type(uint16).max) << 48) | 600 << 48));
        (,, uint16 takeover,,,) = enigma.parametersWord();
        assertEq(takeover, 600);

        uint256 asked = block.number;
        _next(_task(1 ether));
        vm.roll(asked + 8 * LENGTH);
        Commitment memory c = _unsigned(account, 1);
        _signBy(c, _ranks(1));
        vm.expectRevert(ITurns.TurnNotCome.selector);
        enigma.commit(_one(c));
        assertTrue(_skips());
        assertEq(enigma.credits(BOB), _due(_task(1 ether)), "all of it");
    }

    function create(Parameters calldata terms) external {
        _create(terms, 1, new bytes32[](0));
    }

    function _id(uint256 rank) private view returns (uint256) {
        (,, uint256[] memory ids) = enigma.turns(account);
        return ids[rank];
    }

    function _skips() private returns (bool success) {
        Input memory input = logged[account][logged[account].length - 1];
        vm.prank(BOB);
        (success,) = address(enigma).call(abi.encodeCall(ITurns.skip, (account, input)));
    }

    // Poison

    /// @dev A commit in a transaction of its own, with all that a transaction may have: what comes before execution is
    /// paid for, and everything is cold.
    function _landsAlone(Commitment memory c) private returns (bool success) {
        bytes memory data = abi.encodeCall(ICommits.commit, (_one(c)));
        uint256 words = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            words += data[i] == 0 ? 1 : 4;
        }
        assertLt(21_000 + 10 * words, TRANSACTION_GAS, "the floor of EIP-7623");
        vm.cool(address(enigma));
        vm.cool(account);
        (success,) = address(enigma).call{gas: TRANSACTION_GAS - 21_000 - 4 * words}(data);
    }

    /// @dev The poison lands alone, first in an epoch, and so does an honest task that waits behind it.
    function _cannotStall(Commitment memory c) private {
        assertTrue(_landsAlone(c), "the poison");
        assertEq(enigma.secretContract(account).cursor, c.receipt.lastIndex + 1);
        vm.roll(block.number + 1);
        assertTrue(_landsAlone(_commitment(account, 1)), "the task behind it");
    }

    /// @dev A poisonous task and an honest one, at the beginning of an epoch; the receipt of the first, without signatures.
    function _poisoned() private returns (Commitment memory c, uint256 index) {
        _nextEpoch();
        index = _next(_rich());
        _create(account, ALICE, _task(0));
        vm.roll(block.number + 1);
        c = _unsigned(account, 1);
    }

    function _room(Commitment memory c) private pure returns (uint256) {
        return MAX_COMMIT_GAS - 96_000 - 45 * (c.outputs[0].length + c.deltas[0].length);
    }

    function test_theLargestOutputAndDeltaStallNothing() public {
        (Commitment memory c,) = _poisoned();
        uint256 half = (MAX_COMMIT_GAS - 96_000) / 90;
        (c.outputs[0], c.deltas[0]) = (_noise(half), _noise(half));
        c.receipt.results[0].outputHash = keccak256(c.outputs[0]);
        c.receipt.results[0].deltaHash = keccak256(c.deltas[0]);
        c.receipt.results[0].gasCharged = 1_000_000;
        _chain(c);
        _sign(c);
        _cannotStall(c);
    }

    /// @dev Without a zero, which would be cheaper.
    function _noise(uint256 length) private pure returns (bytes memory noise) {
        noise = new bytes(length + 32);
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, length) { i := add(i, 32) } { mstore(add(add(noise, 32), i), not(i)) }
            mstore(noise, length)
        }
    }

    function _burners() private returns (OutboundCall[] memory calls, Commitment memory c) {
        uint256 index;
        (c, index) = _poisoned();
        calls = new OutboundCall[](64);
        for (uint256 i = 0; i < 64; ++i) {
            address burner = address(uint160(0xb0000 + i));
            vm.etch(burner, type(Burner).runtimeCode);
            calls[i] = _transferOf(index, burner, 1);
        }
    }

    function test_transfersTo64GasBurnersStallNothing() public {
        (OutboundCall[] memory calls, Commitment memory c) = _burners();
        _signWith(c, calls);
        _cannotStall(c);
        assertEq(enigma.credits(address(0xb0000)), 1);
        assertEq(enigma.credits(address(0xb0000 + 63)), 1);
    }

    function test_aPortalThatHandsOnAllGasIsStalledForEver() public {
        (OutboundCall[] memory calls, Commitment memory c) = _burners();
        vm.etch(account, type(GenerousPortal).runtimeCode);
        _signWith(c, calls);
        assertFalse(_landsAlone(c));
        assertEq(enigma.secretContract(account).cursor, 1);
    }

    function test_callsThatBurnAllTheirGasStallNothing() public {
        (Commitment memory c, uint256 index) = _poisoned();
        address burner = address(new Burner());
        uint256 room = _room(c);
        OutboundCall[] memory calls = new OutboundCall[](50);
        uint256 each = room / 50 - 90_000;
        for (uint256 i = 0; i < 50; ++i) {
            calls[i] = _callOf(index, burner, 1, uint64(each), "");
        }
        _signWith(c, calls);
        _cannotStall(c);
        assertEq(enigma.secretContract(account).outboundCalls, 50);
    }

    function test_oneCallWithAllTheGasStallsNothing() public {
        (Commitment memory c, uint256 index) = _poisoned();
        address burner = address(new Burner());
        _signWith(c, _list(_callOf(index, burner, 1, uint64(_room(c) - 90_000), "")));
        _cannotStall(c);
    }

    /// @dev Why workers bundle by what tasks cost, and not by their number alone.
    function test_poisonsThatLandAloneDoNotLandTogether() public {
        address burner = address(new Burner());
        for (uint256 i = 0; i < 4; ++i) {
            _next(_rich());
        }
        Commitment memory c = _unsigned(account, 4);
        OutboundCall[] memory calls = new OutboundCall[](4);
        for (uint256 i = 0; i < 4; ++i) {
            calls[i] = _callOf(1 + i, burner, 1, uint64(_room(c) - 90_000), "");
        }
        _signWith(c, calls);
        assertFalse(_landsAlone(c));
        for (uint256 i = 0; i < 4; ++i) {
            vm.roll(block.number + 1);
            c = _unsigned(account, 1);
            _signWith(c, _list(calls[i]));
            assertTrue(_landsAlone(c));
        }
    }

    function test_aReturnBombWithAllTheGasStallsNothing() public {
        (Commitment memory c, uint256 index) = _poisoned();
        bytes memory data = abi.encodeCall(Echo.bomb, (1_400_000));
        uint64 gas = uint64(_room(c) - 90_000 - 45 * data.length);
        _signWith(c, _list(_callOf(index, address(new Echo()), 0, gas, data)));
        _cannotStall(c);
    }

    function test_calldataAsLongAsCommitGasPaysForStallsNothing() public {
        (Commitment memory c, uint256 index) = _poisoned();
        bytes memory data = _noise((_room(c) - 90_000) / 45);
        _signWith(c, _list(_callOf(index, address(0x404), 0, 0, data)));
        _cannotStall(c);
    }

    /// @dev An envelope that does not open, one that has expired, a deploy: to the chain they are all this.
    function test_whatDidNotOpenStallsNothing() public {
        (Commitment memory c,) = _poisoned();
        c.outputs[0] = "";
        c.receipt.results[0].outputHash = keccak256("");
        (c.receipt.results[0].status, c.receipt.results[0].gasCharged) = (2, 0);
        _sign(c);
        _cannotStall(c);
    }

    /// @dev More than commitGas pays for never lands, whoever vouches for it.
    function test_whatCommitGasDoesNotPayForIsRefused() public {
        (Commitment memory c, uint256 index) = _poisoned();
        _signWith(c, _list(_callOf(index, address(0x404), 0, uint64(_room(c) - 90_000 + 1), "")));
        assertFalse(_landsAlone(c));
        _signWith(c, _list(_callOf(index, address(0x404), 0, uint64(_room(c) - 90_000), "")));
        assertTrue(_landsAlone(c));
    }

    receive() external payable {}
}
