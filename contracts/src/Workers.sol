// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Equivocation} from "./Equivocation.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {IWorkers} from "./interfaces/IWorkers.sol";
import {EpochWord, Worker} from "./interfaces/Types.sol";
import {Group} from "./libraries/Group.sol";
import {StakeTree} from "./libraries/StakeTree.sol";
import {Turns} from "./Turns.sol";

/// @dev See IWorkers.
abstract contract Workers is IWorkers, Turns, Equivocation {
    using SafeERC20 for IERC20;

    modifier onlyDeployer() {
        if (msg.sender != deployer) revert NotDeployer();
        _;
    }

    modifier onlyOperator(uint256 id) {
        if (id >= workerCount) revert UnknownWorker();
        if (msg.sender != workers[id].operator) revert NotOperator();
        _;
    }

    /// @inheritdoc IWorkers
    function admit(
        address signer,
        address operator,
        bytes32 measurement,
        bytes32 platform,
        uint40 expiry
    ) external onlyDeployer returns (uint256 id) {
        if (signer == address(0) || operator == address(0) || platform == 0) revert InvalidWorker();
        if (workerIds[signer] != 0) {
            id = workerIds[signer] - 1;
            // A key never leaves the machine whose enclave made it.
            if (workers[id].operator != operator || workers[id].platform != platform) revert InvalidWorker();
            if (workers[id].expiry == BARRED) revert Barred();
        } else {
            id = workerCount++;
            if (id >= StakeTree.SEATS) revert NoSeatLeft();
            workerIds[signer] = id + 1;
            workers[id].signer = signer;
            workers[id].operator = operator;
            ledger[operator].isKept = true;
            workers[id].platform = platform;
        }
        workers[id].measurement = measurement;
        workers[id].expiry = expiry;
        _check(workers[id]);
        emit WorkerAdmitted(id, signer, operator, measurement, platform, expiry);
    }

    /// @inheritdoc IWorkers
    function revokeMeasurement(bytes32 measurement) external onlyDeployer {
        if (!measurements[measurement]) revert MeasurementNotAllowed();
        measurements[measurement] = false;
        _countRevocation();
        emit MeasurementRevoked(measurement);
    }

    /// @inheritdoc IWorkers
    function barPlatform(bytes32 platform) external onlyDeployer {
        if (barredPlatforms[platform]) revert BarredPlatform();
        _bar(platform);
    }

    /// @inheritdoc IWorkers
    function recheck(uint256 id) external {
        Worker storage record = workers[id];
        if (record.signer == address(0)) revert UnknownWorker();
        if (record.loggedIn && _reasonAgainst(record) != 0) return _logOut(id);
        _check(record);
        emit WorkerChecked(id, record.checked);
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
        _check(record);
        if (record.stake < minStake) revert StakeTooSmall();
        record.loggedIn = true;
        emit LoggedIn(id, _setWeight(id, record.stake));
    }

    /// @inheritdoc IWorkers
    function logout(uint256 id) external onlyOperator(id) {
        if (!workers[id].loggedIn) revert LoginUnchanged();
        _logOut(id);
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
        if (!_hasLottery(epoch)) revert IBeacon.NoLottery(epoch);
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

    /// @dev Notes that the worker may serve, as far as revocations go by now; reverts if it may not.
    function _check(Worker storage record) private {
        bytes4 reason = _reasonAgainst(record);
        if (reason != 0) {
            assembly ("memory-safe") {
                mstore(0, reason)
                revert(0, 4)
            }
        }
        record.checked = epochWord.revocations;
    }

    /// @dev Why a worker may not serve, or zero.
    function _reasonAgainst(Worker storage record) private view returns (bytes4) {
        if (record.expiry <= block.timestamp) return AdmissionExpired.selector;
        if (!measurements[record.measurement]) return MeasurementNotAllowed.selector;
        if (barredPlatforms[record.platform]) return BarredPlatform.selector;
        return 0;
    }

    /// @dev The current epoch, and the next one once its beacon is posted.
    function _hasLottery(uint40 epoch) private view returns (bool) {
        EpochWord storage word = epochWord;
        uint40 last = word.epoch;
        if (word.nextStart != 0) ++last;
        return epoch > 1 && epoch >= _currentEpoch() && epoch <= last;
    }
}
