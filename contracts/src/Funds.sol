// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaStorage} from "./EnigmaStorage.sol";
import {IFunds} from "./interfaces/IFunds.sol";
import {Account, Pool, Seat} from "./interfaces/Types.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";

/// @dev See IFunds; commits park the share (EnigmaStorage).
abstract contract Funds is IFunds, EnigmaStorage {
    /// @inheritdoc IFunds
    function collectUpkeep(address[] calldata operators) external locked returns (uint256 amount) {
        for (uint256 i = 0; i < operators.length; ++i) {
            Account storage account = ledger[operators[i]];
            uint256 upkeep = account.upkeep;
            if (upkeep == 0) continue;
            account.upkeep = 0;
            amount += upkeep;
            emit UpkeepCollected(operators[i], upkeep);
        }
        if (amount == 0) revert NothingToCollect();
        pool.amount += uint128(amount);
    }

    /// @inheritdoc IFunds
    function claimSeat(uint256 index) external locked returns (uint256 amount) {
        if (index >= committeeWord.n) revert UnknownSeat();
        Seat memory seat = seats[index];
        uint96 perSeat = uint96(pool.perSeat);
        amount = perSeat - seat.claimed;
        if (amount == 0) revert NothingToCollect();
        seats[index].claimed = perSeat;
        _credit(seat.operator, amount);
        emit SeatClaimed(index, seat.operator, amount);
    }

    /// @dev Pays the sender for a beacon, and the committee out of what is left beyond the reserve; what does not divide
    /// stays.
    function _payForBeacon() internal {
        Pool memory funds = pool;
        if (funds.amount == 0) return;
        uint256 price = FeeSchedule.BEACON_GAS * block.basefee;
        uint256 reward = funds.amount < price ? funds.amount : price;
        uint256 left = funds.amount - reward;
        uint256 reserve = FeeSchedule.BEACON_RESERVE * price;
        uint256 n = committeeWord.n;
        uint256 perSeat = left > reserve ? (left - reserve) / n : 0;
        pool = Pool({amount: uint128(left - perSeat * n), perSeat: funds.perSeat + uint128(perSeat)});
        _credit(msg.sender, reward);
        emit BeaconPaid(msg.sender, reward, perSeat);
    }
}
