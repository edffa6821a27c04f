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
    /// ENG that workers have staked, and all that there is.
    uint256 private lastStaked;
    uint256 private supply;

    function setUp() public {
        handler = new MoneyHandler();
        handler.setUp();
        enigma = handler.network();
        bytes4[] memory actions = new bytes4[](17);
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
        lastStaked = _staked();
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
        }
        _checkTargets();
        assertEq(address(enigma).balance, handler.escrow() + owed, "balance = escrow + owed");
        uint256 held = 0;
        for (uint256 i = 0; i < 2; ++i) {
            held += _checkPortal(handler.portals(i));
        }
        assertEq(handler.moneyIn(), handler.moneyOut() + handler.escrow() + owed + held, "in = out + owed");
    }

    /// @dev What is staked is there, what was slashed is nobody's any more.
    function invariant_everyEngAddsUp() public {
        uint256 staked = _staked();
        assertLe(staked, lastStaked, "slashed, and nothing else");
        supply -= lastStaked - staked;
        lastStaked = staked;
        assertEq(handler.eng().balanceOf(address(enigma)), staked);
        assertEq(handler.eng().totalSupply(), supply, "burned");
    }

    function _staked() private view returns (uint256 staked) {
        for (uint256 id = 0; id < enigma.workerCount(); ++id) {
            staked += enigma.worker(id).stake;
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
        uint256 staked = lastStaked;
        for (uint256 step = 0; step < 600; ++step) {
            random = uint256(keccak256(abi.encode(random)));
            _act(random % 12, random >> 8);
            invariant_everyWeiAddsUp();
            invariant_everyEngAddsUp();
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
        assertLt(lastStaked, staked);
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
        else handler.depositCredit(a, c);
    }

    function _rarely(uint256 a, uint256 b, uint256 c) private {
        uint256 action = b % 7;
        if (action == 0 || action == 6) handler.giveUp(a);
        else if (action == 1) handler.nextEpoch();
        else if (action == 2) handler.forceEther(a, c);
        else if (action == 3) handler.takeOver(a, b, c);
        else if (action == 4) handler.createBundle(a, c);
        else handler.openRefuser(a);
    }
}
