// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {ICredits} from "../src/interfaces/ICredits.sol";
import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {ILostState} from "../src/interfaces/ILostState.sol";
import {IOutbound} from "../src/interfaces/IOutbound.sol";
import {ITurns} from "../src/interfaces/ITurns.sol";
import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {TaskParameters} from "../src/interfaces/Types.sol";
import {AccountTest} from "./AccountTest.sol";
import {Echo, Laborer, NaivePortal, Reentrant} from "./Recipients.sol";
import {Commitment, OutboundCall} from "./Packing.sol";

/// @notice What whoever carries a commit, and whoever is called by one, may try; and that it is the defence that stops
/// them.
contract OutboundAttacksTest is AccountTest {
    function setUp() public override {
        super.setUp();
        _commit(account, 1);
        deal(account, 10 ether);
    }

    function _next() private returns (uint256 index) {
        index = logged[account].length;
        TaskParameters memory task = _task(0);
        task.commitGas = 4_000_000;
        _create(account, BOB, task);
        vm.roll(block.number + 1);
    }

    function _commitWith(OutboundCall memory call) private view returns (bytes memory) {
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, _list(call));
        return abi.encodeCall(ICommits.commit, (_one(c)));
    }

    // Gas starvation

    /// @dev Tries a commit with every gas limit in steps; returns how often it landed, and how often of these the call
    /// failed although it succeeds when it has its gas.
    function _scan(
        bytes memory commit,
        uint256 step,
        bool isTransfer
    ) private returns (uint256 landed, uint256 starved) {
        uint256 snapshot = vm.snapshotState();
        for (uint256 gas = isTransfer ? 75_000 : 400_000; landed < 100; gas += step) {
            (bool success, bytes memory reason) = address(enigma).call{gas: gas}(commit);
            if (!success) {
                // Out of gas, in the commit itself or before a call.
                assertTrue(reason.length == 0 || bytes4(reason) == IOutbound.OutboundGasMissing.selector);
                assertEq(landed, 0, "more gas is never worse");
                continue;
            }
            ++landed;
            bool called = isTransfer ? enigma.credits(_laborer()) == 0 : uint256(enigma.outcomes(account, 0)) & 1 == 1;
            if (!called) ++starved;
            vm.revertToState(snapshot);
        }
    }

    function _laborer() private pure returns (address) {
        return address(0x1ab0);
    }

    function _calling() private returns (bytes memory) {
        vm.etch(_laborer(), type(Laborer).runtimeCode);
        bytes memory data = abi.encodeCall(Laborer.labor, (395_000));
        return _commitWith(_callOf(_next(), _laborer(), 0, 400_000, data));
    }

    function _transferring() private returns (bytes memory) {
        vm.etch(_laborer(), type(Laborer).runtimeCode);
        return _commitWith(_transferOf(_next(), _laborer(), 1 ether));
    }

    function test_noGasLimitStarvesACall() public {
        bytes memory commit = _calling();
        (uint256 landed, uint256 starved) = _scan(commit, 211, false);
        assertEq(landed, 100);
        assertEq(starved, 0);
    }

    function test_noGasLimitStarvesATransfer() public {
        bytes memory commit = _transferring();
        (uint256 landed, uint256 starved) = _scan(commit, 127, true);
        assertEq(landed, 100);
        assertEq(starved, 0);
    }

    /// @dev The callee writes down how much gas it has, to the unit (GAS, which takes two, into slot 0): it has all of its own
    /// even in a commit with the least gas that lands.
    function _leastGasIsEnough(uint64 callGas) private {
        address clerk = address(0xc1e4c);
        vm.etch(clerk, hex"5a5f5500");
        vm.store(clerk, 0, bytes32(uint256(1)));
        bytes memory commit = _commitWith(_callOf(_next(), clerk, 1 ether, callGas, ""));
        (uint256 less, uint256 enough) = (callGas, uint256(callGas) + 1_000_000);
        uint256 snapshot = vm.snapshotState();
        while (enough - less > 1) {
            uint256 gas = (less + enough) / 2;
            vm.cool(clerk);
            (bool success,) = address(enigma).call{gas: gas}(commit);
            if (success) {
                assertEq(uint256(vm.load(clerk, 0)) + 2, callGas + 2_300, "with what value brings");
                enough = gas;
            } else {
                less = gas;
            }
            vm.revertToState(snapshot);
        }
        assertLt(enough, uint256(callGas) + 1_000_000);
    }

    /// @dev What the call itself costs is not taken from it.
    function test_noGasLimitTakesFromASmallCallsGas() public {
        _leastGasIsEnough(10_000);
    }

    /// @dev A call hands on at most 63/64 of what there is.
    function test_noGasLimitTakesFromALargeCallsGas() public {
        _leastGasIsEnough(3_700_000);
    }

    function test_aNaivePortalIsStarved() public {
        bytes memory commit = _calling();
        vm.etch(account, type(NaivePortal).runtimeCode);
        (, uint256 starved) = _scan(commit, 211, false);
        assertGt(starved, 0);
    }

    function test_theSecondCallIsNotStarvedByTheFirst() public {
        vm.etch(_laborer(), type(Laborer).runtimeCode);
        uint256 index = _next();
        bytes memory data = abi.encodeCall(Laborer.labor, (195_000));
        OutboundCall memory call = _callOf(index, _laborer(), 0, 200_000, data);
        Commitment memory c = _unsigned(account, 1);
        _signWith(c, _list(call, call));
        bytes memory commit = abi.encodeCall(ICommits.commit, (_one(c)));
        uint256 landed = 0;
        uint256 snapshot = vm.snapshotState();
        for (uint256 gas = 200_000; landed < 10; gas += 1009) {
            (bool success,) = address(enigma).call{gas: gas}(commit);
            if (!success) continue;
            ++landed;
            assertEq(uint256(enigma.outcomes(account, 0)) & uint256(enigma.outcomes(account, 1)) & 1, 1);
            vm.revertToState(snapshot);
        }
    }

    function test_aCallWantsMoreGasThanTheTransactionHas() public {
        bytes memory commit = _commitWith(_callOf(_next(), BOB, 0, 3_000_000, ""));
        (bool success, bytes memory reason) = address(enigma).call{gas: 3_000_000}(commit);
        assertFalse(success);
        assertEq(bytes4(reason), IOutbound.OutboundGasMissing.selector);
        assertEq(enigma.secretContract(account).cursor, 1, "nothing landed");
        (success,) = address(enigma).call{gas: 3_500_000}(commit);
        assertTrue(success);
    }

    // Return data

    function test_returnDataIsNoBomb() public {
        Echo echo = new Echo();
        bytes memory data = abi.encodeCall(Echo.bomb, (600_000));
        bytes memory commit = _commitWith(_callOf(_next(), address(echo), 0, 1_000_000, data));
        uint256 snapshot = vm.snapshotState();
        uint256 used = _gasOf(commit);
        // All the memory that its gas buys, and yet no more than the schedule pays.
        assertLt(used, 100_000 + 90_000 + 1_000_000);
        assertEq(uint256(enigma.outcomes(account, 0)) & 1, 0);
        vm.revertToState(snapshot);
        vm.etch(account, type(NaivePortal).runtimeCode);
        assertGt(_gasOf(commit), used + 700_000, "it is, where all is copied");
    }

    function _gasOf(bytes memory commit) private returns (uint256 used) {
        used = gasleft();
        (bool success,) = address(enigma).call(commit);
        used -= gasleft();
        assertTrue(success);
    }

    // Reentrancy

    /// @dev The callee has something to gain at every entry point that moves money: credit, another receipt to land,
    /// an input to skip, stake to take back.
    function test_noOutboundCallReachesWhatMovesMoney() public {
        Reentrant callee = new Reentrant(address(enigma));
        address waiting = _deploy(address(callee), "waiting", 1);
        address dead = _deploy(address(callee), "dead", 1);
        uint256 id = _admitCallee(callee);
        enigma.deposit{value: 1 ether}(address(callee));
        vm.roll(block.number + 3);
        _create(account, BOB, _rich());
        vm.roll(block.number + 2 * LENGTH);
        callee.add(abi.encodeCall(ICommits.commit, (_one(_commitment(waiting, 1)))));
        callee.add(abi.encodeCall(ITurns.skip, (dead, logged[dead][0])));
        callee.add(abi.encodeCall(ICredits.withdraw, ()));
        callee.add(abi.encodeCall(ICredits.withdrawTo, (BOB)));
        callee.add(abi.encodeCall(ICredits.withdrawFor, (ALICE)));
        callee.add(abi.encodeCall(IWorkers.stake, (id, 1 ether)));
        callee.add(abi.encodeCall(IWorkers.unstake, (id, 1 ether)));

        uint256 balance = address(enigma).balance;
        OutboundCall memory poke = _callOf(1, address(callee), 0, 2_500_000, abi.encodeCall(Reentrant.poke, ()));
        (bool landed,) = address(enigma).call(_commitWith(poke));
        assertTrue(landed);
        assertEq(enigma.outcomes(account, 0), bytes32(uint256(keccak256("")) | 1));
        assertEq(address(enigma).balance, balance, "no wei has moved");
        for (uint256 i = 0; i < callee.count(); ++i) {
            (bool success, bytes memory reason) = callee.answer(i);
            assertFalse(success);
            assertEq(bytes4(reason), ICredits.Reentered.selector);
        }
        _eachSucceedsOutside(callee);
    }

    /// @dev It was the lock that refused them.
    function _eachSucceedsOutside(Reentrant callee) private {
        for (uint256 i = 0; i < callee.count(); ++i) {
            uint256 snapshot = vm.snapshotState();
            (bool success,) = callee.attempt(i);
            assertTrue(success);
            vm.revertToState(snapshot);
        }
    }

    function _rich() private pure returns (TaskParameters memory task) {
        task = _task(0);
        task.commitGas = 4_000_000;
    }

    function _admitCallee(Reentrant callee) private returns (uint256 id) {
        deal(address(this), 1 ether);
        id = enigma.admit(vm.addr(0xbad), address(callee), MEASUREMENT, keccak256("platform"), EXPIRY);
        assertTrue(token.transfer(address(callee), 10 ether));
        vm.startPrank(address(callee));
        token.approve(address(enigma), 10 ether);
        enigma.stake(id, 5 ether);
        vm.stopPrank();
    }

    function test_aTransferReentersNothingEither() public {
        ReentrantTaker taker = new ReentrantTaker(enigma);
        deal(address(this), 1 ether);
        enigma.deposit{value: 1 ether}(address(taker));
        (bool landed,) = address(enigma).call(_commitWith(_transferOf(_next(), address(taker), 1 ether)));
        assertTrue(landed);
        assertEq(enigma.credits(address(taker)), 2 ether, "refused, so credited");
        assertEq(address(taker).balance, 0);
    }

    /// @dev Unlocked, because nothing is paid out: what comes in is booked once.
    function test_whatPaysInWorksFromWithin() public {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256("blob");
        _nextEpoch();
        uint256 index = _next();
        Commitment memory c = _unsigned(account, 1);
        c.receipt.snapshotHash = keccak256(abi.encode(_tag("snapshot"), 4, keccak256(abi.encodePacked(hashes))));
        _chain(c);
        _sign(c);
        enigma.commit(_one(c));
        address operator = _operator(enigma.group(account)[0]);
        deal(operator, 1 ether);
        vm.prank(operator);
        enigma.declareLost{value: 1 ether}(account);

        Reentrant callee = new Reentrant(address(enigma));
        bytes memory post = abi.encodeCall(ILostState.postChunk, (account, 4, hashes, 0, "blob"));
        callee.add(post);
        callee.add(post);
        callee.add(abi.encodeCall(ILostState.declareLost, (account)));
        index = _next();
        (bool landed,) = address(enigma)
            .call(_commitWith(_callOf(index, address(callee), 0, 2_000_000, abi.encodeCall(Reentrant.poke, ()))));
        assertTrue(landed);
        (bool first,) = callee.answer(0);
        assertTrue(first);
        (bool second, bytes memory reason) = callee.answer(1);
        assertFalse(second);
        assertEq(bytes4(reason), ILostState.NotLost.selector);
        (second, reason) = callee.answer(2);
        assertFalse(second);
        assertEq(bytes4(reason), ILostState.BondTooSmall.selector);
        assertEq(enigma.credits(address(callee)), 1 ether, "the bond, once");
    }

    /// @dev A portal is nobody's but its secret contract's, however the network is called in its name.
    function test_aPortalCannotTakeItsCreditDuringACommit() public {
        deal(address(this), 1 ether);
        enigma.deposit{value: 1 ether}(account);
        (bool landed,) = address(enigma)
            .call(
                _commitWith(_callOf(_next(), address(enigma), 0, 500_000, abi.encodeCall(ICredits.withdrawTo, (BOB))))
            );
        assertTrue(landed);
        assertEq(uint256(enigma.outcomes(account, 0)) & 1, 0);
        assertEq(enigma.credits(account), 1 ether);
        enigma.withdrawFor(account);
        assertEq(account.balance, 11 ether);
    }

    /// @dev The portal is the deployer of nothing: the network's own doors stay shut to it.
    function test_aPortalIsNoDeployer() public {
        bytes memory data = abi.encodeCall(IWorkers.admit, (BOB, BOB, MEASUREMENT, keccak256("platform"), EXPIRY));
        (bool landed,) = address(enigma).call(_commitWith(_callOf(_next(), address(enigma), 0, 500_000, data)));
        assertTrue(landed);
        bytes32 hash = keccak256(abi.encodeWithSelector(IWorkers.NotDeployer.selector));
        assertEq(enigma.outcomes(account, 0), bytes32(uint256(hash) & ~uint256(1)));
    }

    receive() external payable {}
}

/// @notice Asks for its credit while it is being paid.
contract ReentrantTaker {
    IEnigma private immutable enigma;

    constructor(IEnigma enigma_) {
        enigma = enigma_;
    }

    receive() external payable {
        enigma.withdraw();
    }
}
