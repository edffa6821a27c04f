// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBeacon} from "./IBeacon.sol";
import {ICommits} from "./ICommits.sol";
import {ICredits} from "./ICredits.sol";
import {IEquivocation} from "./IEquivocation.sol";
import {IFunds} from "./IFunds.sol";
import {IInputs} from "./IInputs.sol";
import {ILostState} from "./ILostState.sol";
import {IOutbound} from "./IOutbound.sol";
import {IState} from "./IState.sol";
import {ITurns} from "./ITurns.sol";
import {IWorkers} from "./IWorkers.sol";

/// @title Enigma: secret contracts, ordered and settled by Ethereum
/// @notice One contract per network: it orders the inputs of secret contracts, holds their money, draws the workers
/// that execute them, and accepts the results of exactly those. It sees no plaintext. Immutable.
/// @dev Needs a chain with the rules of Osaka: BLS12-381 precompiles (EIP-2537), block hashes (EIP-2935).
interface IEnigma is
    IState,
    IWorkers,
    IBeacon,
    IInputs,
    ICommits,
    IOutbound,
    ITurns,
    ILostState,
    ICredits,
    IFunds,
    IEquivocation
{
    /// @notice A parameter of the network makes no sense: the epoch needs a length, the group 1 to 8 workers, the
    /// smallest stake is a whole ENG or more, the verifier is 1 or 2; and every epoch is longer than the turns of a whole group, so that nothing can be skipped before
    /// all of them came.
    error InvalidParameters();
}
