// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "../src/interfaces/ICommits.sol";
import {IInputs} from "../src/interfaces/IInputs.sol";
import {ITurns} from "../src/interfaces/ITurns.sol";
import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {Input, TaskParameters, TaskResult} from "../src/interfaces/Types.sol";
import {EnigmaTest} from "./EnigmaTest.sol";
import {Commitment} from "./Packing.sol";

/// @notice Every field of a receipt, wrong on its own and signed by the right enclave: each has a reason of its own.
contract RefusalsTest is EnigmaTest {
    address private constant ALICE = address(0xa11ce);
    address private account;

    function setUp() public override {
        super.setUp();
        account = _deploy(ALICE, "salt", 2);
        _create(account, ALICE, _task(0));
        _create(account, ALICE, _task(1 ether));
        _create(account, ALICE, _task(0));
        vm.roll(block.number + 1);
    }

    function _fresh() private view returns (Commitment memory) {
        return _unsigned(account, 3);
    }

    function _refused(Commitment memory c, bytes4 reason) private {
        if (c.signatures.length == 0) _sign(c);
        vm.expectRevert(reason);
        enigma.commit(_one(c));
    }

    function test_theReceiptItselfLands() public {
        Commitment memory c = _fresh();
        _sign(c);
        enigma.commit(_one(c));
    }

    function test_place() public {
        Commitment memory c = _fresh();
        _sign(c);
        c.receipt.secretContract = address(1);
        _refused(c, IInputs.UnknownContract.selector);
        c = _fresh();
        c.receipt.epoch = 1;
        _refused(c, ICommits.WrongEpoch.selector);
        c = _fresh();
        c.receipt.epoch = 3;
        _refused(c, ICommits.WrongEpoch.selector);
    }

    function test_indices() public {
        Commitment memory c = _fresh();
        c.receipt.firstIndex = 1;
        _refused(c, ICommits.NotNextIndex.selector);
        c = _fresh();
        c.inputs = new Input[](0);
        _refused(c, ICommits.WrongLastIndex.selector);
        c = _fresh();
        _lengthen(c, 5); // beyond the log's end
        _refused(c, ICommits.WrongLastIndex.selector);
        _lengthen(c, 255);
        _refused(c, ICommits.WrongLastIndex.selector);
    }

    function _lengthen(Commitment memory c, uint256 count) private pure {
        (c.inputs, c.outputs, c.deltas) = (new Input[](count), new bytes[](count), new bytes[](count));
        c.receipt.results = new TaskResult[](count);
    }

    /// @dev What the chain fills in itself, signed as something else.
    function test_whatIsNotCarried() public {
        Commitment memory c = _fresh();
        c.receipt.network = keccak256("other");
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.ruleset = 2;
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.lastIndex = 3;
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.stateHeadAfter = keccak256("other");
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.results[1].outputHash = keccak256("other");
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.results[1].deltaHash = keccak256("other");
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.outboundHash = 0;
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.results = new TaskResult[](4);
        for (uint256 i = 0; i < 3; ++i) {
            c.receipt.results[i] = _fresh().receipt.results[i];
        }
        _refused(c, ICommits.WrongSigner.selector);
    }

    /// @dev Without the last byte, with one more, and at every length: never anything but refused.
    function test_bytesThatAreNoCommitment() public {
        Commitment memory c = _fresh();
        _sign(c);
        bytes memory packed = _one(c)[0];
        _malformed(bytes.concat(packed, hex"00"));
        _malformed(_cut(packed, packed.length - 1));
        _malformed(_cut(packed, 144));
        _malformed("");
        bytes[] memory list = new bytes[](1);
        for (uint256 size = 0; size < packed.length; size += 7) {
            list[0] = _cut(packed, size);
            vm.expectRevert();
            enigma.commit(list);
        }
        // Flags and the mask's highest bit mean nothing yet, and numbers have at most 32 bytes.
        uint256 task = 145 + 32 + 2 * 65;
        _malformed(_with(packed, 48, 0x02));
        _malformed(_with(packed, 48, 0x81));
        bytes memory zero = _cut(packed, packed.length);
        for (uint256 i = 145; i < 177; ++i) {
            zero[i] = 0;
        }
        _malformed(zero);
        _malformed(_with(packed, task, packed[task] | 0x80));
        _malformed(_with(packed, task + 13, 0x21));
        _malformed(_with(packed, task + 13, 0xff));
        // Sizes beyond the end, and calls that are not there.
        _malformed(_with(packed, task + 7, 0xff));
        _malformed(_with(packed, task + 10, 0xff));
        _malformed(_with(packed, 30, 0xff));
        _malformed(_with(packed, 31, 0x01));
        enigma.commit(_one(c));
    }

    function test_aMalformedCommitmentLeavesTheOthersAlone() public {
        address other = _deploy(ALICE, "other", 1);
        vm.roll(block.number + 1);
        bytes[] memory list = new bytes[](4);
        list[0] = _cut(_one(_commitment(other, 1))[0], 300);
        list[1] = _one(_commitment(account, 3))[0];
        list[2] = _cut(list[0], 144);
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(other, ICommits.MalformedCommitment.selector);
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(address(0), ICommits.MalformedCommitment.selector);
        vm.expectEmit(address(enigma));
        emit ICommits.ReceiptRefused(address(0), ICommits.MalformedCommitment.selector);
        enigma.commit(list);
        assertEq(enigma.secretContract(account).cursor, 3);
    }

    function testFuzz_aBitChangedAfterSigningIsRefused(uint256 place, uint8 bit) public {
        Commitment memory c = _fresh();
        _sign(c);
        bytes memory packed = _one(c)[0];
        place = bound(place, 0, packed.length - 1);
        bytes[] memory list = new bytes[](1);
        list[0] = _with(packed, place, packed[place] ^ bytes1(uint8(1 << (bit % 8))));
        vm.expectRevert();
        enigma.commit(list);
    }

    function _malformed(bytes memory packed) private {
        bytes[] memory list = new bytes[](1);
        list[0] = packed;
        vm.expectRevert(ICommits.MalformedCommitment.selector);
        enigma.commit(list);
    }

    function _cut(bytes memory packed, uint256 size) private pure returns (bytes memory part) {
        part = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            part[i] = packed[i];
        }
    }

    function _with(bytes memory packed, uint256 place, bytes1 value) private pure returns (bytes memory changed) {
        changed = _cut(packed, packed.length);
        changed[place] = value;
    }

    function test_inputHead() public {
        Commitment memory c = _fresh();
        c.receipt.inputHead = keccak256("other");
        _refused(c, ICommits.WrongInputHead.selector);
        // The chain's head over other inputs, and the head of other inputs.
        c = _fresh();
        c.inputs[1].value += 1;
        _refused(c, ICommits.WrongInputHead.selector);
        _chain(c);
        _refused(c, ICommits.WrongInputHead.selector);
    }

    function testFuzz_anyOtherInputIsRefused(uint256 task, uint256 word, uint8 bit) public {
        Commitment memory c = _fresh();
        _sign(c);
        Input memory input = c.inputs[task % 3];
        // Within a byte, so that the value stays in its type.
        uint256 mask = 1 << (bit % 8);
        word = word % 16;
        // Of a kind, only half a byte is carried.
        if (word == 0) mask = 1 << (bit % 4);
        assembly {
            let place := add(input, mul(word, 0x20))
            mstore(place, xor(mload(place), mask))
        }
        _refused(c, ICommits.WrongInputHead.selector);
    }

    function test_stateHeads() public {
        Commitment memory c = _fresh();
        c.receipt.stateHeadBefore = keccak256("other");
        _refused(c, ICommits.StaleStateHead.selector);
        c = _fresh();
        c.receipt.snapshotHash = keccak256("another snapshot");
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.receipt.snapshotHash = 0;
        _chain(c);
        _refused(c, ICommits.SnapshotMissing.selector);
        _commit(account, 1);
        vm.roll(block.number + 1);
        c = _fresh();
        c.receipt.snapshotHash = keccak256("snapshot");
        _chain(c);
        _refused(c, ICommits.SnapshotUnexpected.selector);
    }

    function test_results() public {
        Commitment memory c = _fresh();
        c.receipt.results[2].status = 3;
        _refused(c, ICommits.InvalidStatus.selector);
        c = _fresh();
        c.receipt.results[1].status = 1; // without a value there is nothing to return
        _refused(c, ICommits.InvalidStatus.selector);
        c = _fresh();
        c.receipt.results[2].status = 1;
        c.receipt.results[2].gasCharged = c.inputs[2].gasLimit + 1;
        _refused(c, ICommits.GasAboveLimit.selector);
        c = _fresh();
        c.receipt.results[2].status = 15;
        _refused(c, ICommits.InvalidStatus.selector);
        c = _fresh();
        c.outputs[1][0] ^= 0x01;
        _refused(c, ICommits.WrongSigner.selector);
        c = _fresh();
        c.deltas[1][0] ^= 0x01;
        _refused(c, ICommits.WrongSigner.selector);
    }

    /// @dev As of one that ran out of gas, and of one that asked for no more than its bytes cost.
    function test_aResultMayTakeAllOfItsTerms() public {
        TaskParameters memory task = _task(0);
        task.commitGas = 80_000 + 16_000 + 45 * (283 + 282);
        _create(account, ALICE, task);
        vm.roll(block.number + 1);
        Commitment memory c = _unsigned(account, 5);
        assertEq(c.outputs[4].length + c.deltas[4].length, 283 + 282);
        (c.receipt.results[4].status, c.receipt.results[4].gasCharged) = (2, task.gasLimit);
        _sign(c);
        enigma.commit(_one(c));
        assertEq(enigma.secretContract(account).cursor, 5);
    }

    function test_bytesAreWithinCommitGas() public {
        // (200,000 - 96,000) / 45 = 2,311 bytes are paid for.
        Commitment memory c = _fresh();
        c.outputs[1] = new bytes(2_311);
        c.deltas[1] = "";
        c.receipt.results[1].outputHash = keccak256(c.outputs[1]);
        c.receipt.results[1].deltaHash = keccak256("");
        _chain(c);
        uint256 snapshot = vm.snapshotState();
        _sign(c);
        enigma.commit(_one(c));
        vm.revertToState(snapshot);
        c.deltas[1] = hex"00";
        c.receipt.results[1].deltaHash = keccak256(c.deltas[1]);
        _chain(c);
        _sign(c);
        _refused(c, ICommits.CommitGasExceeded.selector);
    }

    function test_anchor() public {
        Commitment memory c = _fresh();
        c.receipt.anchorNumber = uint64(block.number);
        _refused(c, ICommits.AnchorInFuture.selector);
        c = _fresh();
        c.receipt.anchorNumber = type(uint64).max;
        _refused(c, ICommits.AnchorInFuture.selector);
        c = _fresh();
        c.receipt.anchorHash = keccak256("fork");
        _refused(c, ICommits.ForeignAnchor.selector);
        c = _fresh();
        c.receipt.anchorHash = 0;
        _refused(c, ICommits.ForeignAnchor.selector);
        c = _fresh();
        c.receipt.anchorNumber -= 1;
        c.receipt.anchorHash = blockhash(c.receipt.anchorNumber);
        _refused(c, ICommits.AnchorBeforeInput.selector);
        c = _fresh();
        vm.roll(block.number + 10_000);
        _refused(c, ICommits.AnchorTooOld.selector);
    }

    function test_signatures() public {
        uint256[] memory group = enigma.group(account);
        Commitment memory c = _fresh();
        c.signatures = new bytes[](1);
        c.signatures[0] = new bytes(65);
        _refused(c, ICommits.MissingSignature.selector);
        c.signatures = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) {
            c.signatures[i] = new bytes(65);
        }
        _refused(c, ICommits.MissingSignature.selector);

        c = _fresh();
        _sign(c);
        c.signatures[1] = _signed(0xbad, _receiptHash(c.receipt));
        _refused(c, ICommits.WrongSigner.selector);
        c.signatures[1] = new bytes(65);
        _refused(c, ICommits.WrongSigner.selector);

        _sign(c);
        (c.signatures[0], c.signatures[1]) = (c.signatures[1], c.signatures[0]);
        _refused(c, ICommits.WrongSignerOrder.selector);
        _sign(c);
        c.signatures[1] = c.signatures[0];
        _refused(c, ICommits.WrongSignerOrder.selector);
        c.signatures[1] = _signed(_workerKey(group[2]), _receiptHash(c.receipt));
        _refused(c, ITurns.TurnNotCome.selector);
        uint256 last = enigma.sequence(account, 2, 5)[4];
        c.signatures[1] = _signed(_workerKey(last), _receiptHash(c.receipt));
        _refused(c, ITurns.TurnNotCome.selector);
        // Admitted, but drawn from two epochs later on.
        _admit(WORKERS, 600 ether);
        c.signatures[1] = _signed(_workerKey(WORKERS), _receiptHash(c.receipt));
        _refused(c, ICommits.NotInGroup.selector);
    }

    function test_theOtherFormOfASignatureIsRefused() public {
        Commitment memory c = _fresh();
        _sign(c);
        bytes memory signature = c.signatures[0];
        uint256 s;
        assembly {
            s := mload(add(signature, 0x40))
        }
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 r;
        assembly {
            r := mload(add(signature, 0x20))
        }
        c.signatures[0] = abi.encodePacked(r, order - s, uint8(signature[64]) == 27 ? uint8(28) : uint8(27));
        _refused(c, ICommits.WrongSigner.selector);
    }

    function testFuzz_aFieldChangedAfterSigningIsRefused(uint256 random) public {
        Commitment memory c = _fresh();
        _sign(c);
        // Gas and status are the enclave's word alone: only the signature guards them.
        if (random % 2 == 0) {
            c.receipt.results[random % 3].gasCharged = uint64(bound(random >> 8, 0, 1_000_000));
            vm.assume(c.receipt.results[random % 3].gasCharged != 32_768);
        } else {
            c.receipt.results[random % 3].status = 2;
        }
        vm.expectRevert();
        enigma.commit(_one(c));
    }

    function test_admissionsAreCheckedAgain() public {
        Commitment memory c = _fresh();
        _sign(c);
        uint256 time = vm.getBlockTimestamp();
        vm.warp(EXPIRY);
        _refused(c, IWorkers.AdmissionExpired.selector);
        vm.warp(time);
        enigma.barPlatform(keccak256("whose ever"));
        _refused(c, IWorkers.AdmissionUnchecked.selector);
        // Every signer has to be checked, not the first alone.
        uint256[] memory group = enigma.group(account);
        enigma.recheck(group[0]);
        _refused(c, IWorkers.AdmissionUnchecked.selector);
        enigma.recheck(group[1]);
        enigma.commit(_one(c));
    }

    function test_aGroupMayBeTooSmallForTheContract() public {
        for (uint256 id = 1; id < WORKERS; ++id) {
            vm.prank(_operator(id));
            enigma.logout(id);
        }
        _nextEpoch();
        _nextEpoch();
        Commitment memory c = _fresh();
        c.signatures = new bytes[](2);
        c.signatures[0] = _signed(_workerKey(0), _receiptHash(c.receipt));
        c.signatures[1] = c.signatures[0];
        _refused(c, ICommits.GroupTooSmall.selector);
    }
}
