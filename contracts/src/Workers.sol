// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Equivocation} from "./Equivocation.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {IWorkers} from "./interfaces/IWorkers.sol";
import {Worker} from "./interfaces/Types.sol";
import {Group} from "./libraries/Group.sol";
import {StakeTree} from "./libraries/StakeTree.sol";
import {Turns} from "./Turns.sol";

/// @dev See IWorkers.
abstract contract Workers is IWorkers, Turns, Equivocation {
    using SafeERC20 for IERC20;

    /// A logout in epoch e counts from e+2; the stake stays one epoch longer, so what was done last can be answered for.
    uint40 private constant UNLOCK_EPOCHS = 3;

    modifier onlyOperator(uint256 id) {
        if (id >= workerCount) revert UnknownWorker();
        if (msg.sender != workers[id].operator) revert NotOperator();
        _;
    }

    /// @inheritdoc IWorkers
    function admit(address signer, address operator, bytes32 measurement, uint40 expiry) external returns (uint256 id) {
        if (msg.sender != deployer) revert NotDeployer();
        if (signer == address(0) || operator == address(0)) revert InvalidWorker();
        if (!measurements[measurement]) revert MeasurementNotAllowed();
        if (expiry <= block.timestamp) revert AdmissionExpired();
        if (workerIds[signer] != 0) {
            id = workerIds[signer] - 1;
            if (workers[id].operator != operator) revert InvalidWorker();
            if (workers[id].expiry == BARRED) revert Barred();
        } else {
            id = workerCount++;
            if (id >= StakeTree.SEATS) revert NoSeatLeft();
            workerIds[signer] = id + 1;
            workers[id].signer = signer;
            workers[id].operator = operator;
        }
        workers[id].measurement = measurement;
        workers[id].expiry = expiry;
        emit WorkerAdmitted(id, signer, operator, measurement, expiry);
    }

    /// @inheritdoc IWorkers
    function stake(uint256 id, uint256 amount) external locked onlyOperator(id) {
        Worker storage record = workers[id];
        uint256 total = record.stake + amount;
        if (total > type(uint96).max) revert StakeTooLarge();
        record.stake = uint96(total);
        if (record.loggedIn) _setWeight(id, total);
        emit StakeChanged(id, record.stake);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IWorkers
    function login(uint256 id) external onlyOperator(id) {
        Worker storage record = workers[id];
        if (record.loggedIn) revert LoginUnchanged();
        if (record.expiry <= block.timestamp) revert AdmissionExpired();
        if (!measurements[record.measurement]) revert MeasurementNotAllowed();
        if (record.stake < WHOLE_ENG) revert StakeTooSmall();
        record.loggedIn = true;
        emit LoggedIn(id, _setWeight(id, record.stake));
    }

    /// @inheritdoc IWorkers
    function logout(uint256 id) external onlyOperator(id) {
        Worker storage record = workers[id];
        if (!record.loggedIn) revert LoginUnchanged();
        record.loggedIn = false;
        record.unlockEpoch = _currentEpoch() + UNLOCK_EPOCHS;
        emit LoggedOut(id, _setWeight(id, 0));
    }

    /// @inheritdoc IWorkers
    function unstake(uint256 id, uint256 amount) external locked onlyOperator(id) {
        Worker storage record = workers[id];
        if (record.loggedIn) revert StakeLocked(0);
        if (_currentEpoch() < record.unlockEpoch) revert StakeLocked(record.unlockEpoch);
        if (amount > record.stake) revert StakeTooSmall();
        record.stake -= uint96(amount);
        emit StakeChanged(id, record.stake);
        token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IWorkers
    function sequence(address account, uint40 epoch, uint256 count) external view returns (uint256[] memory) {
        if (epoch < _currentEpoch()) revert IBeacon.NoLottery(epoch);
        return _draw(account, epoch, count);
    }

    /// @inheritdoc IWorkers
    function group(address account) external view returns (uint256[] memory) {
        return Group.unpack(_groupOf(account, _currentLottery(), groupSize), groupSize);
    }

    /// @inheritdoc IWorkers
    function worker(uint256 id) external view returns (Worker memory) {
        return workers[id];
    }

    /// @inheritdoc IWorkers
    function workerId(address signer) external view returns (uint256) {
        uint256 idPlusOne = workerIds[signer];
        if (idPlusOne == 0) revert UnknownWorker();
        return idPlusOne - 1;
    }
}
