// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {EnigmaStorage} from "./EnigmaStorage.sol";
import {ITurns} from "./interfaces/ITurns.sol";
import {IWorkers} from "./interfaces/IWorkers.sol";
import {Worker} from "./interfaces/Types.sol";
import {Group} from "./libraries/Group.sol";
import {StakeTree} from "./libraries/StakeTree.sol";

/// @title Slashing: what silence costs, and the weights that follow from stakes
/// @dev Nothing in a slash can fail: a worker must not be able to stop the commit that passes it over.
abstract contract Slashing is EnigmaStorage {
    using StakeTree for mapping(uint256 => uint256);

    uint256 private constant WHOLE_ENG = 1 ether;
    uint96 private constant SLASH_DIVISOR = 100;
    uint8 private constant MAX_SLASHES = 10;
    /// A logout in epoch e counts from e+2; the stake stays one epoch longer, so what was done last can be answered for.
    uint40 private constant UNLOCK_EPOCHS = 3;
    /// A burn takes a third of it.
    uint256 private constant BURN_GAS = 100_000;

    /// @dev Stores a group in which the ranks of `added` have become silent, and slashes them.
    /// @return amount Wei of ENG to burn.
    function _passOver(address account, uint256 word, uint256 added) internal returns (uint256 amount) {
        uint40 epoch = Group.epochOf(word);
        secretContracts[account].group = word;
        emit ITurns.TakenOver(account, epoch, word);
        for (uint256 rank = 0; added >> rank != 0; ++rank) {
            if ((added >> rank) & 1 == 1) amount += _slash(Group.idAt(word, rank), account, epoch);
        }
    }

    /// @dev Takes a part of a worker's stake, unless it lost ten in this epoch.
    function _slash(uint256 id, address account, uint40 epoch) private returns (uint96 amount) {
        Worker storage record = workers[id];
        uint96 stake = record.stake;
        (uint96 base, uint8 slashes) = (record.slashBase, record.slashes);
        if (record.slashEpoch != epoch) (base, slashes) = (stake, 0);
        if (slashes >= MAX_SLASHES) return 0;
        (record.slashEpoch, record.slashBase, record.slashes) = (epoch, base, slashes + 1);

        amount = base / SLASH_DIVISOR;
        if (amount > stake) amount = stake;
        stake -= amount;
        record.stake = stake;
        if (record.loggedIn) _setWeight(id, stake);
        emit ITurns.Slashed(id, account, epoch, amount);
        emit IWorkers.StakeChanged(id, stake);
    }

    function _logOut(uint256 id) internal {
        workers[id].loggedIn = false;
        workers[id].unlockEpoch = uint32(_currentEpoch() + UNLOCK_EPOCHS);
        emit IWorkers.LoggedOut(id, _setWeight(id, 0));
    }

    /// @dev Burns what was slashed. If the token refuses, it stays here, and is nobody's all the same.
    function _burn(uint256 amount) internal {
        if (amount == 0) return;
        bytes memory data = abi.encodeCall(ERC20Burnable.burn, (amount));
        address target = address(token);
        assembly ("memory-safe") {
            pop(call(BURN_GAS, target, 0, add(data, 0x20), mload(data), 0, 0))
        }
    }

    /// @dev Less than the smallest stake weighs nothing. Returns the epoch from which the weight counts.
    function _setWeight(uint256 id, uint256 amount) internal returns (uint40) {
        uint256 weight = amount < minStake ? 0 : amount / WHOLE_ENG;
        uint40 epoch = _currentEpoch();
        treeRoot = tree.set(treeRoot, epoch, id, weight);
        return epoch + 2;
    }
}
