// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Task} from "@enigma/Task.sol";

/// Everybody pays in the same sum under the hash of a secret note, and whoever has the note takes it out to a fresh account,
/// by a task that somebody else pays for. Which note was whose stays inside.
contract Mixer {
    error WrongDeposit();
    error NoteInUse();
    error NoSuchNote();

    uint256 public immutable denomination;
    /// What the relayer of a withdrawal gets for the fee that it paid.
    uint256 public immutable relayFee;

    /// 1: paid in, 2: taken out. A spent note keeps its word, so that it is never good again.
    mapping(bytes32 noteHash => uint256) private notes;
    uint256 private deposits;

    constructor(uint256 denomination_, uint256 relayFee_) {
        require(relayFee_ < denomination_);
        (denomination, relayFee) = (denomination_, relayFee_);
    }

    /// Pays in under `keccak256` of a note: 32 random bytes that the depositor keeps.
    function deposit(bytes32 noteHash) external payable {
        if (msg.value != denomination) revert WrongDeposit();
        if (notes[noteHash] != 0) revert NoteInUse();
        notes[noteHash] = 1;
        deposits++;
    }

    /// Takes out, to the account that asks. One that has no ether asks by a relayed task, and the relayer gets its fee.
    function withdraw(bytes32 note) external {
        bytes32 noteHash = keccak256(abi.encode(note));
        if (notes[noteHash] != 1) revert NoSuchNote();
        notes[noteHash] = 2;
        address relayer = Task.relayer();
        uint256 fee = relayer == msg.sender ? 0 : relayFee;
        // The account first, and always two transfers or one: what shows is who relayed, which the chain knows already.
        pay(msg.sender, denomination - fee);
        if (fee > 0) pay(relayer, fee);
    }

    /// How many have paid in, taken out or not: the crowd that a withdrawal hides in is no larger. The chain shows it too.
    function crowd() external view returns (uint256) {
        return deposits;
    }

    /// Ether for an account on Ethereum. It leaves here at once; one who does not take it is credited outside.
    function pay(address to, uint256 amount) private {
        (bool ok,) = to.call{value: amount}("");
        require(ok);
    }
}
