// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITurns} from "../src/interfaces/ITurns.sol";
import {Input, TaskParameters} from "../src/interfaces/Types.sol";
import {EnigmaTest} from "./EnigmaTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice Money in = money out + money owed, at every block: whatever clients and workers do, the balance is the
/// escrow of the pending inputs, the open bonds, the credits and the share for beacons and the committee, and the portals hold what was delivered and deposited.
/// And of ENG it has what is staked; what was slashed is burned.
contract MoneyTest is EnigmaTest {
    address[2] private contracts;
    address[3] private senders = [address(0x51), address(0x52), address(0x53)];
    mapping(address => uint256) private deposits;
    uint256 private escrow;
    uint256 private paidIn;
    uint256 private paidOut;
    /// A snapshot of two chunks, of a byte each.
    bytes32[] private chunkHashes = [keccak256("a"), keccak256("b")];
    uint256 private skipped;
    uint256 private takenOver;
    uint256 private posted;

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
            _act(contracts[random % 2], senders[(random >> 8) % 3], random);
            _checkBooks();
        }
    }

    function test_theBooksSeeSkipsTakeoversAndBonds() public {
        uint256 random = 7;
        for (uint256 step = 0; step < 160; ++step) {
            random = uint256(keccak256(abi.encode(random)));
            _act(contracts[random % 2], senders[(random >> 8) % 3], random);
            _checkBooks();
        }
        assertGt(skipped, 1);
        assertGt(takenOver, 10);
        assertGt(posted, 3);
    }

    function _act(address account, address sender, uint256 random) private {
        uint256 action = (random >> 16) % 12;
        if (action < 3) _createSome(account, sender, random);
        else if (action < 6) _commitSome(account, random);
        else if (action == 6) _withdraw(random % 3 == 0 ? _operator((random >> 32) % WORKERS) : sender);
        else if (action == 7) _deposit(account, (random >> 32) % 1 ether);
        else if (action == 8) _nextEpoch();
        else if (action == 9) _skipSome(account, random);
        else _declareOrPost(account, sender, random);
    }

    function _skipSome(address account, uint256 random) private {
        vm.roll(block.number + 100 + (random >> 64) % 60);
        uint256 cursor = enigma.secretContract(account).cursor;
        if (cursor == enigma.secretContract(account).inputCount) return;
        Input memory input = logged[account][cursor];
        try enigma.skip(account, input) {
            escrow -= _escrowed(input);
            ++skipped;
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), ITurns.TooEarlyToSkip.selector);
        }
    }

    function _declareOrPost(address account, address sender, uint256 random) private {
        (address declarer,,,,,) = enigma.lost(account);
        if (declarer != address(0)) _post(account, sender, random);
        else if (enigma.secretContract(account).snapshotHash != 0) _declare(account, random);
    }

    function _declare(address account, uint256 random) private {
        uint256 bond = 0.1 ether + (random >> 32) % 1 ether;
        address operator = _operator((random >> 96) % WORKERS);
        deal(operator, bond);
        vm.prank(operator);
        enigma.declareLost{value: bond}(account);
        paidIn += bond;
    }

    function _post(address account, address sender, uint256 random) private {
        (,,,,, uint256 bits) = enigma.lost(account);
        uint256 index = (random >> 32) % 2;
        if ((bits >> index) & 1 == 1) index = 1 - index;
        vm.prank(sender);
        enigma.postChunk(account, 2, chunkHashes, index, index == 0 ? bytes("a") : bytes("b"));
        ++posted;
    }

    function _escrowed(Input memory input) private pure returns (uint256) {
        return input.value + (uint256(input.commitGas) + input.gasLimit / 8) * input.priceCap;
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
            escrow -= _escrowed(c.inputs[i]);
        }
        if (c.receipt.snapshotHash != 0) {
            bytes32 all = keccak256(abi.encodePacked(chunkHashes));
            c.receipt.snapshotHash = keccak256(abi.encode(_tag("snapshot"), 2, all));
            _chain(c);
        }
        _signBy(c, _someRanks(account, (random >> 128) % 3));
        enigma.commit(_one(c));
    }

    /// @dev As many as must sign, from a position on, whose turns have come once the clock has run 12 blocks.
    function _someRanks(address account, uint256 from) private returns (uint256[] memory ranks) {
        ranks = new uint256[](enigma.secretContract(account).signers);
        (, uint256 word,) = enigma.turns(account);
        uint256 silent = uint8(word >> 48);
        uint256 position = 0;
        for (uint256 rank = 0; rank < 2 * WORKERS; ++rank) {
            if ((silent >> (rank % WORKERS)) & 1 != rank / WORKERS) continue;
            if (position >= from && position < from + ranks.length) ranks[position - from] = rank % WORKERS;
            ++position;
        }
        if (from == 0) return ranks;
        ++takenOver;
        vm.roll(block.number + 12);
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
            owed += enigma.credits(_operator(id)) + _parked(_operator(id));
        }
        for (uint256 i = 0; i < 2; ++i) {
            (,,, uint128 bond, uint128 paid,) = enigma.lost(contracts[i]);
            owed += bond - paid;
        }
        owed += _funds();
        assertEq(address(enigma).balance, escrow + owed);
        uint256 delivered = 0;
        for (uint256 i = 0; i < 2; ++i) {
            uint128 ofPortal = enigma.secretContract(contracts[i]).delivered;
            assertEq(contracts[i].balance, deposits[contracts[i]] + ofPortal);
            delivered += ofPortal;
        }
        assertEq(paidIn, escrow + owed + paidOut + delivered);

        uint256 staked = 0;
        for (uint256 id = 0; id < WORKERS; ++id) {
            staked += enigma.worker(id).stake;
        }
        assertEq(token.balanceOf(address(enigma)), staked);
        assertEq(token.totalSupply(), 150_000_000 ether - (1500 ether - staked));
    }
}
