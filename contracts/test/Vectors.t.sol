// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {BlsVerifier} from "../src/BlsVerifier.sol";
import {Commitment, Descriptor, Input, Receipt as TaskReceipt, TaskResult} from "../src/interfaces/Types.sol";
import {Clock} from "../src/libraries/Clock.sol";
import {EIP712} from "../src/libraries/EIP712.sol";
import {InputLog} from "../src/libraries/InputLog.sol";
import {Packed} from "../src/libraries/Packed.sol";
import {ReceiptHash} from "../src/libraries/ReceiptHash.sol";
import {Signature} from "../src/libraries/Signature.sol";
import {Tags} from "../src/libraries/Tags.sol";

/// @dev The libraries that want calldata or hash `address(this)`.
contract Libraries {
    function inputHash(Input calldata input, address account, uint64 index) external pure returns (bytes32, bytes32) {
        return (InputLog.hashCalldata(input, account, index), InputLog.hash(input, account, index));
    }

    function receiptDigest(TaskReceipt calldata receipt) external view returns (bytes32) {
        return EIP712.digest(ReceiptHash.hash(receipt));
    }

    /// @dev As ReceiptChecks reads it, on a chain that stands where the commitment says.
    function commitment(
        bytes calldata packed,
        bytes32 network,
        bytes32 inputHead
    ) external pure returns (Commitment memory read, bytes32 receiptHash, bytes memory signatures) {
        read = Packed.empty(1)[0];
        (uint256 at, uint256 calls) = Packed.readHeader(packed, read);
        (read.network, read.ruleset, read.inputHead) = (network, 1, inputHead);
        read.stateHeadAfter = read.snapshotHash == 0
            ? read.stateHeadBefore
            : InputLog.foldSnapshot(read.stateHeadBefore, read.snapshotHash);
        at = Packed.readTasks(packed, at, read);
        require(Packed.readCalls(packed, at, calls, read), "it does not end there");
        receiptHash = ReceiptHash.hash(read);
        for (uint256 i = 0; i < read.signatureCount; ++i) {
            signatures = bytes.concat(signatures, Packed.signatureAt(read, i));
        }
    }

    function keyGenerationDigest(uint32 era, bytes32 key, bytes32 commitments) external view returns (bytes32) {
        return EIP712.digest(EIP712.keyGeneration(era, key, commitments));
    }

    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return Signature.recover(digest, signature);
    }
}

