// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaStorage} from "./EnigmaStorage.sol";
import {ICredits} from "./interfaces/ICredits.sol";

/// @dev See ICredits.
abstract contract Credits is ICredits, EnigmaStorage {
    /// @inheritdoc ICredits
    function withdraw() external locked returns (uint256) {
        return _withdraw(msg.sender);
    }

    /// @inheritdoc ICredits
    function withdrawTo(address to) external locked returns (uint256) {
        return _withdraw(to);
    }

    function _withdraw(address to) private returns (uint256 amount) {
        amount = credits[msg.sender];
        if (amount == 0) revert NothingToWithdraw();
        credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        (bool success,) = to.call{value: amount}("");
        if (!success) revert WithdrawalFailed();
    }
}
