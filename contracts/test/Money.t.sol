// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Commitment, TaskParameters} from "../src/interfaces/Types.sol";
import {EnigmaTest} from "./EnigmaTest.sol";

/// @notice Money in = money out + money owed, at every block: whatever clients and workers do, the balance is the
/// escrow of the pending inputs and the credits, and the portals hold what was delivered and deposited.
contract MoneyTest is EnigmaTest {
    address[2] private contracts;
    address[3] private senders = [address(0x51), address(0x52), address(0x53)];
    mapping(address => uint256) private deposits;
    uint256 private escrow;
    uint256 private paidIn;
    uint256 private paidOut;

    function setUp() public override {
        super.setUp();
        contracts[0] = _deploy(senders[0], "one", 1);
        contracts[1] = _deploy(senders[1], "two", 2);
        escrow = 2 * _due(_task(0));
        paidIn = escrow;
    }

    function testFuzz_moneyIsConserved(uint256 random) public {
        for (uint256 step = 0; step < 24; ++step) {
            random = uint256(keccak256(abi.encode(random)));
            address account = contracts[random % 2];
            address sender = senders[(random >> 8) % 3];
            uint256 action = (random >> 16) % 8;
            if (action < 3) _createSome(account, sender, random);
            else if (action < 5) _commitSome(account, random);
            else if (action == 5) _withdraw(random % 3 == 0 ? _operator((random >> 32) % WORKERS) : sender);
            else if (action == 6) _deposit(account, (random >> 32) % 1 ether);
            else _nextEpoch();
            _checkBooks();
        }
    }

    function _createSome(address account, address sender, uint256 random) private {
        TaskParameters memory task = TaskParameters({
            onBehalfOf: bytes32(random),
            value: (random >> 40) % 3 == 0 ? 0 : (random >> 48) % 10 ether,
            gasLimit: uint64((random >> 112) % 16_777_217),
            commitGas: uint64(130_000 + (random >> 140) % 4_000_000),
            priceCap: uint128(2 * block.basefee + (random >> 170) % 100 gwei),
            tip: uint128((random >> 200) % 50 gwei)
        });
        _create(account, sender, task);
        escrow += _due(task);
        paidIn += _due(task);
    }

    function _commitSome(address account, uint256 random) private {
        vm.roll(block.number + 1);
        vm.fee((random >> 32) % 60 gwei);
        uint256 pending = enigma.secretContract(account).inputCount - enigma.secretContract(account).cursor;
        if (pending == 0) return;
        Commitment memory c = _unsigned(account, 1 + (random >> 64) % pending);
        for (uint256 i = 0; i < c.inputs.length; ++i) {
            uint256 status = (random >> (72 + i)) % 3;
            c.receipt.results[i].status = uint8(status == 1 && c.inputs[i].value == 0 ? 0 : status);
            c.receipt.results[i].gasCharged =
                uint64(uint256(keccak256(abi.encode(random, i))) % (c.inputs[i].gasLimit + 1));
            escrow -= c.inputs[i].value + (uint256(c.inputs[i].commitGas) + c.inputs[i].gasLimit / 8)
            * c.inputs[i].priceCap;
        }
        _sign(c);
        enigma.commit(_one(c));
    }

    function _withdraw(address owner) private {
        if (enigma.credits(owner) == 0) return;
        vm.prank(owner);
        paidOut += enigma.withdraw();
    }

    function _deposit(address account, uint256 amount) private {
        deal(address(this), amount);
        (bool success,) = account.call{value: amount}("");
        assertTrue(success);
        deposits[account] += amount;
    }

    function _checkBooks() private view {
        uint256 owed = 0;
        for (uint256 i = 0; i < 3; ++i) {
            owed += enigma.credits(senders[i]);
        }
        for (uint256 id = 0; id < WORKERS; ++id) {
            owed += enigma.credits(_operator(id));
        }
        assertEq(address(enigma).balance, escrow + owed);
        uint256 delivered = 0;
        for (uint256 i = 0; i < 2; ++i) {
            uint128 ofPortal = enigma.secretContract(contracts[i]).delivered;
            assertEq(contracts[i].balance, deposits[contracts[i]] + ofPortal);
            delivered += ofPortal;
        }
        assertEq(paidIn, escrow + owed + paidOut + delivered);
    }
}
