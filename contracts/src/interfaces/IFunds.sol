// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Funds: the share of fees for beacons and the committee
/// @notice A part of what workers are paid, 1/32, is parked with their credits. Anybody collects it into one pool. The
/// pool pays whoever posts a beacon, and what it holds beyond the next few is shared by the seats of the committee. All
/// of it is credited, never pushed.
interface IFunds {
    /// @notice The share that was parked with `operator` is in the pool.
    event UpkeepCollected(address indexed operator, uint256 amount);
    /// @notice `poster` was credited `reward` wei for a beacon, and every seat of the committee got `perSeat` more.
    event BeaconPaid(address indexed poster, uint256 reward, uint256 perSeat);
    /// @notice Seat `index` of the committee was credited what it had got.
    event SeatClaimed(uint256 indexed index, address indexed operator, uint256 amount);

    /// @notice The committee has no seat of this index, counted from 0.
    error UnknownSeat();
    /// @notice Nothing is parked with any of these operators, or the seat got nothing since it claimed last.
    error NothingToCollect();

    /// @notice Takes what is parked with these operators into the pool. Anybody may.
    /// @return amount Wei.
    function collectUpkeep(address[] calldata operators) external returns (uint256 amount);

    /// @notice Credits a seat's operator with what the seat got since it claimed last. Anybody may.
    /// @return amount Wei.
    function claimSeat(uint256 index) external returns (uint256 amount);
}
