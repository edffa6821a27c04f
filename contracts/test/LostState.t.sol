// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILostState} from "../src/interfaces/ILostState.sol";
import {AccountTest} from "./AccountTest.sol";
import {Commitment} from "./Packing.sol";

contract LostStateTest is AccountTest {
    address private constant POSTER = address(0x9057e5);
    uint64 private constant LENGTH_OF_SNAPSHOT = 2 * 98_304 + 12_345;
    address private declarer;
    bytes[] private chunks;
    bytes32[] private hashes;
    bytes32 private snapshotHash;

    function setUp() public override {
        super.setUp();
        bytes memory all = _blob(LENGTH_OF_SNAPSHOT);
        for (uint256 from = 0; from < all.length; from += 98_304) {
            chunks.push(_part(all, from));
            hashes.push(keccak256(chunks[chunks.length - 1]));
        }
        snapshotHash = _hash(LENGTH_OF_SNAPSHOT, hashes);
        vm.roll(block.number + 1);
        _commitSnapshot(snapshotHash);
        (,, uint256[] memory ids) = enigma.turns(account);
        declarer = _operator(ids[4]);
        deal(declarer, 10 ether);
    }

    function _commitSnapshot(bytes32 hash) private {
        Commitment memory c = _unsigned(account, 1);
        c.receipt.snapshotHash = hash;
        _chain(c);
        _sign(c);
        enigma.commit(_one(c));
    }

    function _blob(uint256 length) private pure returns (bytes memory blob) {
        blob = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            blob[i] = bytes1(uint8(i * 7 + 3));
        }
    }

    function _part(bytes memory all, uint256 from) private pure returns (bytes memory part) {
        part = new bytes(all.length - from < 98_304 ? all.length - from : 98_304);
        for (uint256 i = 0; i < part.length; ++i) {
            part[i] = all[from + i];
        }
    }

    function _hash(uint64 length, bytes32[] memory list) private pure returns (bytes32) {
        bytes memory all;
        for (uint256 i = 0; i < list.length; ++i) {
            all = bytes.concat(all, list[i]);
        }
        return keccak256(abi.encode(_tag("snapshot"), length, keccak256(all)));
    }

    function _declare(uint256 bond) private {
        vm.prank(declarer);
        enigma.declareLost{value: bond}(account);
    }

    function _post(uint256 index) private {
        vm.prank(POSTER);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, index, chunks[index]);
    }

    function _checkNotLost() private view {
        (address who, uint40 since, uint8 count, uint128 bond, uint128 paid, uint256 posted) = enigma.lost(account);
        assertEq(who, address(0));
        assertEq(uint256(since) + count + bond + paid + posted, 0);
        assertFalse(enigma.secretContract(account).isLost);
    }

    function test_snapshotHashesAreThoseOfTheVectors() public {
        string memory json = vm.readFile("vectors/clock.json");
        uint256 i = 0;
        for (; vm.keyExistsJson(json, string.concat(".snapshots[", vm.toString(i), "].hash")); ++i) {
            string memory at = string.concat(".snapshots[", vm.toString(i), "]");
            uint64 length = uint64(vm.parseJsonUint(json, string.concat(at, ".length")));
            bytes memory all = _blob(length);
            bytes32[] memory list = new bytes32[]((length + 98_303) / 98_304);
            for (uint256 j = 0; j < list.length; ++j) {
                list[j] = keccak256(_part(all, j * 98_304));
            }
            bytes32 expected = vm.parseJsonBytes32(json, string.concat(at, ".hash"));
            // The contract itself takes the manifest and the first chunk.
            _create(account, ALICE, _task(0));
            _nextEpoch();
            _commitSnapshot(expected);
            declarer = _operator(enigma.group(account)[0]);
            deal(declarer, 1 ether);
            _declare(1 ether);
            enigma.postChunk(account, length, list, 0, _part(all, 0));
        }
        assertEq(i, 5);
    }

    function test_aWorkerThatServesDeclares() public {
        uint256 before = address(enigma).balance;
        vm.expectEmit(address(enigma));
        emit ILostState.DeclaredLost(account, declarer, snapshotHash, 0.25 ether);
        _declare(0.25 ether);
        (address who, uint40 since, uint8 count, uint128 bond, uint128 paid, uint256 posted) = enigma.lost(account);
        assertEq(who, declarer);
        assertEq(since, block.number);
        assertEq(bond, 0.25 ether);
        assertTrue(enigma.secretContract(account).isLost);
        assertEq(uint256(count) + paid + posted, 0);
        assertEq(address(enigma).balance, before + 0.25 ether);

        vm.prank(declarer);
        vm.expectRevert(ILostState.AlreadyDeclared.selector);
        enigma.declareLost{value: 1 ether}(account);
    }

    function test_theSmallestBondIsEnough() public {
        _declare(0.1 ether);
    }

    function test_whatIsNoDeclaration() public {
        vm.startPrank(declarer);
        vm.expectRevert(abi.encodeWithSelector(ILostState.BondTooSmall.selector, 0.1 ether));
        enigma.declareLost{value: 0.1 ether - 1}(account);
        vm.expectRevert(ILostState.NoSnapshot.selector);
        enigma.declareLost{value: 1 ether}(address(1));
        vm.stopPrank();
        address other = _deploy(ALICE, "other", 1);
        vm.prank(declarer);
        vm.expectRevert(ILostState.NoSnapshot.selector);
        enigma.declareLost{value: 1 ether}(other);
        // Admitted, but not drawn for any contract of this epoch.
        _admit(WORKERS, 600 ether);
        deal(_operator(WORKERS), 1 ether);
        vm.prank(_operator(WORKERS));
        vm.expectRevert(ILostState.NotServing.selector);
        enigma.declareLost{value: 1 ether}(account);
        deal(ALICE, 1 ether);
        vm.prank(ALICE);
        vm.expectRevert(ILostState.NotServing.selector);
        enigma.declareLost{value: 1 ether}(account);
    }

    function test_everyChunkIsPaidOnce() public {
        uint256 bond = 1 ether + 1;
        _declare(bond);
        uint256 held = address(enigma).balance;
        uint256 owed = enigma.credits(POSTER);
        vm.expectEmit(address(enigma));
        emit ILostState.ChunkPosted(account, snapshotHash, 2, chunks[2]);
        _post(2);
        assertEq(enigma.credits(POSTER) - owed, bond / 3);
        (, uint40 since, uint8 count,, uint128 paid, uint256 posted) = enigma.lost(account);
        assertEq(count, 3);
        assertEq(paid, bond / 3);
        assertEq(posted, 4);
        assertGt(since, 0);
        vm.expectRevert(ILostState.ChunkAlreadyPosted.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, 2, chunks[2]);
        _post(0);
        assertEq(enigma.credits(POSTER) - owed, 2 * (bond / 3));
        vm.expectEmit(address(enigma));
        emit ILostState.Found(account, snapshotHash);
        _post(1);
        assertEq(enigma.credits(POSTER) - owed, bond, "the last takes what does not divide");
        assertEq(address(enigma).balance, held);
        _checkNotLost();
        vm.expectRevert(ILostState.NotLost.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, 1, chunks[1]);
        // It can be declared again, with a bond of its own.
        _declare(1 ether);
    }

    function test_whatIsNotTheSnapshotIsNotPaid() public {
        vm.expectRevert(ILostState.NotLost.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, 0, chunks[0]);
        _declare(1 ether);
        vm.expectRevert(ILostState.WrongManifest.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT + 1, hashes, 0, chunks[0]);
        vm.expectRevert(ILostState.WrongManifest.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, new bytes32[](0), 0, chunks[0]);
        vm.expectRevert(ILostState.WrongManifest.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, new bytes32[](3), 0, chunks[0]);
        vm.expectRevert(ILostState.WrongChunk.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, 1, chunks[2]);
        vm.expectRevert(ILostState.WrongChunk.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, 3, chunks[0]);
        bytes memory flipped = chunks[0];
        flipped[77] ^= 0x01;
        vm.expectRevert(ILostState.WrongChunk.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, 0, flipped);
    }

    /// @dev A snapshot of as many chunks, of a byte each, is committed and declared lost.
    function _lose(uint256 count) private {
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            hashes[i] = keccak256("a");
        }
        _create(account, ALICE, _task(0));
        _nextEpoch();
        _commitSnapshot(_hash(uint64(count), hashes));
        declarer = _operator(enigma.group(account)[0]);
        deal(declarer, 1 ether);
        _declare(1 ether);
    }

    function test_aManifestOfTooManyChunksIsRefused() public {
        _lose(256);
        vm.expectRevert(ILostState.WrongManifest.selector);
        enigma.postChunk(account, 256, hashes, 0, "a");
    }

    function test_asManyChunksAsThereMayBeArePaid() public {
        _lose(255);
        uint256 owed = enigma.credits(address(this));
        for (uint256 i = 0; i < 255; ++i) {
            enigma.postChunk(account, 255, hashes, i, "a");
        }
        assertEq(enigma.credits(address(this)) - owed, 1 ether);
        _checkNotLost();
    }

    function test_aNewSnapshotEndsTheSearch() public {
        _declare(1 ether);
        _post(1);
        _create(account, ALICE, _task(0));
        // A commit without a snapshot changes nothing.
        vm.roll(block.number + 1);
        _commit(account, 1);
        (, uint40 since,,,,) = enigma.lost(account);
        assertGt(since, 0);
        _create(account, ALICE, _task(0));
        _nextEpoch();
        uint256 owed = enigma.credits(declarer);
        vm.expectEmit(address(enigma));
        emit ILostState.Found(account, keccak256("rebuilt"));
        _commitSnapshot(keccak256("rebuilt"));
        uint256 rest = 1 ether - uint256(1 ether) / 3;
        bool carries = _operator(enigma.group(account)[0]) == declarer;
        if (!carries) assertEq(enigma.credits(declarer) - owed, rest);
        else assertGt(enigma.credits(declarer) - owed, rest);
        _checkNotLost();
        assertEq(enigma.secretContract(account).snapshotHash, keccak256("rebuilt"));
        vm.expectRevert(ILostState.NotLost.selector);
        enigma.postChunk(account, LENGTH_OF_SNAPSHOT, hashes, 0, chunks[0]);
    }
}
