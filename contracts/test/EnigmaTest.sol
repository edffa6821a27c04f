// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {EngToken} from "../src/EngToken.sol";
import {
    DeployParameters,
    Input,
    Parameters,
    Receipt as TaskReceipt,
    SecretContract,
    TaskParameters,
    TaskResult
} from "../src/interfaces/Types.sol";
import {IEnigma} from "../src/interfaces/IEnigma.sol";
import {HashToCurve} from "../src/libraries/HashToCurve.sol";
import {Commitment, OutboundCall, Packing} from "./Packing.sol";

/// @notice A network with five workers, at the start of its first lottery, and the enclaves' side of the protocol.
/// Hashes are written out here as docs/bytes.md has them, on another path than the contracts' own.
abstract contract EnigmaTest is Test {
    uint256 internal constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    uint256 internal constant SECRET = 0x2a6f0b1c9d8e7f60514233241506f7e8d9cabbac9d8e7f605142332415060708;
    bytes32 internal constant MEASUREMENT = keccak256("measurement");
    bytes32 internal constant COMMITMENTS = keccak256("commitments");
    uint256 internal constant WORKERS = 5;
    uint40 internal constant LENGTH = 64;
    uint40 internal constant EXPIRY = 2_000_000_000;

    EngToken internal token;
    IEnigma internal enigma;
    bytes internal publicKey;
    /// What a client reads from events: every input of every contract.
    mapping(address => Input[]) internal logged;

    function setUp() public virtual {
        vm.roll(100);
        vm.warp(1_700_000_000);
        vm.fee(10 gwei);
        token = EngToken(vm.deployCode("EngToken.sol:EngToken"));
        bytes32[] memory allowed = new bytes32[](1);
        allowed[0] = MEASUREMENT;
        enigma = _create(Parameters(LENGTH, 3, 3, 2, 16, 1), 1, allowed);
        publicKey = _publicKey(SECRET);
        for (uint256 id = 0; id < WORKERS; ++id) {
            _admit(id, (id + 1) * 100 ether);
        }
        _genesis();
        _nextEpoch();
    }

    /// @dev By its artifact: with `new`, every test contract would carry, and compile, the whole of it.
    function _create(
        Parameters memory parameters,
        uint8 verifier,
        bytes32[] memory allowed
    ) internal returns (IEnigma made) {
        bytes memory code = bytes.concat(
            vm.getCode("Enigma.sol:Enigma"), abi.encode(parameters, token, keccak256("SIMULATED"), verifier, allowed)
        );
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
            if iszero(made) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    // Workers

    function _workerKey(uint256 id) internal pure returns (uint256) {
        return 0xa000 + id;
    }

    function _operator(uint256 id) internal pure returns (address) {
        return address(uint160(0xb000 + id));
    }

    /// @dev Of the machine that a worker runs on: each has its own.
    function _platform(uint256 id) internal pure virtual returns (bytes32) {
        return keccak256(abi.encode("platform", id));
    }

    function _admit(uint256 id, uint256 amount) internal {
        assertEq(enigma.admit(vm.addr(_workerKey(id)), _operator(id), MEASUREMENT, _platform(id), EXPIRY), id);
        assertTrue(token.transfer(_operator(id), amount));
        vm.startPrank(_operator(id));
        token.approve(address(enigma), amount);
        enigma.stake(id, amount);
        enigma.login(id);
        vm.stopPrank();
    }

    // Committee: the precompiles that multiply points make keys and signatures.

    function _publicKey(uint256 secret) internal view returns (bytes memory) {
        return _multiply(
            address(0x0e),
            hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb80000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
            secret
        );
    }

    function _multiply(address precompile, bytes memory point, uint256 scalar) internal view returns (bytes memory) {
        (bool success, bytes memory product) = precompile.staticcall(abi.encodePacked(point, scalar));
        assertTrue(success);
        return product;
    }

    function _committeeKey(uint256 member) internal pure returns (uint256) {
        return 0xc000 + member;
    }

    function _committee(bytes32 structHash)
        internal
        view
        returns (address[] memory members, bytes[] memory signatures)
    {
        members = new address[](4);
        signatures = new bytes[](4);
        for (uint256 i = 0; i < 4; ++i) {
            members[i] = vm.addr(_committeeKey(i));
            signatures[i] = _signed(_committeeKey(i), structHash);
        }
    }

    function _seatOperator(uint256 index) internal pure returns (address) {
        return address(uint160(0xd000 + index));
    }

    function _seatOperators() internal pure returns (address[] memory operators) {
        operators = new address[](4);
        for (uint256 i = 0; i < 4; ++i) {
            operators[i] = _seatOperator(i);
        }
    }

    function _keyGeneration(bytes memory compressed) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("KeyGeneration(uint32 era,bytes32 publicKeyHash,bytes32 commitmentsHash)"),
                1,
                keccak256(compressed),
                COMMITMENTS
            )
        );
    }

    function _genesis() internal {
        (address[] memory members, bytes[] memory signatures) = _committee(_keyGeneration(_compressed()));
        enigma.genesis(publicKey, COMMITMENTS, 3, members, _seatOperators(), signatures);
    }

    /// @dev vectors/beacon.json has it as the first key.
    function _compressed() internal view returns (bytes memory) {
        string memory json = vm.readFile("vectors/beacon.json");
        return vm.parseJsonBytes(json, ".cases[0].publicKeyCompressed");
    }

    function _beacon(uint40 epoch) internal view returns (bytes memory) {
        return _multiply(address(0x0c), _hashToG1(abi.encodePacked(enigma.network(), uint64(1), uint64(epoch))), SECRET);
    }

    function _hashToG1(bytes memory message) private view returns (bytes memory) {
        return HashToCurve.hashToG1(message, "ENIGMA_V1_BEACON_BLS12381G1_XMD:SHA-256_SSWU_RO_");
    }

    // Money

    /// @dev What a worker is credited of its pay: a part of it is for beacons and the committee.
    function _kept(uint256 pay) internal pure returns (uint256) {
        return pay - pay / 32;
    }

    function _parked(address operator) internal view returns (uint256 upkeep) {
        (, upkeep,) = enigma.ledger(operator);
    }

    /// @dev What the pool holds, and what the seats got and did not claim yet.
    function _funds() internal view returns (uint256 funds) {
        (uint256 amount, uint256 perSeat) = enigma.pool();
        (, uint8 n,) = enigma.committeeWord();
        funds = amount;
        for (uint256 i = 0; i < n; ++i) {
            (, uint96 claimed) = enigma.seats(i);
            funds += perSeat - claimed;
        }
    }

    /// @dev Posts the next beacon and goes to the first block of its epoch.
    function _nextEpoch() internal virtual {
        uint40 epoch = enigma.currentEpoch() + 1;
        _post(address(this));
        assertEq(enigma.currentEpoch(), epoch);
    }

    /// @dev The next beacon, by `poster`, and on to its epoch.
    function _post(address poster) internal {
        uint40 epoch = enigma.currentEpoch() + 1;
        bytes memory signature = _beacon(epoch);
        vm.prank(poster);
        enigma.postBeacon(epoch, publicKey, signature);
        (,, uint40 nextStart,,) = enigma.epochWord();
        vm.roll(nextStart);
    }

    // Hashes

    function _tag(string memory name) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("enigma/v1/", name));
    }

    function _inputHash(address account, uint256 index, Input memory input) internal pure returns (bytes32) {
        bytes memory head = abi.encode(_tag("input"), input.kind, account, index, input.sender, input.onBehalfOf);
        bytes memory money =
            abi.encode(input.value, input.gasLimit, input.commitGas, input.priceCap, input.tip, input.epoch);
        bytes memory place = abi.encode(
            input.inclusionEpoch,
            input.blockNumber,
            input.timestamp,
            input.baseFee,
            input.inflow,
            input.codeHash,
            input.envelopeHash
        );
        return keccak256(bytes.concat(head, money, place));
    }

    function _signed(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(structHash));
        return abi.encodePacked(r, s, v);
    }

    /// @dev What is signed.
    function _digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Enigma"),
                keccak256("1"),
                block.chainid,
                address(enigma)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _receiptHash(TaskReceipt memory r) internal pure returns (bytes32) {
        string memory result = "TaskResult(uint8 status,uint64 gasCharged,bytes32 outputHash,bytes32 deltaHash)";
        bytes memory results;
        for (uint256 i = 0; i < r.results.length; ++i) {
            TaskResult memory t = r.results[i];
            results = bytes.concat(
                results,
                keccak256(abi.encode(keccak256(bytes(result)), t.status, t.gasCharged, t.outputHash, t.deltaHash))
            );
        }
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "Receipt(bytes32 network,uint64 ruleset,address secretContract,uint64 epoch,uint64 firstIndex,uint64 lastIndex,bytes32 inputHead,bytes32 stateHeadBefore,bytes32 stateHeadAfter,uint64 anchorNumber,bytes32 anchorHash,TaskResult[] results,bytes32 snapshotHash,bytes32 outboundHash)",
                result
            )
        );
        bytes memory first = abi.encode(typeHash, r.network, r.ruleset, r.secretContract, r.epoch, r.firstIndex);
        bytes memory second = abi.encode(r.lastIndex, r.inputHead, r.stateHeadBefore, r.stateHeadAfter);
        bytes memory third =
            abi.encode(r.anchorNumber, r.anchorHash, keccak256(results), r.snapshotHash, r.outboundHash);
        return keccak256(bytes.concat(first, second, third));
    }

    function _callHash(OutboundCall memory o) internal pure returns (bytes32) {
        bytes memory words = abi.encode(o.index, o.kind, o.target, o.value, o.gas, keccak256(o.data));
        return keccak256(bytes.concat(_tag("outbound-call"), words));
    }

    function _outboundHash(OutboundCall[] memory calls) internal pure returns (bytes32) {
        bytes memory all;
        for (uint256 i = 0; i < calls.length; ++i) {
            all = bytes.concat(all, _callHash(calls[i]));
        }
        return keccak256(all);
    }

    // Inputs

    function _task(uint256 value) internal pure returns (TaskParameters memory) {
        return TaskParameters({
            onBehalfOf: 0, value: value, gasLimit: 1_000_000, commitGas: 200_000, priceCap: 30 gwei, tip: 1 gwei
        });
    }

    function _due(TaskParameters memory task) internal pure returns (uint256) {
        return task.value + (uint256(task.commitGas) + task.gasLimit / 8) * task.priceCap;
    }

    function _envelope(uint256 salt) internal pure returns (bytes memory envelope) {
        envelope = new bytes(277);
        envelope[0] = 0x01;
        for (uint256 i = 1; i < 277; ++i) {
            envelope[i] = bytes1(uint8(uint256(keccak256(abi.encode(salt, i)))));
        }
    }

    function _deploy(address owner, bytes32 salt, uint8 signers) internal returns (address account) {
        return _deploy(owner, salt, signers, _task(0));
    }

    function _deploy(
        address owner,
        bytes32 salt,
        uint8 signers,
        TaskParameters memory task
    ) internal returns (address account) {
        return _deploy(owner, salt, signers, 0, task);
    }

    function _deploy(
        address owner,
        bytes32 salt,
        uint8 signers,
        uint8 depth,
        TaskParameters memory task
    ) internal returns (address account) {
        bytes memory envelope = _envelope(uint256(salt));
        uint40 epoch = enigma.currentEpoch();
        account = enigma.portalAddress(owner, salt);
        _remember(account, 2, owner, task, epoch, keccak256("code"), envelope);
        deal(owner, owner.balance + _due(task));
        vm.prank(owner);
        address made = enigma.deploy{value: _due(task)}(
            DeployParameters({salt: salt, signers: signers, depth: depth}), task, epoch, "code", envelope
        );
        assertEq(made, account);
    }

    function _create(address account, address sender, TaskParameters memory task) internal {
        bytes memory envelope = _envelope(logged[account].length);
        uint40 epoch = enigma.currentEpoch();
        _remember(account, 1, sender, task, epoch, 0, envelope);
        deal(sender, sender.balance + _due(task));
        vm.prank(sender);
        enigma.createTask{value: _due(task)}(account, epoch, envelope, task);
    }

    function _remember(
        address account,
        uint8 kind,
        address sender,
        TaskParameters memory task,
        uint40 epoch,
        bytes32 codeHash,
        bytes memory envelope
    ) internal {
        SecretContract memory record = enigma.secretContract(account);
        Input memory input;
        input.kind = kind;
        input.sender = sender;
        input.onBehalfOf = task.onBehalfOf;
        input.value = task.value;
        input.gasLimit = task.gasLimit;
        input.commitGas = task.commitGas;
        input.priceCap = task.priceCap;
        input.tip = task.tip;
        input.epoch = epoch;
        input.inclusionEpoch = enigma.currentEpoch();
        input.blockNumber = uint64(block.number);
        input.timestamp = uint64(block.timestamp);
        input.baseFee = uint128(block.basefee);
        input.inflow = account.balance + record.sent - record.delivered;
        input.codeHash = codeHash;
        input.envelopeHash = keccak256(envelope);
        logged[account].push(input);
    }

    // Receipts

    /// @dev What honest enclaves make of the next `count` inputs: everything but the signatures.
    function _unsigned(address account, uint256 count) internal view returns (Commitment memory c) {
        SecretContract memory record = enigma.secretContract(account);
        c.inputs = new Input[](count);
        c.outputs = new bytes[](count);
        c.deltas = new bytes[](count);
        TaskReceipt memory r = c.receipt;
        r.network = enigma.network();
        r.ruleset = 1;
        r.secretContract = account;
        r.epoch = enigma.currentEpoch();
        r.firstIndex = record.cursor;
        r.lastIndex = uint64(record.cursor + count - 1);
        r.results = new TaskResult[](count);
        for (uint256 i = 0; i < count; ++i) {
            c.inputs[i] = logged[account][record.cursor + i];
            c.outputs[i] = abi.encodePacked(_envelope(i + 1000), "output");
            c.deltas[i] = abi.encodePacked(_envelope(i + 2000), "delta");
            r.results[i] = TaskResult(0, 32_768, keccak256(c.outputs[i]), keccak256(c.deltas[i]));
        }
        if (record.sealedEpoch != r.epoch) r.snapshotHash = keccak256("snapshot");
        r.outboundHash = keccak256("");
        r.anchorNumber = uint64(block.number - 1);
        r.anchorHash = blockhash(block.number - 1);
        _chain(c);
    }

    /// @dev Sets the heads that follow from inputs and deltas.
    function _chain(Commitment memory c) internal view {
        TaskReceipt memory r = c.receipt;
        bytes32 inputHead = keccak256(abi.encode(_tag("input-head-genesis"), enigma.network(), r.secretContract));
        for (uint256 i = 0; i < r.firstIndex; ++i) {
            bytes32 hash = _inputHash(r.secretContract, i, logged[r.secretContract][i]);
            inputHead = keccak256(abi.encode(_tag("input-head"), inputHead, hash));
        }
        bytes32 stateHead = enigma.secretContract(r.secretContract).stateHead;
        r.stateHeadBefore = stateHead;
        if (r.snapshotHash != 0) {
            stateHead = keccak256(abi.encode(_tag("state-head-snapshot"), stateHead, r.snapshotHash));
        }
        for (uint256 i = 0; i < c.inputs.length; ++i) {
            bytes32 hash = _inputHash(r.secretContract, r.firstIndex + i, c.inputs[i]);
            inputHead = keccak256(abi.encode(_tag("input-head"), inputHead, hash));
            stateHead = keccak256(abi.encode(_tag("state-head"), stateHead, hash, r.results[i].deltaHash));
        }
        r.inputHead = inputHead;
        r.stateHeadAfter = stateHead;
    }

    /// @dev Signs with the ranks that the contract asks for.
    function _sign(Commitment memory c) internal view {
        uint256[] memory group = enigma.group(c.receipt.secretContract);
        uint256 signers = enigma.secretContract(c.receipt.secretContract).signers;
        c.signatures = new bytes[](signers);
        for (uint256 rank = 0; rank < signers; ++rank) {
            c.signatures[rank] = _signed(_workerKey(group[rank]), _receiptHash(c.receipt));
        }
    }

    /// @dev Signs with these ranks, in this order.
    function _signBy(Commitment memory c, uint256[] memory ranks) internal view {
        (,, uint256[] memory ids) = enigma.turns(c.receipt.secretContract);
        c.signatures = new bytes[](ranks.length);
        for (uint256 i = 0; i < ranks.length; ++i) {
            c.signatures[i] = _signed(_workerKey(ids[ranks[i]]), _receiptHash(c.receipt));
        }
    }

    function _ranks(uint256 first) internal pure returns (uint256[] memory ranks) {
        ranks = new uint256[](1);
        ranks[0] = first;
    }

    function _ranks(uint256 first, uint256 second) internal pure returns (uint256[] memory ranks) {
        ranks = new uint256[](2);
        (ranks[0], ranks[1]) = (first, second);
    }

    function _ranks(uint256 first, uint256 second, uint256 third) internal pure returns (uint256[] memory ranks) {
        ranks = new uint256[](3);
        (ranks[0], ranks[1], ranks[2]) = (first, second, third);
    }

    function _commitment(address account, uint256 count) internal view returns (Commitment memory c) {
        c = _unsigned(account, count);
        _sign(c);
    }

    /// @dev Adds the outbound calls that a receipt vouches for, and signs.
    function _signWith(Commitment memory c, OutboundCall[] memory calls) internal view {
        c.outbound = calls;
        c.receipt.outboundHash = _outboundHash(calls);
        _sign(c);
    }

    function _transferOf(uint256 index, address target, uint256 value) internal pure returns (OutboundCall memory) {
        return OutboundCall(uint64(index), 1, target, value, 0, "");
    }

    function _callOf(
        uint256 index,
        address target,
        uint256 value,
        uint64 gas,
        bytes memory data
    ) internal pure returns (OutboundCall memory) {
        return OutboundCall(uint64(index), 2, target, value, gas, data);
    }

    function _list(OutboundCall memory first) internal pure returns (OutboundCall[] memory list) {
        list = new OutboundCall[](1);
        list[0] = first;
    }

    function _list(
        OutboundCall memory first,
        OutboundCall memory second
    ) internal pure returns (OutboundCall[] memory list) {
        list = new OutboundCall[](2);
        (list[0], list[1]) = (first, second);
    }

    function _inflow(address account) internal view returns (uint256) {
        SecretContract memory record = enigma.secretContract(account);
        return account.balance + record.sent - record.delivered;
    }

    function _one(Commitment memory c) internal pure returns (bytes[] memory list) {
        list = new bytes[](1);
        list[0] = Packing.pack(c);
    }

    function _all(Commitment[] memory commitments) internal pure returns (bytes[] memory list) {
        list = new bytes[](commitments.length);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = Packing.pack(commitments[i]);
        }
    }

    function _commit(address account, uint256 count) internal {
        vm.roll(block.number + 1);
        enigma.commit(_one(_commitment(account, count)));
    }
}
