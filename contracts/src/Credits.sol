// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaStorage} from "./EnigmaStorage.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {Account} from "./interfaces/Types.sol";

/// @dev See ICredits.
abstract contract Credits is ICredits, EnigmaStorage {
    /// @inheritdoc ICredits
    /// @dev Not locked: portals call it while a commit runs.
    function deposit(address account) external payable {
        _credit(account, msg.value);
        emit Deposited(account, msg.sender, msg.value);
    }

    /// @inheritdoc ICredits
    function credits(address account) external view returns (uint256) {
        return ledger[account].amount;
    }

    /// @inheritdoc ICredits
    function withdraw() external locked returns (uint256) {
        return _withdraw(msg.sender, msg.sender);
    }

    /// @inheritdoc ICredits
    function withdrawTo(address to) external locked returns (uint256) {
        return _withdraw(msg.sender, to);
    }

    /// @inheritdoc ICredits
    function withdrawFor(address account) external locked returns (uint256) {
        return _withdraw(account, account);
    }

    function _withdraw(address account, address to) private returns (uint256 amount) {
        Account storage record = ledger[account];
        amount = record.amount;
        if (amount == 0) revert NothingToWithdraw();
        record.amount = 0;
        record.isKept = true;
        emit Withdrawn(account, to, amount);
        (bool success,) = to.call{value: amount}("");
        if (!success) revert WithdrawalFailed();
    }
}
