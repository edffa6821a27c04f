// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBeacon} from "./IBeacon.sol";
import {ICommits} from "./ICommits.sol";
import {ICredits} from "./ICredits.sol";
import {IInputs} from "./IInputs.sol";
import {IWorkers} from "./IWorkers.sol";
import {Descriptor} from "./Types.sol";

/// @title Enigma: secret contracts, ordered and settled by Ethereum
/// @notice One contract per network: it orders the inputs of secret contracts, holds their money, draws the workers
/// that execute them, and accepts the results of exactly those. It sees no plaintext. Immutable.
/// @dev Needs a chain with the rules of Osaka: BLS12-381 precompiles (EIP-2537), block hashes (EIP-2935).
interface IEnigma is IWorkers, IBeacon, IInputs, ICommits, ICredits {
    /// @notice A parameter of the network makes no sense: the epoch needs a length, the group 1 to 8 workers, the
    /// verifier is 1 or 2.
    error InvalidParameters();

    /// @notice The numbers of the network, in the order of `Parameters`.
    function parametersWord()
        external
        view
        returns (uint40 epochLength, uint8 groupSize, uint16 takeover, uint8 skipEpochs, uint8 window);

    /// @notice The staking token, ENG.
    function token() external view returns (IERC20);

    /// @notice Who created the contract, admits workers and starts the network.
    function deployer() external view returns (address);

    /// @notice The hash of the descriptor; zero before genesis. It enters every signed message.
    function network() external view returns (bytes32);

    /// @notice What `network` is the hash of.
    function descriptor() external view returns (Descriptor memory);
}
