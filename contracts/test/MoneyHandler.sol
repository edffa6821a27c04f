// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EngToken} from "../src/EngToken.sol";
import {ICredits} from "../src/interfaces/ICredits.sol";
import {IFunds} from "../src/interfaces/IFunds.sol";
import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {Input, Receipt as TaskReceipt, TaskParameters, TaskRequest, Worker} from "../src/interfaces/Types.sol";
import {EnigmaTest} from "./EnigmaTest.sol";
import {Burner, Counter, Echo, Refuser} from "./Recipients.sol";
import {Commitment, OutboundCall} from "./Packing.sol";

/// @notice All that clients, workers, recipients and strangers do with money, and books of what must come of it: kept
/// from the schedule and from what was done, never from what the contract says.
contract MoneyHandler is EnigmaTest {
    /// The commit gas of tasks that may have outbound calls.
    uint64 private constant RICH = 4_000_000;
    /// Of secret contracts that are deployed at most, and of workers that are caught lying.
    uint256 private constant MANY = 4;
    /// A worker that comes and goes.
    uint256 private constant GUEST = WORKERS;
    address[] public portals;
    address[3] public senders = [address(0x51), address(0x52), address(0x53)];
    address[] public targets;
    address[] public accounts;

    /// Fees and values of pending inputs.
    uint256 public escrow;
    /// Wei that came into the network's two kinds of accounts, and that left them.
    uint256 public moneyIn;
    uint256 public moneyOut;
    mapping(address => uint256) public owed;
    /// The share for beacons and the committee, from whom it is parked with to who gets it.
    mapping(address => uint256) public parked;
    uint256 public pool;
    uint256 public perSeat;
    uint256[4] public claimed;
    /// Wei of ENG that operators staked and took out, beside what they had at first.
    uint256 public engIn;
    uint256 public engOut;
    uint256 public engCaught;
    mapping(address => uint256) public inside;
    mapping(address => uint256) public inflow;
    mapping(address => uint256) public received;
    /// How often each input was paid or refunded.
    mapping(address => mapping(uint256 => uint256)) public settled;

    uint256 public commits;
    uint256 public transfers;
    uint256 public claims;
    uint256 public calls;
    uint256 public failures;
    uint256 public skips;
    uint256 public portalTasks;
    uint256 public takeovers;
    uint256 public bundles;
    uint256 public rewards;
    uint256 public shares;
    uint256 public seatClaims;
    uint256 public deploys;
    uint256 public unstakes;
    uint256 public caught;
    /// Who signs, of those that may.
    uint256 private rank;
    address private poster = address(0x9057e4);

    function setUp() public override {
        super.setUp();
        portals.push(_deploy(senders[0], "one", 1));
        portals.push(_deploy(senders[1], "two", 1));
        _admit(GUEST, 50 ether);
        escrow = 2 * _due(_task(0));
        moneyIn = escrow;
        targets = [address(0x7a), address(new Counter()), address(new Refuser()), address(new Burner())];
        targets.push(address(new Echo()));
        accounts = [senders[0], senders[1], senders[2], portals[0], portals[1]];
        for (uint256 i = 0; i < targets.length; ++i) {
            accounts.push(targets[i]);
        }
        for (uint256 id = 0; id <= GUEST; ++id) {
            accounts.push(_operator(id));
        }
        for (uint256 index = 0; index < 4; ++index) {
            accounts.push(_seatOperator(index));
        }
        accounts.push(poster);
    }

    function network() external view returns (IEnigma) {
        return enigma;
    }

    function eng() external view returns (EngToken) {
        return token;
    }

    function accountCount() external view returns (uint256) {
        return accounts.length;
    }

    function portalCount() external view returns (uint256) {
        return portals.length;
    }

    function seatOf(uint256 index) external pure returns (address) {
        return _seatOperator(index);
    }

    function inflowOf(address portal) external view returns (uint256) {
        return _inflow(portal);
    }

    // Money in

    function createTask(uint256 which, uint256 who, uint256 value, uint256 isFromCredit) external {
        (address portal, address sender) = (portals[which % portals.length], senders[who % 3]);
        if (!_hasRoom(portal)) return;
        TaskParameters memory task = _task(value % 4 == 0 ? 0 : value % 5 ether);
        task.commitGas = RICH;
        uint256 due = _due(task);
        uint256 credit = isFromCredit % 2 == 0 ? 0 : _min(owed[sender], due);
        bytes memory envelope = _envelope(logged[portal].length);
        uint40 epoch = enigma.currentEpoch();
        _remember(portal, 1, sender, task, epoch, 0, envelope);
        deal(sender, due - credit);
        vm.prank(sender);
        enigma.createTask{value: due - credit}(portal, epoch, envelope, task);
        owed[sender] -= credit;
        moneyIn += due - credit;
        escrow += due;
    }

    function deploy(uint256 who, uint256 value) external {
        if (portals.length == MANY) return;
        address sender = senders[who % 3];
        TaskParameters memory task = _task(value % 1 ether);
        address portal = _deploy(sender, bytes32(portals.length), 1, task);
        portals.push(portal);
        accounts.push(portal);
        moneyIn += _due(task);
        escrow += _due(task);
        ++deploys;
    }

    /// @dev A task of each secret contract in one transaction.
    function createBundle(uint256 who, uint256 value) external {
        if (!_hasRoom(portals[0]) || !_hasRoom(portals[1])) return;
        address sender = senders[who % 3];
        TaskRequest[] memory requests = new TaskRequest[](2);
        uint256 due = 0;
        for (uint256 i = 0; i < 2; ++i) {
            TaskParameters memory task = _task(value % ((i + 1) * 1 ether));
            bytes memory envelope = _envelope(logged[portals[i]].length);
            _remember(portals[i], 1, sender, task, enigma.currentEpoch(), 0, envelope);
            requests[i] = TaskRequest(portals[i], enigma.currentEpoch(), envelope, task);
            due += _due(task);
        }
        deal(sender, due);
        vm.prank(sender);
        enigma.createTasks{value: due}(requests);
        moneyIn += due;
        escrow += due;
        ++bundles;
    }

    function depositAtPortal(uint256 which, uint256 amount) external {
        (address portal, uint256 value) = (portals[which % portals.length], amount % 3 ether);
        deal(address(this), value);
        (bool success,) = portal.call{value: value}("");
        assertTrue(success);
        _came(portal, value);
    }

    function forceEther(uint256 which, uint256 amount) external {
        (address portal, uint256 value) = (portals[which % portals.length], amount % 3 ether);
        deal(portal, portal.balance + value);
        _came(portal, value);
    }

    function depositCredit(uint256 who, uint256 amount) external {
        address account = accounts[who % accounts.length];
        uint256 value = amount % 1 ether;
        deal(address(this), value);
        enigma.deposit{value: value}(account);
        owed[account] += value;
        moneyIn += value;
    }

    function _came(address portal, uint256 value) private {
        inside[portal] += value;
        inflow[portal] += value;
        moneyIn += value;
    }

    // Commits

    function commit(uint256 which, uint256 count, uint256 random) external {
        _commitBy(which, count, random);
    }

    /// @dev The first is silent and loses stake, and the second commits and is paid. All of them speak in the next epoch.
    function takeOver(uint256 which, uint256 count, uint256 random) external {
        if (_pending(portals[which % portals.length], 0) == 0) return;
        vm.roll(block.number + 12);
        rank = 1;
        _commitBy(which, count, random);
        rank = 0;
        ++takeovers;
        _nextEpoch();
    }

    function _commitBy(uint256 which, uint256 count, uint256 random) private {
        address portal = portals[which % portals.length];
        count = _pending(portal, count);
        if (count == 0) return;
        _advance(random);
        Commitment memory c = _unsigned(portal, count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 status = uint256(keccak256(abi.encode(random, i))) % 6;
            if (status == 1 && c.inputs[i].value == 0) status = 0;
            c.receipt.results[i].status = status > 2 ? 0 : uint8(status);
        }
        OutboundCall[] memory made = _someCalls(c, random);
        _signWith(c, made);
        if (rank != 0) _signBy(c, _ranks(rank));
        uint256[] memory gas = new uint256[](count);
        for (uint256 i = 0; i < made.length; ++i) {
            gas[
                made[i].index
                - c.receipt.firstIndex
            ] += made[i].kind == 1 ? 75_000 : 90_000 + made[i].gas + 45 * made[i].data.length;
        }
        _settle(c, gas);
        enigma.commit(_one(c));
        for (uint256 i = 0; i < made.length; ++i) {
            _book(portal, made[i]);
        }
        ++commits;
    }

    /// @dev A commit in which the portal creates a task of the other secret contract.
    function commitWithTask(uint256 which, uint256 random) external {
        (address portal, address other) =
            (portals[which % portals.length], portals[(which % portals.length + 1) % portals.length]);
        if (_pending(portal, 0) == 0 || !_hasRoom(other)) return;
        _advance(random);
        TaskParameters memory task = _task(random % 1 ether);
        uint256 due = _due(task);
        Commitment memory c = _unsigned(portal, 1);
        if (c.inputs[0].commitGas != RICH || inside[portal] + c.inputs[0].value < due) return;
        bytes memory envelope = _envelope(logged[other].length);
        uint40 epoch = enigma.currentEpoch();
        bytes memory data = abi.encodeCall(enigma.createTask, (other, epoch, envelope, task));
        _signWith(c, _list(_callOf(c.receipt.firstIndex, address(enigma), due, 300_000, data)));
        uint256[] memory gas = new uint256[](1);
        gas[0] = 90_000 + 300_000 + 45 * data.length;
        _settle(c, gas);
        _remember(other, 1, portal, task, epoch, 0, envelope);
        enigma.commit(_one(c));
        inside[portal] -= due;
        escrow += due;
        ++portalTasks;
        ++commits;
    }

    /// @dev Whatever is wrong with it, nothing moves.
    function commitForged(uint256 which, uint256 random) external {
        address portal = portals[which % portals.length];
        if (_pending(portal, 0) == 0) return;
        _advance(random);
        Commitment memory c = _unsigned(portal, 1);
        uint256 index = c.receipt.firstIndex;
        OutboundCall[] memory made = _list(_transferOf(index, targets[0], _min(inside[portal], 1)));
        _signWith(c, made);
        if (random % 3 == 0) made[0].target = address(0xbad);
        else if (random % 3 == 1) c.outbound = new OutboundCall[](0);
        else c.receipt.results[0].gasCharged = 0;
        (bool success,) = address(enigma).call(abi.encodeCall(enigma.commit, (_one(c))));
        assertFalse(success);
    }

    /// @dev Up to three for each completed task, of no more than the secret contract has by then.
    function _someCalls(Commitment memory c, uint256 random) private view returns (OutboundCall[] memory made) {
        made = new OutboundCall[](3 * c.inputs.length);
        uint256 count = 0;
        uint256 funds = inside[c.receipt.secretContract];
        for (uint256 i = 0; i < made.length; ++i) {
            if (c.receipt.results[i / 3].status != 0) continue;
            if (i % 3 == 0) funds += c.inputs[i / 3].value;
            uint256 dice = uint256(keccak256(abi.encode(random, "call", i)));
            if (dice % 3 == 0 || c.inputs[i / 3].commitGas != RICH) continue;
            made[count] = _someCall(c.receipt.firstIndex + i / 3, dice >> 8, funds);
            funds -= made[count++].value;
        }
        assembly ("memory-safe") {
            mstore(made, count)
        }
    }

    function _someCall(uint256 index, uint256 dice, uint256 funds) private view returns (OutboundCall memory) {
        uint256 value = (dice >> 16) % 4 == 0 ? 0 : (dice >> 24) % (_min(funds, 2 ether) + 1);
        uint256 what = dice % 9;
        // Transfers: an account, one that counts, one that refuses, one that burns.
        if (what < 4) return _transferOf(index, targets[what], value);
        if (what == 4) return _callOf(index, targets[4], value, 75_000, abi.encodeCall(Echo.echo, ("hello")));
        if (what == 5) return _callOf(index, targets[4], value, 75_000, abi.encodeCall(Echo.fail, (dice)));
        if (what == 6) return _callOf(index, targets[3], value, 20_000, "burn");
        // In the middle of a commit: money for a credit, and an attempt to take one out.
        if (what == 7) {
            return _callOf(index, address(enigma), value, 100_000, abi.encodeCall(ICredits.deposit, (senders[2])));
        }
        return _callOf(index, address(enigma), 0, 100_000, abi.encodeCall(ICredits.withdrawFor, (senders[0])));
    }

    /// @dev What must have come of a call, by what its target is.
    function _book(address portal, OutboundCall memory call) private {
        bool isClaim = call.kind == 1 && (call.target == targets[2] || call.target == targets[3]);
        // One that refuses at first takes it later.
        if (isClaim && call.target == targets[2] && Refuser(payable(call.target)).isOpen()) isClaim = false;
        bool isFailure = call.kind == 2 && (call.target != targets[4] || bytes4(call.data) != Echo.echo.selector);
        bool isCredit = call.target == address(enigma) && bytes4(call.data) == ICredits.deposit.selector;
        if (isCredit) {
            inside[portal] -= call.value;
            owed[senders[2]] += call.value;
        } else if (isFailure) {
            inflow[portal] += call.value;
            ++failures;
        } else if (isClaim) {
            inside[portal] -= call.value;
            owed[call.target] += call.value;
            ++claims;
        } else {
            inside[portal] -= call.value;
            received[call.target] += call.value;
            moneyOut += call.value;
            if (call.kind == 1) ++transfers;
        }
        if (call.kind == 2) ++calls;
    }

    /// @dev Each fee is shared between worker and sender, each value goes to the portal or back.
    function _settle(Commitment memory c, uint256[] memory gas) private {
        address portal = c.receipt.secretContract;
        address worker = _operator(enigma.group(portal)[rank]);
        uint256 earned = 0;
        for (uint256 i = 0; i < c.inputs.length; ++i) {
            Input memory input = c.inputs[i];
            uint256 price = _min(block.basefee + input.tip, input.priceCap);
            uint256 used = 80_000 / c.inputs.length + 16_000 + 45 * (c.outputs[i].length + c.deltas[i].length);
            uint256 pay = (used + gas[i] + c.receipt.results[i].gasCharged / 8) * price;
            uint256 due = _dueOf(input);
            escrow -= due;
            earned += pay;
            bool completed = c.receipt.results[i].status == 0;
            owed[input.sender] += due - pay - (completed ? input.value : 0);
            if (completed) inside[portal] += input.value;
            ++settled[portal][c.receipt.firstIndex + i];
        }
        owed[worker] += earned - earned / 32;
        parked[worker] += earned / 32;
    }

    // The share of beacons and the committee

    function collectUpkeep(uint256 who, uint256 other) external {
        address[] memory operators = new address[](3);
        (operators[0], operators[1]) = (_operator(who % 7), _operator(other % 7));
        operators[2] = operators[0];
        uint256 amount = parked[operators[0]];
        parked[operators[0]] = 0;
        amount += parked[operators[1]];
        parked[operators[1]] = 0;
        if (amount == 0) vm.expectRevert(IFunds.NothingToCollect.selector);
        enigma.collectUpkeep(operators);
        pool += amount;
    }

    function claimSeat(uint256 index) external {
        index %= 5;
        if (index == 4) {
            vm.expectRevert(IFunds.UnknownSeat.selector);
            enigma.claimSeat(index);
            return;
        }
        uint256 amount = perSeat - claimed[index];
        if (amount == 0) vm.expectRevert(IFunds.NothingToCollect.selector);
        enigma.claimSeat(index);
        claimed[index] = perSeat;
        owed[_seatOperator(index)] += amount;
        if (amount != 0) ++seatClaims;
    }

    /// @dev Whoever posts is paid from the pool, the seats share what it holds beyond the reserve. Beacons come at all
    /// prices: cheap ones leave the seats the most.
    function postBeacon(uint256 dice) external {
        vm.fee(dice % 3 == 0 ? 0 : dice % 14 gwei);
        _nextEpoch();
    }

    function _nextEpoch() internal override {
        if (poster != address(0)) _bookBeacon();
        _post(poster);
    }

    function _bookBeacon() private {
        uint256 price = 250_000 * block.basefee;
        uint256 reward = _min(pool, price);
        pool -= reward;
        owed[poster] += reward;
        if (reward != 0) ++rewards;
        if (pool <= 8 * price) return;
        uint256 each = (pool - 8 * price) / 4;
        pool -= 4 * each;
        perSeat += each;
        if (each != 0) ++shares;
    }

    // Workers

    /// @dev One that logs out, takes a part of its stake, puts it back, and comes back.
    function comeAndGo(uint256 dice) external {
        Worker memory guest = enigma.worker(GUEST);
        vm.startPrank(_operator(GUEST));
        if (guest.loggedIn) {
            enigma.logout(GUEST);
        } else if (enigma.currentEpoch() < guest.unlockEpoch) {
            vm.expectRevert();
            enigma.unstake(GUEST, 1);
        } else if (dice % 3 == 0 && guest.stake >= 1 ether) {
            enigma.login(GUEST);
        } else if (dice % 3 == 1) {
            uint256 amount = dice % (guest.stake + 1);
            enigma.unstake(GUEST, amount);
            engOut += amount;
            ++unstakes;
        } else {
            uint256 amount = dice % (token.balanceOf(_operator(GUEST)) + 1);
            token.approve(address(enigma), amount);
            enigma.stake(GUEST, amount);
            engIn += amount;
        }
        vm.stopPrank();
    }

    /// @dev One that signs two receipts of the same inputs loses all, and comes with its stake to do so.
    function equivocate(uint256 amount) external {
        if (caught == MANY) return;
        uint256 id = enigma.workerCount();
        amount = 1 ether + amount % 100 ether;
        _admit(id, amount);
        TaskReceipt memory one;
        TaskReceipt memory other;
        (one.network, one.secretContract) = (enigma.network(), portals[0]);
        (other.network, other.secretContract) = (enigma.network(), portals[0]);
        other.stateHeadAfter = keccak256("something else");
        bytes memory first = _signed(_workerKey(id), _receiptHash(one));
        bytes memory second = _signed(_workerKey(id), _receiptHash(other));
        enigma.proveEquivocation(one, first, other, second);
        engIn += amount;
        engCaught += amount;
        ++caught;
        // A platform is barred: the others are looked at anew before they commit.
        for (uint256 worker = 0; worker <= GUEST; ++worker) {
            enigma.recheck(worker);
        }
    }

    // Money out

    function withdraw(uint256 who, uint256 how) external {
        address account = accounts[who % accounts.length];
        uint256 amount = owed[account];
        if (account.code.length != 0 && !_isPortal(account)) return _claim(account, amount);
        if (amount == 0) return _nothing(account);
        owed[account] = 0;
        if (_isPortal(account)) {
            // Nothing leaves: it comes in as a deposit.
            enigma.withdrawFor(account);
            inside[account] += amount;
            inflow[account] += amount;
            return;
        }
        moneyOut += amount;
        received[account] += amount;
        uint256 before = account.balance;
        if (how % 2 == 0) {
            enigma.withdrawFor(account);
        } else {
            vm.prank(account);
            enigma.withdraw();
        }
        assertEq(account.balance - before, amount);
    }

    function _nothing(address account) private {
        vm.prank(account);
        vm.expectRevert(ICredits.NothingToWithdraw.selector);
        enigma.withdraw();
    }

    /// @dev What could not be paid is claimed, to an account that its owner names.
    function _claim(address account, uint256 amount) private {
        if (amount == 0) return _nothing(account);
        uint256 before = targets[0].balance;
        vm.prank(account);
        enigma.withdrawTo(targets[0]);
        assertEq(targets[0].balance - before, amount);
        owed[account] = 0;
        moneyOut += amount;
        received[targets[0]] += amount;
    }

    /// @dev Who is owed nothing gets nothing, and nobody gets it in another's place.
    function steal(uint256 who) external {
        address thief = address(uint160(0xbad000 + who % 7));
        _nothing(thief);
        uint256 before = thief.balance;
        address account = accounts[who % accounts.length];
        if (account.code.length != 0 || owed[account] == 0) return;
        vm.prank(thief);
        enigma.withdrawFor(account);
        assertEq(thief.balance, before);
        moneyOut += owed[account];
        received[account] += owed[account];
        owed[account] = 0;
    }

    // Time

    function giveUp(uint256 which) external {
        address portal = portals[which % portals.length];
        if (_pending(portal, 0) == 0) return;
        uint64 cursor = enigma.secretContract(portal).cursor;
        vm.roll(block.number + 2 * LENGTH);
        Input memory input = logged[portal][cursor];
        enigma.skip(portal, input);
        escrow -= _dueOf(input);
        owed[input.sender] += _dueOf(input);
        ++settled[portal][cursor];
        ++skips;
        // A group that anybody trusts to commit again.
        _nextEpoch();
    }

    function nextEpoch() external {
        _nextEpoch();
    }

    function openRefuser(uint256 dice) external {
        if (dice % 8 == 0) Refuser(payable(targets[2])).open();
    }

    function _advance(uint256 random) private {
        vm.roll(block.number + 1);
        vm.fee(random % 14 gwei);
    }

    function _pending(address portal, uint256 count) private view returns (uint256) {
        uint256 pending = logged[portal].length - enigma.secretContract(portal).cursor;
        return pending == 0 ? 0 : 1 + count % _min(pending, 3);
    }

    function _hasRoom(address portal) private view returns (bool) {
        return logged[portal].length - enigma.secretContract(portal).cursor < 40;
    }

    function _isPortal(address account) private view returns (bool) {
        for (uint256 i = 0; i < portals.length; ++i) {
            if (account == portals[i]) return true;
        }
        return false;
    }

    function _dueOf(Input memory input) private pure returns (uint256) {
        return input.value + (uint256(input.commitGas) + input.gasLimit / 8) * input.priceCap;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
