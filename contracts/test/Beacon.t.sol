// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBlsVerifier} from "../src/interfaces/IBlsVerifier.sol";
import {IBeacon} from "../src/interfaces/IBeacon.sol";
import {HashToCurve} from "../src/libraries/HashToCurve.sol";
import {EnigmaTest} from "./EnigmaTest.sol";

contract BeaconTest is EnigmaTest {
    function test_hashesKeysAndSignaturesAreThoseOfTheVectors() public {
        IBlsVerifier verifier = IBlsVerifier(vm.deployCode("BlsVerifier.sol:BlsVerifier"));
        string memory json = vm.readFile("vectors/beacon.json");
        uint256 i = 0;
        for (; vm.keyExistsJson(json, _case(i, "secret")); ++i) {
            bytes memory key = vm.parseJsonBytes(json, _case(i, "publicKey"));
            bytes memory message = vm.parseJsonBytes(json, _case(i, "message"));
            bytes memory signature = vm.parseJsonBytes(json, _case(i, "signature"));
            bytes memory hash = HashToCurve.hashToG1(message, bytes(vm.parseJsonString(json, ".tag")));
            assertEq(hash, vm.parseJsonBytes(json, _case(i, "hash")));
            assertEq(verifier.compress(key), vm.parseJsonBytes(json, _case(i, "publicKeyCompressed")));
            assertTrue(verifier.isBeacon(message, key, signature));
            assertFalse(verifier.isBeacon(bytes.concat(message, hex"00"), key, signature));
            assertFalse(verifier.isBeacon(message, publicKey, hash));
        }
        assertEq(i, 4);
    }

    function test_aBeaconSeedsTheNextEpoch() public {
        uint40 start = uint40(vm.getBlockNumber());
        bytes memory signature = _beacon(3);
        bytes32 seed =
            keccak256(abi.encode(_tag("seed"), enigma.network(), uint256(1), uint256(3), keccak256(signature)));
        vm.expectEmit(address(enigma));
        emit IBeacon.BeaconPosted(3, seed, start + LENGTH, signature);
        enigma.postBeacon(3, publicKey, signature);
        assertEq(enigma.seeds(3), seed);
        vm.roll(start + LENGTH - 1);
        assertEq(enigma.currentEpoch(), 2);
        vm.roll(start + LENGTH);
        assertEq(enigma.currentEpoch(), 3);
        (uint40 epoch,, uint40 nextStart, uint32 era,) = enigma.epochWord();
        assertEq(epoch, 2, "nothing is written at the boundary");
        assertEq(nextStart, start + LENGTH);
        assertEq(era, 1);
    }

    function test_aLateBeaconBeginsItsEpochInTheBlockAfter() public {
        vm.roll(block.number + 10 * LENGTH);
        assertEq(enigma.currentEpoch(), 2, "without a beacon the epoch goes on");
        enigma.postBeacon(3, publicKey, _beacon(3));
        assertEq(enigma.currentEpoch(), 2);
        vm.roll(block.number + 1);
        assertEq(enigma.currentEpoch(), 3);
        // The next is scheduled from the late start.
        uint40 start = uint40(vm.getBlockNumber());
        enigma.postBeacon(4, publicKey, _beacon(4));
        (uint40 epoch, uint40 stored, uint40 nextStart,,) = enigma.epochWord();
        assertEq(epoch, 3);
        assertEq(stored, start);
        assertEq(nextStart, start + LENGTH);
    }

    /// @dev What was read of the epoch in this block stays true.
    function test_noBeaconBeginsItsEpochInItsOwnBlock() public {
        vm.roll(block.number + LENGTH);
        enigma.postBeacon(3, publicKey, _beacon(3));
        assertEq(enigma.currentEpoch(), 2);
        (,, uint40 nextStart,,) = enigma.epochWord();
        assertEq(nextStart, block.number + 1);
    }

    function test_oneBeaconAnEpoch() public {
        enigma.postBeacon(3, publicKey, _beacon(3));
        bytes memory signature = _beacon(3);
        vm.expectRevert(IBeacon.BeaconAlreadyPosted.selector);
        enigma.postBeacon(3, publicKey, signature);
        signature = _beacon(4);
        vm.expectRevert(IBeacon.BeaconAlreadyPosted.selector);
        enigma.postBeacon(4, publicKey, signature);
    }

    function test_onlyTheNextEpochIsDue() public {
        bytes memory signature = _beacon(4);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.WrongBeaconEpoch.selector, 3));
        enigma.postBeacon(4, publicKey, signature);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.WrongBeaconEpoch.selector, 3));
        enigma.postBeacon(2, publicKey, signature);
    }

    function test_anotherKeyIsRefused() public {
        bytes memory key = _publicKey(SECRET + 1);
        bytes memory signature = _beacon(3);
        vm.expectRevert(IBeacon.WrongPublicKey.selector);
        enigma.postBeacon(3, key, signature);
    }

    function test_aSignatureOfAnotherEpochIsRefused() public {
        bytes memory signature = _beacon(4);
        vm.expectRevert(IBeacon.WrongSignature.selector);
        enigma.postBeacon(3, publicKey, signature);
    }

    function test_infinityIsNoSignature() public {
        vm.expectRevert(IBeacon.InvalidSignature.selector);
        enigma.postBeacon(3, publicKey, new bytes(128));
        bytes memory signature = bytes.concat(_beacon(3), hex"00");
        vm.expectRevert(IBeacon.InvalidSignature.selector);
        enigma.postBeacon(3, publicKey, signature);
    }

    function testFuzz_aFlippedBitOfABeaconIsRefused(uint16 bit) public {
        bytes memory signature = _beacon(3);
        bit = uint16(bound(bit, 0, 1023));
        signature[bit / 8] ^= bytes1(uint8(1) << (bit % 8));
        vm.expectRevert();
        enigma.postBeacon(3, publicKey, signature);
    }

    function test_aPointOffTheCurveRevertsRatherThanVerifyingFalse() public {
        bytes memory signature = _beacon(3);
        signature[127] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(HashToCurve.PrecompileFailed.selector, address(0x0f)));
        enigma.postBeacon(3, publicKey, signature);
    }

    function _case(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "].", field);
    }
}
