// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Credits: what the contract owes
/// @notice Pay, refunds and returned values are credited, never pushed, so nobody's account can block a commit.
/// Money in is money out, in escrow, or owed.
interface ICredits {
    /// @notice `amount` wei of `account`'s credit went to `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    /// @notice `from` paid `amount` wei in to `account`'s credit.
    event Deposited(address indexed account, address indexed from, uint256 amount);

    /// @notice The account has no credit.
    error NothingToWithdraw();
    /// @notice The recipient did not take the money.
    error WithdrawalFailed();
    /// @notice The call came from within another one.
    error Reentered();

    /// @notice Adds the call's value to an account's credit. Anybody may. A portal does, when the recipient of a
    /// transfer did not take it.
    function deposit(address account) external payable;

    /// @notice What the contract owes an account, wei.
    function credits(address account) external view returns (uint256);

    /// @notice Pays the sender's whole credit to the sender.
    function withdraw() external returns (uint256 amount);

    /// @notice Pays the sender's whole credit to `to`.
    function withdrawTo(address to) external returns (uint256 amount);

    /// @notice Pays an account's whole credit to that account. Anybody may: a portal's credit arrives as a deposit.
    function withdrawFor(address account) external returns (uint256 amount);
}
