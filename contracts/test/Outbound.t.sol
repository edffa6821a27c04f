// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {ICredits} from "../src/interfaces/ICredits.sol";
import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {IOutbound} from "../src/interfaces/IOutbound.sol";
import {SecretContract, TaskParameters} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Burner, Counter, Echo, Laborer, Refuser} from "./Recipients.sol";
import {Commitment, OutboundCall} from "./Packing.sol";

/// @notice What secret contracts do on Ethereum: transfers and calls by their portals.
contract OutboundTest is AccountTest {
    address private constant NOBODY = address(0x404);
    /// Remembers how much gas it was called with.
    address private constant CLERK = address(0xc1e4c);
    uint256 private constant NO_NUMBER = type(uint256).max;
    Echo private echo;

    function setUp() public override {
        super.setUp();
        _commit(account, 1);
        deal(account, 10 ether);
        echo = new Echo();
    }

    function _rich() private pure returns (TaskParameters memory task) {
        task = _task(0);
        task.commitGas = 3_000_000;
    }

    /// @dev One task more, pending, and the block after it.
    function _next() private returns (uint256 index) {
        index = logged[account].length;
        _create(account, BOB, _rich());
        vm.roll(block.number + 1);
    }

    /// @dev Lands a receipt of the next input with these calls.
    function _land(OutboundCall[] memory calls) private {
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, calls);
        enigma.commit(_one(c));
    }

    function _transfer(address target, uint256 value, bool success) private {
        uint256 index = _next();
        vm.expectEmit(address(enigma));
        emit IOutbound.OutboundCalled(account, uint64(index), NO_NUMBER, target, value, success);
        _land(_list(_transferOf(index, target, value)));
    }

    // Transfers

    function test_aTransferReachesAnAccount() public {
        uint256 inflow = _inflow(account);
        _transfer(NOBODY, 3 ether, true);
        assertEq(NOBODY.balance, 3 ether);
        assertEq(account.balance, 7 ether);
        assertEq(enigma.secretContract(account).sent, 3 ether);
        assertEq(enigma.secretContract(account).delivered, 0);
        assertEq(enigma.secretContract(account).outboundCalls, 0, "transfers have no number");
        assertEq(_inflow(account), inflow);
    }

    function test_aTransferHasGasToCount() public {
        Counter counter = new Counter();
        _transfer(address(counter), 1 ether, true);
        assertEq(counter.count(), 2);
    }

    function test_aTransferOfAllThatThePortalHasReachesAnAccount() public {
        _transfer(NOBODY, 10 ether, true);
        assertEq(NOBODY.balance, 10 ether);
    }

    /// @dev GAS, which takes two itself, into slot 0.
    function _clerk() private returns (address) {
        vm.etch(CLERK, hex"5a5f5500");
        vm.store(CLERK, 0, bytes32(uint256(1)));
        return CLERK;
    }

    function _gasSeen() private view returns (uint256) {
        return uint256(vm.load(CLERK, 0)) + 2;
    }

    function test_aTransferGetsExactlyItsStipend() public {
        _transfer(_clerk(), 1 ether, true);
        assertEq(_gasSeen(), 10_000 + 2_300, "with what value brings");
    }

    function test_aCallGetsExactlyItsGas() public {
        _land(_list(_callOf(_next(), _clerk(), 0, 123_456, "")));
        assertEq(_gasSeen(), 123_456);
    }

    function test_aTransferThatIsRefusedCanBeClaimed() public {
        Refuser refuser = new Refuser();
        uint256 inflow = _inflow(account);
        _transfer(address(refuser), 3 ether, false);
        assertEq(account.balance, 7 ether);
        assertEq(_inflow(account), inflow, "what is claimable has left");
        assertEq(enigma.credits(address(refuser)), 3 ether);
        refuser.claim(enigma, NOBODY);
        assertEq(NOBODY.balance, 3 ether);

        _transfer(address(refuser), 1 ether, false);
        refuser.open();
        enigma.withdrawFor(address(refuser));
        assertEq(address(refuser).balance, 1 ether);
    }

    function test_aTransferThatBurnsItsGasCanBeClaimed() public {
        address burner = address(new Burner());
        _transfer(burner, 3 ether, false);
        assertEq(enigma.credits(burner), 3 ether);
        assertEq(account.balance, 7 ether);
    }

    function test_aTransferOfMoreThanThePortalHasBlocksNothing() public {
        _transfer(NOBODY, 11 ether, false);
        assertEq(enigma.credits(NOBODY), 0);
        assertEq(account.balance, 10 ether);
    }

    // Calls

    function test_aCallBringsValueAndItsOutcomeIsPublic() public {
        uint256 index = _next();
        bytes memory data = abi.encodeCall(Echo.echo, ("hello"));
        vm.expectEmit(address(enigma));
        emit IOutbound.OutboundCalled(account, uint64(index), 0, address(echo), 2 ether, true);
        _land(_list(_callOf(index, address(echo), 2 ether, 100_000, data)));
        assertEq(echo.got(), 2 ether);
        assertEq(account.balance, 8 ether);
        bytes32 hash = keccak256(abi.encode(bytes("hello")));
        assertEq(enigma.outcomes(account, 0), bytes32(uint256(hash) | 1));
        assertEq(enigma.outcomes(account, 1), 0);
    }

    function test_aCallThatFailsKeepsItsValue() public {
        uint256 index = _next();
        uint256 inflow = _inflow(account);
        bytes memory data = abi.encodeCall(Echo.fail, (7));
        vm.expectEmit(address(enigma));
        emit IOutbound.OutboundCalled(account, uint64(index), 0, address(echo), 2 ether, false);
        _land(_list(_callOf(index, address(echo), 2 ether, 100_000, data)));
        assertEq(account.balance, 10 ether);
        assertEq(_inflow(account), inflow + 2 ether, "it comes back inside");
        bytes32 hash = keccak256(abi.encodeWithSelector(Echo.Echoed.selector, 7));
        assertEq(enigma.outcomes(account, 0), bytes32(uint256(hash) & ~uint256(1)));
    }

    function test_callsAreNumberedOverAContractsLife() public {
        uint256 index = _next();
        OutboundCall memory call = _callOf(index, address(echo), 0, 100_000, abi.encodeCall(Echo.echo, ("a")));
        OutboundCall[] memory calls = new OutboundCall[](3);
        (calls[0], calls[1], calls[2]) = (call, _transferOf(index, NOBODY, 1), call);
        vm.expectEmit(address(enigma));
        emit IOutbound.OutboundCalled(account, uint64(index), 0, address(echo), 0, true);
        vm.expectEmit(address(enigma));
        emit IOutbound.OutboundCalled(account, uint64(index), NO_NUMBER, NOBODY, 1, true);
        vm.expectEmit(address(enigma));
        emit IOutbound.OutboundCalled(account, uint64(index), 1, address(echo), 0, true);
        _land(calls);
        index = _next();
        vm.expectEmit(address(enigma));
        emit IOutbound.OutboundCalled(account, uint64(index), 2, NOBODY, 0, true);
        _land(_list(_callOf(index, NOBODY, 0, 0, "")));
        assertEq(enigma.secretContract(account).outboundCalls, 3);
        assertEq(enigma.outcomes(account, 2), bytes32(uint256(keccak256("")) | 1), "nobody is there, nothing fails");
    }

    function test_anOutcomeCoversTheFirst1024Bytes() public {
        uint256 index = _next();
        OutboundCall memory long = _callOf(index, address(echo), 0, 100_000, abi.encodeCall(Echo.raw, (5_000, 9)));
        OutboundCall memory exact = _callOf(index, address(echo), 0, 100_000, abi.encodeCall(Echo.raw, (1024, 9)));
        _land(_list(long, exact));
        bytes memory first = new bytes(1024);
        first[31] = 0x09;
        assertEq(enigma.outcomes(account, 0), bytes32(uint256(keccak256(first)) | 1));
        assertEq(enigma.outcomes(account, 1), enigma.outcomes(account, 0));
    }

    function test_aPortalCreatesTheTaskOfAnotherContract() public {
        address other = _deploy(BOB, "other", 1);
        _commit(other, 1);
        uint256 index = _next();
        TaskParameters memory task = _task(1 ether);
        bytes memory envelope = _envelope(99);
        uint40 epoch = enigma.currentEpoch();
        bytes memory data = abi.encodeCall(IEnigma(enigma).createTask, (other, epoch, envelope, task));
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, _list(_callOf(index, address(enigma), _due(task), 200_000, data)));
        _remember(other, 1, account, task, epoch, 0, envelope);
        uint256 before = account.balance;
        enigma.commit(_one(c));
        assertEq(uint256(enigma.outcomes(account, 0)) & 1, 1);
        assertEq(account.balance, before - _due(task));
        _commit(other, 1);
        assertEq(other.balance, 1 ether);

        uint256 refund = enigma.credits(account);
        assertGt(refund, 0);
        uint256 inflow = _inflow(account);
        vm.prank(NOBODY);
        assertEq(enigma.withdrawFor(account), refund);
        assertEq(_inflow(account), inflow + refund, "the rest of the fee comes in as a deposit");
    }

    function test_creditsCanBePaidInAndPaidOutForOthers() public {
        deal(BOB, 5 ether);
        vm.expectEmit(address(enigma));
        emit ICredits.Deposited(NOBODY, BOB, 5 ether);
        vm.prank(BOB);
        enigma.deposit{value: 5 ether}(NOBODY);
        assertEq(enigma.credits(NOBODY), 5 ether);
        assertEq(enigma.withdrawFor(NOBODY), 5 ether);
        assertEq(NOBODY.balance, 5 ether);
        assertEq(enigma.credits(NOBODY), 0);
    }

    // Order

    function test_allIsStoredAndSettledBeforeTheFirstCall() public {
        address other = _deploy(BOB, "other", 1);
        uint256 index = _next();
        Witness witness = new Witness(enigma, other, BOB);
        Commitment[] memory list = new Commitment[](2);
        list[0] = _unsigned(account, 1);
        _signWith(list[0], _list(_callOf(index, address(witness), 0, 200_000, "")));
        list[1] = _commitment(other, 1);
        uint256 credits = enigma.credits(BOB);
        enigma.commit(_all(list));
        assertEq(witness.cursor(), 1, "the other receipt was stored");
        assertEq(witness.credits(), enigma.credits(BOB), "and paid");
        assertGt(witness.credits(), credits);
    }

    /// @dev Whoever is called may log an input, which says what the secret contract has got from outside.
    function test_aCallIsBookedBeforeItIsMade() public {
        Auditor auditor = new Auditor(enigma, account);
        uint256 inflow = _inflow(account);
        _land(_list(_callOf(_next(), address(auditor), 2 ether, 100_000, "")));
        assertEq(address(auditor).balance, 2 ether);
        assertEq(auditor.inflow(), inflow);
    }

    function test_theCallsOfARefusedReceiptAreNotMade() public {
        address other = _deploy(BOB, "other", 1);
        uint256 index = _next();
        Commitment[] memory list = new Commitment[](2);
        list[0] = _unsigned(account, 1);
        list[0].receipt.stateHeadBefore = 0;
        _signWith(list[0], _list(_transferOf(index, NOBODY, 1 ether)));
        list[1] = _commitment(other, 1);
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(account, ICommits.StaleStateHead.selector);
        enigma.commit(_all(list));
        assertEq(NOBODY.balance, 0);
        assertEq(enigma.secretContract(account).sent, 0);
    }

    // Pay

    function test_theScheduleCountsOutboundCallsToTheWei() public {
        uint256 index = _next();
        _create(account, ALICE, _rich());
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 2);
        bytes memory data = abi.encodeCall(Echo.echo, ("hello"));
        OutboundCall[] memory calls = new OutboundCall[](3);
        calls[0] = _transferOf(index, NOBODY, 1);
        calls[1] = _callOf(index, address(echo), 0, 100_000, data);
        calls[2] = _transferOf(index + 1, NOBODY, 1);
        _signWith(c, calls);
        (uint256 ofBob, uint256 ofAlice) = (enigma.credits(BOB), enigma.credits(ALICE));
        enigma.commit(_one(c));
        uint256 shared = 80_000 / 2 + 16_000 + 45 * (283 + 282) + 4_096;
        uint256 outbound = 75_000 + 90_000 + 100_000 + 45 * data.length;
        uint256 maxFee = uint256(3_000_000 + 125_000) * 30 gwei;
        assertEq(enigma.credits(BOB) - ofBob, maxFee - (shared + outbound) * 11 gwei);
        assertEq(enigma.credits(ALICE) - ofAlice, maxFee - (shared + 75_000) * 11 gwei);
    }

    function test_commitGasPaysForOutboundCalls() public {
        uint256 index = logged[account].length;
        // Alone, and to the last unit of gas.
        TaskParameters memory task = _task(0);
        task.commitGas = 80_000 + 16_000 + 45 * (283 + 282) + 75_000 + 90_000 + 5_000 + 45 * 3;
        _create(account, BOB, task);
        _create(account, BOB, task);
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 2);
        OutboundCall[] memory calls =
            _list(_transferOf(index + 1, NOBODY, 1 ether), _callOf(index + 1, NOBODY, 0, 5_001, "abc"));
        _signWith(c, calls);
        vm.expectRevert(ICommits.CommitGasExceeded.selector);
        enigma.commit(_one(c));
        calls[1].gas = 5_000;
        _signWith(c, calls);
        enigma.commit(_one(c));
        assertEq(NOBODY.balance, 1 ether);
    }

    /// @dev A call's own gas is paid for in any case: what comes beside it must be less than the schedule has for it.
    function test_theScheduleCoversWhatItsCallsCost() public {
        Laborer laborer = new Laborer();
        bytes memory data = abi.encodeCall(Laborer.labor, (99_000));
        // Slots that a contract's first call of all takes into use.
        _land(_list(_callOf(_next(), NOBODY, 1, 0, "")));
        uint256 index = _next();
        uint256 snapshot = vm.snapshotState();
        uint256 without = _gasOf(new OutboundCall[](0));
        vm.revertToState(snapshot);
        uint256 oldAccount = _gasOf(_list(_callOf(index, address(laborer), 1 ether, 100_000, data)));
        vm.revertToState(snapshot);
        uint256 transfer = _gasOf(_list(_transferOf(index, address(laborer), 1 ether)));
        vm.revertToState(snapshot);
        uint256 newAccount = _gasOf(_list(_transferOf(index, address(0x5eed), 1 ether)));
        assertLt(oldAccount - without, 90_000 + 100_000 + 45 * data.length);
        assertLt(transfer - without, 75_000);
        assertLt(newAccount - without, 75_000);
    }

    /// @dev As in a transaction of its own: everything is cold, and calldata costs.
    function _gasOf(OutboundCall[] memory calls) private returns (uint256 used) {
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, calls);
        bytes[] memory list = _one(c);
        vm.cool(address(enigma));
        vm.cool(account);
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.cool(calls[i].target);
        }
        used = gasleft();
        enigma.commit(list);
        used -= gasleft();
        bytes memory data = abi.encode(list);
        for (uint256 i = 0; i < data.length; ++i) {
            used += data[i] == 0 ? 4 : 16;
        }
    }

    // Forgeries

    function test_theCallsAreExactlyTheSignedOnes() public {
        uint256 index = _next();
        OutboundCall memory first = _transferOf(index, NOBODY, 1 ether);
        OutboundCall memory second = _callOf(index, address(echo), 1, 100_000, abi.encodeCall(Echo.echo, ("a")));
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, _list(first, second));

        c.outbound = _list(second, first);
        _mismatch(c);
        c.outbound = _list(first);
        _mismatch(c);
        c.outbound = new OutboundCall[](0);
        _mismatch(c);
        c.outbound = new OutboundCall[](3);
        (c.outbound[0], c.outbound[1], c.outbound[2]) = (first, second, second);
        _mismatch(c);
        c.outbound = _list(first, second);
        second.data[10] ^= 0x01;
        _mismatch(c);
        second.data[10] ^= 0x01;
        --second.gas;
        _mismatch(c);
        ++second.gas;
        second.target = BOB;
        _mismatch(c);
        second.target = address(echo);
        first.target = BOB;
        _mismatch(c);
        first.target = NOBODY;
        first.value = 2 ether;
        _mismatch(c);
        first.value = 1 ether;
        first.kind = 2;
        _mismatch(c);
        first.kind = 1;
        enigma.commit(_one(c));
        assertEq(NOBODY.balance, 1 ether);
    }

    function test_noReceiptMayHideItsCalls() public {
        uint256 index = _next();
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, _list(_transferOf(index, NOBODY, 1 ether)));
        c.receipt.outboundHash = keccak256("");
        c.outbound = new OutboundCall[](0);
        vm.expectRevert(ICommits.WrongSigner.selector);
        enigma.commit(_one(c));
    }

    function _mismatch(Commitment memory c) private {
        vm.expectRevert(ICommits.WrongSigner.selector);
        enigma.commit(_one(c));
    }

    /// @dev Even if the signers vouch for it.
    function _invalid(Commitment memory c, OutboundCall[] memory calls) private {
        _signWith(c, calls);
        vm.expectRevert(IOutbound.InvalidOutbound.selector);
        enigma.commit(_one(c));
    }

    function test_aCallIsOfACompletedTaskOfTheReceipt() public {
        uint256 index = _next();
        _create(account, BOB, _rich());
        _create(account, BOB, _rich());
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 2);
        _invalid(c, _list(_transferOf(index + 2, NOBODY, 1)));
        _invalid(c, _list(_transferOf(index + 1, NOBODY, 1), _transferOf(index, NOBODY, 1)));
        c.receipt.results[0].status = 2;
        _invalid(c, _list(_transferOf(index, NOBODY, 1)));
        _signWith(c, _list(_transferOf(index + 1, NOBODY, 1)));
        enigma.commit(_one(c));
        assertEq(NOBODY.balance, 1);
    }

    function test_aTaskThatGaveItsValueBackCallsNobody() public {
        uint256 index = logged[account].length;
        TaskParameters memory task = _rich();
        task.value = 1 ether;
        _create(account, BOB, task);
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 1);
        c.receipt.results[0].status = 1;
        _invalid(c, _list(_transferOf(index, NOBODY, 1)));
    }

    function test_aCallIsOneThatThereCanBe() public {
        uint256 index = _next();
        Commitment memory c = _unsigned(account, 1);
        OutboundCall memory call = _transferOf(index, NOBODY, 1);
        call.kind = 0;
        _invalid(c, _list(call));
        call.kind = 3;
        _invalid(c, _list(call));
        call.kind = 1;
        call.gas = 1;
        _invalid(c, _list(call));
        call.gas = 0;
        call.data = hex"00";
        _invalid(c, _list(call));
    }
}

/// @notice Remembers what it saw when it was called.
contract Witness {
    IEnigma private immutable enigma;
    address private immutable other;
    address private immutable creditor;
    uint256 public cursor;
    uint256 public credits;

    constructor(IEnigma enigma_, address other_, address creditor_) {
        (enigma, other, creditor) = (enigma_, other_, creditor_);
    }

    fallback() external {
        cursor = enigma.secretContract(other).cursor;
        credits = enigma.credits(creditor);
    }
}

/// @notice Reckons, while it is called, what a portal got from outside.
contract Auditor {
    IEnigma private immutable enigma;
    address private immutable portal;
    uint256 public inflow;

    constructor(IEnigma enigma_, address portal_) {
        (enigma, portal) = (enigma_, portal_);
    }

    fallback() external payable {
        SecretContract memory record = enigma.secretContract(portal);
        inflow = portal.balance + record.sent - record.delivered;
    }
}