/// @notice The golden values that `crates/shared/protocol/tests/vectors` makes, through the contracts' own libraries.
contract VectorsTest is Test {
    Libraries private libraries = new Libraries();

    // identities.json

    function test_networksAreThoseOfTheVectors() public view {
        string memory json = vm.readFile("vectors/identities.json");
        uint256 count = _count(json, ".descriptors", ".network");
        assertEq(count, 2);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".descriptors", i);
            Descriptor memory descriptor = Descriptor({
                chainId: _uint(json, at, ".chain_id"),
                enigma: _address(json, at, ".enigma"),
                checkpointNumber: _uint(json, at, ".checkpoint_number"),
                checkpointHash: _word(json, at, ".checkpoint_hash"),
                verifier: uint8(_uint(json, at, ".verifier")),
                attestationRoot: _word(json, at, ".attestation_root"),
                ruleset: uint64(_uint(json, at, ".ruleset")),
                compressedKeyHash: keccak256(_bytes(json, at, ".public_key"))
            });
            assertEq(keccak256(abi.encode(Tags.NETWORK, descriptor)), _word(json, at, ".network"));
        }
    }

    function test_beaconsAndSeedsAreThoseOfTheVectors() public {
        BlsVerifier verifier = new BlsVerifier();
        string memory json = vm.readFile("vectors/identities.json");
        uint256 count = _count(json, ".beacons", ".seed");
        assertEq(count, 3);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".beacons", i);
            bytes32 network = _word(json, at, ".network");
            uint64 era = uint64(_uint(json, at, ".era"));
            uint64 epoch = uint64(_uint(json, at, ".epoch"));
            bytes memory message = abi.encodePacked(network, era, epoch);
            assertEq(message, _bytes(json, at, ".message"));
            assertEq(Tags.BEACON_DST, bytes(vm.parseJsonString(json, string.concat(at, ".tag"))));
            bytes memory publicKey = _bytes(json, at, ".public_key");
            bytes memory signature = _bytes(json, at, ".signature");
            assertEq(verifier.compress(publicKey), _bytes(json, at, ".public_key_compressed"));
            assertTrue(verifier.isBeacon(message, publicKey, signature));
            assertFalse(verifier.isBeacon(abi.encodePacked(network, era, epoch + 1), publicKey, signature));
            bytes32 seed = keccak256(abi.encode(Tags.SEED, network, era, epoch, keccak256(signature)));
            assertEq(seed, _word(json, at, ".seed"));
        }
    }

    function test_portalsAreThoseOfTheVectors() public view {
        string memory json = vm.readFile("vectors/identities.json");
        uint256 count = _count(json, ".portals", ".salt");
        assertEq(count, 3);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".portals", i);
            bytes memory words = abi.encode(Tags.PORTAL, _address(json, at, ".owner"), _word(json, at, ".salt"));
            assertEq(keccak256(words), _word(json, at, ".portal_salt"));
        }
    }

    // inputs.json

    function test_inputsAndHeadsAreThoseOfTheVectors() public view {
        string memory json = vm.readFile("vectors/inputs.json");
        bytes32 network = _word(json, "", ".network");
        address account = _address(json, "", ".contract");
        bytes32 inputHead = InputLog.genesisHead(network, account);
        bytes32 stateHead = InputLog.genesisStateHead(network, account);
        assertEq(inputHead, _word(json, "", ".genesis_input_head"));
        assertEq(stateHead, _word(json, "", ".genesis_state_head"));
        uint256 count = _count(json, ".cases", ".index");
        assertEq(count, 3);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".cases", i);
            (bytes32 hash, bytes32 same) =
                libraries.inputHash(_input(json, string.concat(at, ".input")), account, uint64(i));
            assertEq(hash, same);
            assertEq(hash, _word(json, at, ".input_hash"));
            inputHead = InputLog.extend(inputHead, hash);
            assertEq(inputHead, _word(json, at, ".input_head"));

            assertEq(stateHead, _word(json, at, ".state_head_before"));
            bytes32 snapshot = _word(json, at, ".snapshot_hash");
            if (snapshot != 0) stateHead = InputLog.foldSnapshot(stateHead, snapshot);
            assertEq(stateHead, _word(json, at, ".state_head_folded"));
            stateHead = InputLog.foldTask(stateHead, hash, _word(json, at, ".delta_hash"));
            assertEq(stateHead, _word(json, at, ".state_head_after"));
        }
    }

    // receipts.json

    function test_receiptsAreThoseOfTheVectors() public {
        string memory json = vm.readFile("vectors/receipts.json");
        Libraries enigma = _asEnigma(json);
        address signer = _address(json, "", ".signer");
        assertEq(vm.addr(_uint(json, "", ".private_key")), signer);
        uint256 count = _count(json, ".receipts", ".digest");
        assertEq(count, 2);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".receipts", i);
            bytes32 digest = enigma.receiptDigest(_receipt(json, at));
            assertEq(digest, _word(json, at, ".digest"));
            assertEq(enigma.recover(digest, _bytes(json, at, ".signature")), signer);
        }
    }

    function test_theKeyGenerationIsThatOfTheVectors() public {
        string memory json = vm.readFile("vectors/receipts.json");
        Libraries enigma = _asEnigma(json);
        string memory at = ".key_generation";
        bytes[] memory commitments = vm.parseJsonBytesArray(json, string.concat(at, ".commitments"));
        bytes memory all;
        for (uint256 i = 0; i < commitments.length; ++i) {
            all = bytes.concat(all, commitments[i]);
        }
        assertEq(keccak256(all), _word(json, at, ".commitments_hash"));
        assertEq(keccak256(commitments[0]), _word(json, at, ".public_key_hash"));
        bytes32 digest =
            enigma.keyGenerationDigest(uint32(_uint(json, at, ".era")), keccak256(commitments[0]), keccak256(all));
        assertEq(digest, _word(json, at, ".digest"));
        assertEq(enigma.recover(digest, _bytes(json, at, ".signature")), _address(json, "", ".signer"));
    }

    // commitments.json

    function test_packedCommitmentsAreReadAsRustMeansThem() public view {
        string memory json = vm.readFile("vectors/commitments.json");
        uint256 count = _count(json, ".cases", ".packed");
        assertEq(count, 4);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".cases", i);
            (Commitment memory read, bytes32 receiptHash, bytes memory signatures) = libraries.commitment(
                _bytes(json, at, ".packed"), _word(json, at, ".network"), _word(json, at, ".input_head_before")
            );
            assertEq(read.secretContract, _address(json, at, ".contract"));
            assertEq(read.firstIndex, _uint(json, at, ".first_index"));
            assertEq(read.lastIndex, _uint(json, at, ".last_index"));
            assertEq(read.inputHead, _word(json, at, ".input_head"));
            assertEq(read.stateHeadBefore, _word(json, at, ".state_head_before"));
            assertEq(read.stateHeadAfter, _word(json, at, ".state_head_after"));
            assertEq(read.outboundHash, _word(json, at, ".outbound_hash"));
            assertEq(read.outbound.length, _uint(json, at, ".calls"));
            assertEq(receiptHash, _word(json, at, ".receipt_hash"));
            assertEq(signatures, _bytes(json, at, ".signatures"));
        }
    }

    // clock.json

    function test_waitsAreThoseOfTheVectors() public view {
        string memory json = vm.readFile("vectors/clock.json");
        uint256 count = _count(json, ".waits", ".wait");
        assertGt(count, 100);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".waits", i);
            uint256 waited = Clock.wait(
                _uint(json, at, ".position"),
                _uint(json, at, ".signers"),
                _uint(json, at, ".groupSize"),
                _uint(json, at, ".takeover")
            );
            assertEq(waited, _uint(json, at, ".wait"));
        }
    }

    function test_clocksAreThoseOfTheVectors() public view {
        string memory json = vm.readFile("vectors/clock.json");
        uint256 count = _count(json, ".clocks", ".block");
        assertGt(count, 200);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = _at(".clocks", i);
            uint256 since = _max(_uint(json, at, ".oldestInput"), _uint(json, at, ".lastCommit"));
            uint256 start = _max(_max(since, _uint(json, at, ".epochStart")), _uint(json, at, ".clockFrom"));
            uint256 pausedAt = _uint(json, at, ".pausedAt");
            assertEq(Clock.elapsed(start, pausedAt, _uint(json, at, ".block")), _uint(json, at, ".elapsed"), at);
            uint256 skipFrom =
                Clock.skipFrom(start, pausedAt, _uint(json, at, ".whole"), since, _uint(json, at, ".deadline"));
            if (skipFrom <= _uint(json, at, ".block")) skipFrom = 0;
            assertEq(skipFrom, _uint(json, at, ".skipFrom"), at);
        }
    }

    function _max(uint256 one, uint256 other) private pure returns (uint256) {
        return one > other ? one : other;
    }

    function test_ordersAreThoseOfTheVectors() public view {
        string memory json = vm.readFile("vectors/clock.json");
        uint256 cases = _count(json, ".orders", ".count");
        assertGt(cases, 30);
        for (uint256 i = 0; i < cases; ++i) {
            string memory at = _at(".orders", i);
            uint256 count = _uint(json, at, ".count");
            uint256 silent = _uint(json, at, ".silent");
            uint256[] memory order = vm.parseJsonUintArray(json, string.concat(at, ".order"));
            assertEq(order.length, count);
            for (uint256 position = 0; position < count; ++position) {
                uint256 rank = order[position];
                assertEq(Clock.positionOf(silent, count, rank), position);
                uint256 speaking = (silent >> rank) & 1 == 0 ? rank : count;
                assertEq(Clock.speakingAt(silent, count, position), speaking);
            }
            assertEq(Clock.speakingAt(silent, count, count), count);
        }
    }

    // Reading

    /// @dev The libraries at the address and on the chain of the vectors.
    function _asEnigma(string memory json) private returns (Libraries enigma) {
        enigma = Libraries(_address(json, "", ".enigma"));
        vm.etch(address(enigma), address(libraries).code);
        vm.chainId(_uint(json, "", ".chain_id"));
    }

    function _input(string memory json, string memory at) private pure returns (Input memory input) {
        input.kind = uint8(_uint(json, at, ".kind"));
        input.sender = _address(json, at, ".sender");
        input.onBehalfOf = _word(json, at, ".on_behalf_of");
        input.value = _uint(json, at, ".value");
        input.gasLimit = uint64(_uint(json, at, ".gas_limit"));
        input.commitGas = uint64(_uint(json, at, ".commit_gas"));
        input.priceCap = uint128(_uint(json, at, ".price_cap"));
        input.tip = uint128(_uint(json, at, ".tip"));
        input.epoch = uint64(_uint(json, at, ".epoch"));
        input.inclusionEpoch = uint64(_uint(json, at, ".inclusion_epoch"));
        input.blockNumber = uint64(_uint(json, at, ".block_number"));
        input.timestamp = uint64(_uint(json, at, ".timestamp"));
        input.baseFee = uint128(_uint(json, at, ".base_fee"));
        input.inflow = _uint(json, at, ".inflow");
        input.codeHash = _word(json, at, ".code_hash");
        input.envelopeHash = _word(json, at, ".envelope_hash");
    }

    function _receipt(string memory json, string memory at) private view returns (TaskReceipt memory receipt) {
        receipt.network = _word(json, at, ".network");
        receipt.ruleset = uint64(_uint(json, at, ".ruleset"));
        receipt.secretContract = _address(json, at, ".secret_contract");
        receipt.epoch = uint64(_uint(json, at, ".epoch"));
        receipt.firstIndex = uint64(_uint(json, at, ".first_index"));
        receipt.lastIndex = uint64(_uint(json, at, ".last_index"));
        receipt.inputHead = _word(json, at, ".input_head");
        receipt.stateHeadBefore = _word(json, at, ".state_head_before");
        receipt.stateHeadAfter = _word(json, at, ".state_head_after");
        receipt.anchorNumber = uint64(_uint(json, at, ".anchor_number"));
        receipt.anchorHash = _word(json, at, ".anchor_hash");
        receipt.snapshotHash = _word(json, at, ".snapshot_hash");
        receipt.outboundHash = _word(json, at, ".outbound_hash");
        string memory list = string.concat(at, ".results");
        receipt.results = new TaskResult[](_count(json, list, ".status"));
        for (uint256 i = 0; i < receipt.results.length; ++i) {
            receipt.results[i] = TaskResult({
                status: uint8(_uint(json, _at(list, i), ".status")),
                gasCharged: uint64(_uint(json, _at(list, i), ".gas_charged")),
                outputHash: _word(json, _at(list, i), ".output_hash"),
                deltaHash: _word(json, _at(list, i), ".delta_hash")
            });
        }
    }

    function _at(string memory list, uint256 place) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(place), "]");
    }

    function _count(string memory json, string memory list, string memory field) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, string.concat(_at(list, count), field))) ++count;
    }

    function _uint(string memory json, string memory at, string memory field) private pure returns (uint256) {
        return vm.parseJsonUint(json, string.concat(at, field));
    }

    function _word(string memory json, string memory at, string memory field) private pure returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(at, field));
    }

    function _address(string memory json, string memory at, string memory field) private pure returns (address) {
        return vm.parseJsonAddress(json, string.concat(at, field));
    }

    function _bytes(string memory json, string memory at, string memory field) private pure returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(at, field));
    }
}
