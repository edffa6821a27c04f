// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {SecretContract} from "../src/interfaces/Types.sol";
import {MoneyHandler} from "./MoneyHandler.sol";

/// @notice Every wei adds up after every step: money in = money out + money owed.
/// forge-config: default.invariant.runs = 24
/// forge-config: default.invariant.depth = 80
/// forge-config: default.invariant.fail-on-revert = true
contract MoneyInvariantsTest is Test {
    MoneyHandler private handler;
    IEnigma private enigma;
    mapping(address => uint256) private lastInflow;
    /// ENG that workers staked at first, and all that there was.
    uint256 private staked;
    uint256 private supply;

    function setUp() public {
        handler = new MoneyHandler();
        handler.setUp();
        enigma = handler.network();
        bytes4[] memory actions = new bytes4[](23);
        actions[0] = MoneyHandler.createTask.selector;
        actions[1] = MoneyHandler.createTask.selector;
        actions[2] = MoneyHandler.commit.selector;
        actions[3] = MoneyHandler.commit.selector;
        actions[4] = MoneyHandler.commitWithTask.selector;
        actions[5] = MoneyHandler.commitForged.selector;
        actions[6] = MoneyHandler.depositAtPortal.selector;
        actions[7] = MoneyHandler.forceEther.selector;
        actions[8] = MoneyHandler.depositCredit.selector;
        actions[9] = MoneyHandler.withdraw.selector;
        actions[10] = MoneyHandler.withdraw.selector;
        actions[11] = MoneyHandler.steal.selector;
        actions[12] = MoneyHandler.giveUp.selector;
        actions[13] = MoneyHandler.nextEpoch.selector;
        actions[14] = MoneyHandler.openRefuser.selector;
        actions[15] = MoneyHandler.takeOver.selector;
        actions[16] = MoneyHandler.createBundle.selector;
        actions[17] = MoneyHandler.collectUpkeep.selector;
        actions[18] = MoneyHandler.claimSeat.selector;
        actions[19] = MoneyHandler.postBeacon.selector;
        actions[20] = MoneyHandler.deploy.selector;
        actions[21] = MoneyHandler.comeAndGo.selector;
        actions[22] = MoneyHandler.equivocate.selector;
        staked = _staked();
        supply = handler.eng().totalSupply();
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
        targetContract(address(handler));
    }

    function invariant_everyWeiAddsUp() public {
        uint256 owed = 0;
        for (uint256 i = 0; i < handler.accountCount(); ++i) {
            address account = handler.accounts(i);
            assertEq(enigma.credits(account), handler.owed(account), "each is owed exactly its own");
            owed += handler.owed(account);
            (, uint256 upkeep,) = enigma.ledger(account);
            assertEq(upkeep, handler.parked(account), "a share is parked where it was earned");
            owed += upkeep;
        }
        owed += _checkFunds();
        _checkTargets();
        assertEq(address(enigma).balance, handler.escrow() + owed, "balance = escrow + owed");
        uint256 held = 0;
        for (uint256 i = 0; i < handler.portalCount(); ++i) {
            held += _checkPortal(handler.portals(i));
        }
        assertEq(handler.moneyIn(), handler.moneyOut() + handler.escrow() + owed + held, "in = out + owed");
    }

    /// @dev The pool has what was collected and not paid, every seat what it was given and did not claim.
    function _checkFunds() private view returns (uint256 funds) {
        (uint256 amount, uint256 perSeat) = enigma.pool();
        assertEq(amount, handler.pool());
        assertEq(perSeat, handler.perSeat());
        funds = amount;
        for (uint256 i = 0; i < 4; ++i) {
            (address operator, uint256 claimed) = enigma.seats(i);
            assertEq(operator, handler.seatOf(i));
            assertEq(claimed, handler.claimed(i));
            funds += perSeat - claimed;
        }
    }

    /// @dev What is staked is there, what was slashed is nobody's any more.
    function invariant_everyEngAddsUp() public view {
        assertEq(handler.eng().balanceOf(address(enigma)), _staked(), "the stakes, and nothing else");
        uint256 burned = supply - handler.eng().totalSupply();
        assertEq(_staked() + burned, staked + handler.engIn() - handler.engOut(), "staked = left + burned");
        assertGe(burned, handler.engCaught(), "who lies loses all");
    }

    function _staked() private view returns (uint256 sum) {
        for (uint256 id = 0; id < enigma.workerCount(); ++id) {
            sum += enigma.worker(id).stake;
        }
    }

    /// @dev The outside has what went out to it, and no more.
    function _checkTargets() private view {
        for (uint256 i = 0; i < 5; ++i) {
            address target = handler.targets(i);
            assertEq(target.balance, handler.received(target));
        }
    }

    function _checkPortal(address portal) private returns (uint256) {
        assertEq(portal.balance, handler.inside(portal), "the portal has what the secret contract has inside");
        uint256 inflow = handler.inflowOf(portal);
        assertEq(inflow, handler.inflow(portal));
        assertGe(inflow, lastInflow[portal], "inflow never decreases");
        lastInflow[portal] = inflow;
        SecretContract memory record = enigma.secretContract(portal);
        for (uint256 i = 0; i < record.inputCount; ++i) {
            assertEq(handler.settled(portal, i), i < record.cursor ? 1 : 0, "paid or refunded once");
        }
        return portal.balance;
    }

    /// @dev The same actions in a fixed random order, long enough to see each of them do something.
    function test_theBooksSeeEveryAction() public {
        uint256 random = 5;
        for (uint256 step = 0; step < 700; ++step) {
            random = uint256(keccak256(abi.encode(random)));
            _act(random % 14, random >> 8);
            // As calls of their own, so that what they need of memory is free again.
            this.invariant_everyWeiAddsUp();
            this.invariant_everyEngAddsUp();
        }
        assertGt(handler.commits(), 40);
        assertGt(handler.transfers(), 10);
        assertGt(handler.claims(), 5);
        assertGt(handler.calls(), 20);
        assertGt(handler.failures(), 10);
        assertGt(handler.skips(), 5);
        assertGt(handler.portalTasks(), 3);
        assertGt(handler.takeovers(), 3);
        assertGt(handler.bundles(), 3);
        assertGt(handler.rewards(), 5);
        assertGt(handler.shares(), 0);
        assertGt(handler.seatClaims(), 0);
        assertGt(handler.deploys(), 0);
        assertGt(handler.unstakes(), 0);
        assertGt(handler.caught(), 0);
        assertLt(handler.eng().totalSupply(), supply - handler.engCaught(), "slashed, too");
    }

    function _act(uint256 action, uint256 random) private {
        (uint256 a, uint256 b, uint256 c) = (random, random >> 16, random >> 64);
        if (action < 3) handler.createTask(a, b, c, random >> 200);
        else if (action < 5) handler.commit(a, b, c);
        else if (action == 5) handler.commitWithTask(a, c);
        else if (action == 6) handler.commitForged(a, c);
        else if (action == 7) handler.depositAtPortal(a, c);
        else if (action == 8) handler.withdraw(a, b);
        else if (action == 9) _rarely(a, b, c);
        else if (action == 10) handler.steal(a);
        else if (action == 11) handler.depositCredit(a, c);
        else if (action == 12) _funds(a, b, c);
        else _workers(a, b, c);
    }

    function _funds(uint256 a, uint256 b, uint256 c) private {
        uint256 action = b % 3;
        if (action == 0) handler.collectUpkeep(a, c);
        else if (action == 1) handler.claimSeat(a);
        else handler.postBeacon(c);
    }

    function _workers(uint256 a, uint256 b, uint256 c) private {
        uint256 action = b % 5;
        if (action < 3) handler.comeAndGo(c);
        else if (action == 3) handler.equivocate(c);
        else handler.deploy(a, c);
    }

    function _rarely(uint256 a, uint256 b, uint256 c) private {
        uint256 action = b % 7;
        if (action == 0 || action == 6) handler.giveUp(a);
        else if (action == 1) handler.takeOver(a, c, b);
        else if (action == 2) handler.forceEther(a, c);
        else if (action == 3) handler.takeOver(a, b, c);
        else if (action == 4) handler.createBundle(a, c);
        else handler.openRefuser(a);
    }
}
