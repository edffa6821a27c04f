//! The schedule of fees: the same numbers as `contracts/src/libraries/FeeSchedule.sol`.

use alloy_primitives::U256;

/// Gas inside the sealed world costs this part of gas on the chain.
pub const EXECUTION_DIVISOR: u64 = 8;
/// Schedule gas of a receipt, shared by its tasks.
pub const RECEIPT_GAS: u64 = 80_000;
/// Schedule gas of a task.
pub const TASK_GAS: u64 = 16_000;
/// Schedule gas of a byte of output or delta.
pub const BYTE_GAS: u64 = 45;
/// Schedule gas of plain ether to an outside address.
pub const OUTBOUND_TRANSFER_GAS: u64 = 75_000;
/// Schedule gas of an outbound call, besides its own gas and its bytes.
pub const OUTBOUND_CALL_GAS: u64 = 90_000;
/// The part of all pay for work that is for beacons and the committee: one in so many.
pub const UPKEEP_DIVISOR: u64 = 32;
/// What a beacon is paid for, at the base fee.
pub const BEACON_GAS: u64 = 250_000;
/// Beacons that the pool keeps before the committee gets any.
pub const BEACON_RESERVE: u64 = 8;
/// Smallest sealed output or delta: one class of padding and the tag.
pub const SMALLEST_SEALED: u64 = 128 + 16;
/// Smallest `commitGas`: a batch of one with the smallest output and delta.
pub const MIN_COMMIT_GAS: u64 = RECEIPT_GAS + TASK_GAS + BYTE_GAS * 2 * SMALLEST_SEALED;

/// Largest `commitGas`: a commit of one task that costs no more fits a transaction of 16,777,216 gas and of 128 KiB.
pub const MAX_COMMIT_GAS: u64 = 5_000_000;
/// Largest `gasLimit`.
pub const MAX_GAS_LIMIT: u64 = 16_777_216;

/// Schedule gas of a task of a receipt of `tasks`, with so many bytes of output and delta and so much gas of outbound
/// calls.
pub fn schedule(tasks: u64, bytes: u64, outbound: u64) -> u64 {
    (RECEIPT_GAS / tasks.max(1)).saturating_add(task_gas(bytes, outbound))
}

/// The same without its share of the receipt.
pub fn task_gas(bytes: u64, outbound: u64) -> u64 {
    TASK_GAS.saturating_add(BYTE_GAS.saturating_mul(bytes)).saturating_add(outbound)
}

/// Whether `commit_gas` pays for a task with so much to carry, in a batch of one.
pub fn covers(commit_gas: u64, bytes: u64, outbound: u64) -> bool {
    schedule(1, bytes, outbound) <= commit_gas
}

/// The `commitGas` that lets `bytes` of output and delta and `outbound` gas of outbound calls through.
pub fn commit_gas_for(bytes: u64, outbound: u64) -> u64 {
    schedule(1, bytes, outbound).max(MIN_COMMIT_GAS)
}

/// What a sender pays ahead, wei.
pub fn max_fee(commit_gas: u64, gas_limit: u64, price_cap: u128) -> U256 {
    U256::from(commit_gas.saturating_add(gas_limit / EXECUTION_DIVISOR)) * U256::from(price_cap)
}

/// What a task pays, wei, at `price` per gas; `schedule` is its schedule gas.
pub fn pay(commit_gas: u64, schedule: u64, gas_charged: u64, price: u128) -> U256 {
    U256::from(commit_gas.min(schedule).saturating_add(gas_charged / EXECUTION_DIVISOR)) * U256::from(price)
}

/// The share of a worker's pay for beacons and the committee, wei: the rest is the worker's.
pub fn upkeep(pay: U256) -> U256 {
    pay / U256::from(UPKEEP_DIVISOR)
}

/// What a beacon is paid at this base fee by a pool that holds `pool`, and what every one of the committee's `seats` gets
/// then, wei.
pub fn beacon(pool: U256, base_fee: u128, seats: u8) -> (U256, U256) {
    let price = U256::from(BEACON_GAS) * U256::from(base_fee);
    let reward = pool.min(price);
    let beyond = (pool - reward).saturating_sub(price * U256::from(BEACON_RESERVE));
    (reward, beyond / U256::from(seats.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beacon_is_paid_first_then_the_reserve_is_kept_then_the_seats_share() {
        let wei = U256::from::<u64>;
        assert_eq!(beacon(wei(0), 7, 4), (wei(0), wei(0)));
        assert_eq!(beacon(wei(250_000), 7, 4), (wei(250_000), wei(0)), "all that there is");
        assert_eq!(beacon(wei(9 * 1_750_000), 7, 4), (wei(1_750_000), wei(0)), "just the reserve");
        assert_eq!(
            beacon(wei(9 * 1_750_000 + 11), 7, 4),
            (wei(1_750_000), wei(2)),
            "what does not divide stays"
        );
        assert_eq!(beacon(wei(11), 0, 4), (wei(0), wei(2)), "for nothing");
        assert_eq!(beacon(U256::MAX, u128::MAX, 0).0, wei(250_000) * U256::from(u128::MAX));
    }

    #[test]
    fn a_share_is_rounded_in_the_workers_favour() {
        assert_eq!(upkeep(U256::from(31)), U256::ZERO);
        assert_eq!(upkeep(U256::from(95)), U256::from(2));
    }
}
