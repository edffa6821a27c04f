// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBeacon} from "../src/interfaces/IBeacon.sol";
import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {IWorkers} from "../src/interfaces/IWorkers.sol";
import {DeployParameters, Descriptor, Parameters} from "../src/interfaces/Types.sol";
import {HashToCurve} from "../src/libraries/HashToCurve.sol";
import {EnigmaTest} from "./EnigmaTest.sol";

contract GenesisTest is EnigmaTest {
    address[] private members;
    address[] private operators = _seatOperators();
    bytes[] private signatures;

    function setUp() public override {
        vm.roll(100);
        enigma = _create(Parameters(LENGTH, 3, 3, 2, 16, 1), 1, new bytes32[](0));
        publicKey = _publicKey(SECRET);
        (members, signatures) = _committee(_keyGeneration(_compressed()));
    }

    function test_genesisStartsEpochOneAndBindsTheDescriptor() public {
        bytes32 checkpoint = blockhash(99);
        vm.roll(120);
        bytes32 expected = keccak256(
            abi.encode(
                _tag("network"),
                block.chainid,
                address(enigma),
                uint256(99),
                checkpoint,
                uint256(1),
                keccak256("SIMULATED"),
                uint256(1),
                keccak256(_compressed())
            )
        );
        assertTrue(checkpoint != 0);
        vm.expectEmit(address(enigma));
        emit IBeacon.Genesis(expected, publicKey, COMMITMENTS, 3, members);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);

        assertEq(enigma.network(), expected);
        assertEq(enigma.publicKeyHash(), keccak256(publicKey));
        assertEq(enigma.commitmentsHash(), COMMITMENTS);
        (uint32 generation, uint8 n, uint8 t) = enigma.committeeWord();
        assertEq(generation, 1);
        assertEq(n, 4);
        assertEq(t, 3);
        (uint40 epoch, uint40 start, uint40 nextStart, uint32 era, uint16 revocations) = enigma.epochWord();
        assertEq(epoch, 1);
        assertEq(start, 120);
        assertEq(nextStart, 0);
        assertEq(era, 1);
        assertEq(revocations, 0);
        Descriptor memory d = enigma.descriptor();
        assertEq(d.compressedKeyHash, keccak256(_compressed()));
        assertEq(d.checkpointNumber, 99);
        assertEq(d.checkpointHash, checkpoint);
    }

    /// @dev Else workers that were checked before it would pass as checked.
    function test_genesisKeepsTheCountOfRevocations() public {
        enigma.barPlatform(keccak256("platform"));
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        (,,,, uint16 revocations) = enigma.epochWord();
        assertEq(revocations, 1);
    }

    function test_epochOneEndsWithTheFirstBeacon() public {
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        vm.roll(block.number + 7);
        enigma.postBeacon(2, publicKey, _beacon(2));
        assertEq(enigma.currentEpoch(), 1);
        vm.roll(block.number + 1);
        assertEq(enigma.currentEpoch(), 2);
    }

    function test_onlyOnceAndOnlyByTheDeployer() public {
        vm.prank(address(1));
        vm.expectRevert(IWorkers.NotDeployer.selector);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        vm.expectRevert(IBeacon.AlreadyStarted.selector);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
    }

    function test_theKeyMustBeAPointOfTheSubgroup() public {
        vm.expectRevert(IBeacon.InvalidPublicKey.selector);
        enigma.genesis(new bytes(256), COMMITMENTS, 3, members, operators, signatures);
        bytes memory longer = bytes.concat(publicKey, hex"00");
        vm.expectRevert(IBeacon.InvalidPublicKey.selector);
        enigma.genesis(longer, COMMITMENTS, 3, members, operators, signatures);

        bytes memory outside = vm.parseJsonBytes(vm.readFile("vectors/beacon.json"), ".publicKeyOutsideSubgroup");
        vm.expectRevert(abi.encodeWithSelector(HashToCurve.PrecompileFailed.selector, address(0x0f)));
        enigma.genesis(outside, COMMITMENTS, 3, members, operators, signatures);
        publicKey[100] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(HashToCurve.PrecompileFailed.selector, address(0x0f)));
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
    }

    function test_thresholdIsAboveOneAndAtMostAll() public {
        for (uint8 t = 0; t < 8; ++t) {
            uint256 snapshot = vm.snapshotState();
            if (t < 2 || t > 4) vm.expectRevert(IBeacon.InvalidThreshold.selector);
            enigma.genesis(publicKey, COMMITMENTS, t, members, operators, signatures);
            vm.revertToState(snapshot);
        }
    }

    function test_everyMemberMustHaveSignedThisKey() public {
        bytes memory kept = signatures[2];
        signatures[2] = signatures[1];
        vm.expectRevert(abi.encodeWithSelector(IBeacon.InvalidMemberSignature.selector, members[2]));
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        signatures[2] = kept;
        vm.expectRevert(abi.encodeWithSelector(IBeacon.InvalidMemberSignature.selector, members[0]));
        enigma.genesis(publicKey, keccak256("other"), 3, members, operators, signatures);
        bytes memory other = _publicKey(SECRET + 1);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.InvalidMemberSignature.selector, members[0]));
        enigma.genesis(other, COMMITMENTS, 3, members, operators, signatures);
        members[3] = address(0);
        signatures[3] = new bytes(65);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.InvalidMemberSignature.selector, address(0)));
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
    }

    function test_aMemberCountsOnce() public {
        members[3] = members[1];
        signatures[3] = signatures[1];
        vm.expectRevert(abi.encodeWithSelector(IBeacon.DuplicateMember.selector, members[1]));
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
    }

    function test_aCommitteeIsTwoOrMoreWithASignatureEach() public {
        signatures.pop();
        vm.expectRevert(IBeacon.InvalidCommittee.selector);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        vm.expectRevert(IBeacon.InvalidCommittee.selector);
        enigma.genesis(publicKey, COMMITMENTS, 2, new address[](1), operators, new bytes[](1));
    }

    function test_aCommitteeHasTwoTo255Members() public {
        uint256 snapshot = vm.snapshotState();
        _genesisOf(2);
        vm.revertToState(snapshot);
        _genesisOf(255);
        (, uint8 n,) = enigma.committeeWord();
        assertEq(n, 255);
        vm.revertToState(snapshot);
        vm.expectRevert(IBeacon.InvalidCommittee.selector);
        this.genesisOf(256);
    }

    function genesisOf(uint256 n) external {
        _genesisOf(n);
    }

    function _genesisOf(uint256 n) private {
        (members, operators, signatures) = (new address[](n), new address[](n), new bytes[](n));
        bytes32 structHash = _keyGeneration(_compressed());
        for (uint256 i = 0; i < n; ++i) {
            (members[i], operators[i]) = (vm.addr(_committeeKey(i)), _seatOperator(i));
            signatures[i] = _signed(_committeeKey(i), structHash);
        }
        enigma.genesis(publicKey, COMMITMENTS, 2, members, operators, signatures);
    }

    function test_everySeatIsPaidToSomebody() public {
        address kept = operators[3];
        operators[3] = address(0);
        vm.expectRevert(IBeacon.InvalidCommittee.selector);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        operators.pop();
        vm.expectRevert(IBeacon.InvalidCommittee.selector);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        operators.push(kept);
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        for (uint256 i = 0; i < 4; ++i) {
            (address operator, uint96 claimed) = enigma.seats(i);
            assertEq(operator, operators[i]);
            assertEq(claimed, 0);
        }
    }

    function test_nothingWorksBeforeTheFirstLottery() public {
        vm.expectRevert(IBeacon.NotStarted.selector);
        enigma.postBeacon(1, publicKey, new bytes(128));
        vm.expectRevert(IBeacon.NotStarted.selector);
        enigma.deploy(DeployParameters(0, 1, 0), _task(0), 0, "", _envelope(0));
        enigma.genesis(publicKey, COMMITMENTS, 3, members, operators, signatures);
        vm.expectRevert(IBeacon.NotStarted.selector);
        enigma.deploy(DeployParameters(0, 1, 0), _task(0), 1, "", _envelope(0));
    }

    function test_parametersMustMakeSense() public {
        _refuse(Parameters(0, 3, 3, 2, 16, 1), 1);
        _refuse(Parameters(64, 0, 3, 2, 16, 1), 1);
        _refuse(Parameters(64, 9, 3, 2, 16, 1), 1);
        _refuse(Parameters(64, 3, 3, 2, 16, 1), 0);
        _refuse(Parameters(64, 3, 3, 2, 16, 1), 3);
        _refuse(Parameters(64, 3, 0, 2, 16, 1), 1);
        _refuse(Parameters(64, 3, 3, 0, 16, 1), 1);
        _refuse(Parameters(64, 3, 3, 2, 16, 0), 1);
        // The turns of the whole group do not end within an epoch, at whose end the clock begins anew.
        _refuse(Parameters(64, 8, 8, 2, 16, 1), 1);
        _refuse(Parameters(64, 8, type(uint16).max, 255, 16, 1), 1);
        this.create(Parameters(65, 8, 8, 1, 0, 1), 2);
    }

    function create(Parameters calldata parameters, uint8 verifier) external {
        _create(parameters, verifier, new bytes32[](0));
    }

    function _refuse(Parameters memory parameters, uint8 verifier) private {
        vm.expectRevert(IEnigma.InvalidParameters.selector);
        this.create(parameters, verifier);
    }
}
