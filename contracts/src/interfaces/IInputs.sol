// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeployParameters, SecretContract, TaskParameters, TaskRequest} from "./Types.sol";

/// @title Inputs: deploying and calling secret contracts
/// @notice Every input is hash-chained into its contract's log. Fee and value wait in escrow until a receipt lands:
/// `(commitGas + gasLimit / 8) * priceCap + value`, paid by the call's value and, where that is short, by the sender's
/// credit.
/// @dev Limits: an envelope has 277 to 65,536 bytes, clear code at most 49,152; `gasLimit` at most 16,777,216
/// (EIP-7825, which holds inside too); `commitGas` 108,960 to 5,000,000, so that a commit of one task fits a
/// transaction of 128 KiB; `priceCap` at least twice the base fee; 255 inputs pending at most.
interface IInputs {
    /// @notice A secret contract has its address.
    event SecretContractCreated(
        address indexed secretContract, address indexed deployer, bytes32 salt, uint8 signers, uint8 depth
    );
    /// @notice An input was logged. With the event's block, all that `inputHash` covers.
    event InputCreated(
        address indexed secretContract,
        uint64 indexed index,
        address indexed sender,
        uint8 kind,
        bytes32 inputHead,
        bytes32 onBehalfOf,
        uint256 value,
        uint64 gasLimit,
        uint64 commitGas,
        uint128 priceCap,
        uint128 tip,
        uint40 epoch,
        uint40 inclusionEpoch,
        uint256 inflow,
        bytes code,
        bytes envelope
    );

    /// @notice No secret contract lives at this address.
    error UnknownContract();
    /// @notice This sender has used this salt.
    error AlreadyDeployed(address secretContract);
    /// @notice A receipt needs 1 to group-size signatures.
    error InvalidSigners();
    /// @notice An envelope has 277 to 65,536 bytes.
    error InvalidEnvelopeSize(uint256 size);
    /// @notice Clear code has at most 49,152 bytes.
    error CodeTooLarge(uint256 size);
    /// @notice The envelope's epoch must lie in [`oldest`, `newest`].
    error EpochOutsideWindow(uint40 oldest, uint40 newest);
    /// @notice `gasLimit` is above 16,777,216.
    error GasLimitTooHigh();
    /// @notice `commitGas` must lie in [108,960, 5,000,000].
    error InvalidCommitGas();
    /// @notice The price cap must be at least `minimum`, twice the base fee.
    error PriceCapTooLow(uint256 minimum);
    /// @notice 255 inputs are pending: wait for a commit.
    error TooManyPending();
    /// @notice The call must bring `due` wei; what is short is taken from the sender's credit, more is refused.
    error WrongPayment(uint256 due);

    /// @notice Deploys a secret contract and logs its first input. The sender may compute the address beforehand.
    /// @param epoch Of the envelope.
    /// @param code Init code in the clear, or empty.
    /// @param envelope Encrypted: what follows the clear code.
    /// @return secretContract Its address, here and inside: the portal's.
    function deploy(
        DeployParameters calldata deployParameters,
        TaskParameters calldata taskParameters,
        uint40 epoch,
        bytes calldata code,
        bytes calldata envelope
    ) external payable returns (address secretContract);

    /// @notice Logs a task.
    /// @param epoch Of the envelope.
    /// @return index The input's index in the contract's log.
    /// @return head The log's head with it.
    function createTask(
        address secretContract,
        uint40 epoch,
        bytes calldata envelope,
        TaskParameters calldata parameters
    ) external payable returns (uint64 index, bytes32 head);

    /// @notice Logs several tasks, of the same or of different contracts.
    function createTasks(TaskRequest[] calldata requests) external payable;

    /// @notice The address of the secret contract that `deployer` gets with `salt`.
    function portalAddress(address deployer, bytes32 salt) external view returns (address);

    /// @notice The record of a secret contract; all zero if there is none.
    function secretContract(address account) external view returns (SecretContract memory);

    /// @notice The log's head after input `index`, one of the last 256; of the empty log at index 2^64 - 1.
    function inputHead(address account, uint64 index) external view returns (bytes32);
}
