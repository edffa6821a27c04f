//! The drawn workers of a contract in the order of their turns. No I/O.

use enigma_protocol::clock::Order;
use enigma_rpc::types::{Ranked, WorkerName};

/// Those that were drawn, given with their ranks, in the order of their turns; bit r of `silent`: rank r was passed over.
pub(super) fn in_order(drawn: Vec<(usize, WorkerName)>, silent: u8) -> Vec<Ranked> {
    let count = drawn.iter().map(|(rank, _)| rank + 1).max().unwrap_or_default();
    let order = Order { silent, count };
    let mut turns: Vec<Ranked> = drawn
        .into_iter()
        .map(|(rank, worker)| Ranked { rank, silent: silent >> rank & 1 == 1, worker })
        .collect();
    turns.sort_by_key(|ranked| order.position(ranked.rank));
    turns
}

/// Of `turns`, which are in order: the first `size` ranks, and whoever is among the first `size` turns; by rank.
pub(super) fn told(turns: Vec<Ranked>, size: usize) -> Vec<Ranked> {
    let mut told: Vec<Ranked> = turns
        .into_iter()
        .enumerate()
        .filter(|(place, ranked)| *place < size || ranked.rank < size)
        .map(|(_, ranked)| ranked)
        .collect();
    told.sort_by_key(|ranked| ranked.rank);
    told
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::*;

    fn drawn(count: usize) -> Vec<(usize, WorkerName)> {
        let worker =
            |rank| WorkerName { id: rank as u64 + 10, signer: Address::ZERO, operator: Address::ZERO };
        (0..count).map(|rank| (rank, worker(rank))).collect()
    }

    fn ranks(turns: &[Ranked]) -> Vec<usize> {
        turns.iter().map(|ranked| ranked.rank).collect()
    }

    #[test]
    fn who_was_passed_over_comes_last() {
        assert_eq!(ranks(&in_order(drawn(5), 0)), [0, 1, 2, 3, 4]);
        let turns = in_order(drawn(5), 0b101);
        assert_eq!(ranks(&turns), [1, 3, 4, 0, 2]);
        assert_eq!(turns.iter().map(|r| r.silent).collect::<Vec<_>>(), [false, false, false, true, true]);
        assert_eq!(turns.iter().map(|r| r.worker.id).collect::<Vec<_>>(), [11, 13, 14, 10, 12]);
    }

    #[test]
    fn the_group_is_told_and_who_serves_in_the_place_of_silent_ones() {
        assert_eq!(ranks(&told(in_order(drawn(8), 0), 3)), [0, 1, 2]);
        assert_eq!(ranks(&told(in_order(drawn(8), 0b1), 3)), [0, 1, 2, 3]);
        assert_eq!(ranks(&told(in_order(drawn(8), 0b111), 3)), [0, 1, 2, 3, 4, 5]);
        assert_eq!(ranks(&told(in_order(drawn(2), 0b11), 3)), [0, 1], "there are no more");
        assert!(told(in_order(drawn(0), 0xff), 3).is_empty());
    }
}
