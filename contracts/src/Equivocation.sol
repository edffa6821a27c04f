// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEquivocation} from "./interfaces/IEquivocation.sol";
import {IWorkers} from "./interfaces/IWorkers.sol";
import {Receipt, Worker} from "./interfaces/Types.sol";
import {EIP712} from "./libraries/EIP712.sol";
import {ReceiptHash} from "./libraries/ReceiptHash.sol";
import {Signature} from "./libraries/Signature.sol";
import {Slashing} from "./Slashing.sol";

/// @dev See IEquivocation.
abstract contract Equivocation is IEquivocation, Slashing {
    /// The expiry of who is barred: an admission never ends so early.
    uint40 internal constant BARRED = 1;

    /// @inheritdoc IEquivocation
    function proveEquivocation(
        Receipt calldata one,
        bytes calldata signatureOfOne,
        Receipt calldata other,
        bytes calldata signatureOfOther
    ) external locked {
        (bytes32 hash, bytes32 otherHash) = (_hash(one), _hash(other));
        if (hash == otherHash || !_ofTheSame(one, other)) revert NotEquivocal();
        address signer = Signature.recover(hash, signatureOfOne);
        uint256 idPlusOne = workerIds[signer];
        if (idPlusOne == 0 || Signature.recover(otherHash, signatureOfOther) != signer) revert NotOneSigner();
        uint256 id = idPlusOne - 1;
        Worker storage record = workers[id];
        if (record.expiry == BARRED) revert Barred();

        uint96 amount = record.stake;
        (record.expiry, record.stake) = (BARRED, 0);
        if (record.loggedIn) _logOut(id);
        emit IWorkers.StakeChanged(id, 0);
        emit Equivocated(id, one.secretContract, hash, otherHash, amount);
        if (!barredPlatforms[record.platform]) _bar(record.platform);
        _burn(amount);
    }

    function _bar(bytes32 platform) internal {
        barredPlatforms[platform] = true;
        _countRevocation();
        emit IWorkers.PlatformBarred(platform);
    }

    /// @dev From now on no worker commits before its admission is checked again.
    function _countRevocation() internal {
        uint16 revocations = epochWord.revocations;
        if (revocations == type(uint16).max) revert IWorkers.NoRevocationLeft();
        epochWord.revocations = revocations + 1;
    }

    /// @dev What an enclave signs; of this network and of no other.
    function _hash(Receipt calldata receipt) private view returns (bytes32) {
        if (receipt.network != network) revert NotEquivocal();
        return EIP712.digest(ReceiptHash.hash(receipt));
    }

    function _ofTheSame(Receipt calldata one, Receipt calldata other) private pure returns (bool) {
        return one.ruleset == other.ruleset && one.secretContract == other.secretContract && one.epoch == other.epoch
            && one.firstIndex == other.firstIndex && one.lastIndex == other.lastIndex
            && one.inputHead == other.inputHead && one.stateHeadBefore == other.stateHeadBefore
            && one.anchorNumber == other.anchorNumber && one.anchorHash == other.anchorHash;
    }
}
