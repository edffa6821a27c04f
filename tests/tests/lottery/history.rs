//! Random histories: stakes change over epochs, groups are drawn in between.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use enigma_protocol::lottery::{LEVELS, SEATS};
use rand::{Rng, rngs::StdRng};

/// The sum of all weights stays at or below this.
pub(crate) const MOST: u32 = (1 << 30) - 1;

/// A seat's weight is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) epoch: u64,
    pub(crate) seat: u64,
    pub(crate) weight: u32,
}

/// A sequence is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    /// After how many changes.
    pub(crate) made: usize,
    pub(crate) epoch: u64,
    pub(crate) seed: B256,
    pub(crate) contract: Address,
    pub(crate) count: usize,
}

/// Changes, and draws in the order of `made`.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) shape: Shape,
    pub(crate) changes: Vec<Change>,
    pub(crate) draws: Vec<Draw>,
}

/// What kind of network has this history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Fewer workers than a group wants.
    Few,
    /// The first seats, one after another, as a young network has them.
    Dense,
    /// Anywhere among all seats.
    Spread,
    /// One worker owns nearly everything.
    Whale,
    /// The weights fill the tree to the last unit, again and again.
    Full,
    /// Most changes are logouts.
    Leaving,
}

impl Shape {
    pub(crate) const ALL: [Self; 6] =
        [Self::Few, Self::Dense, Self::Spread, Self::Whale, Self::Full, Self::Leaving];

    fn seat(self, rng: &mut StdRng) -> u64 {
        match self {
            Self::Few => rng.random_range(0..4) * (SEATS / 3 - 1),
            Self::Dense | Self::Leaving => rng.random_range(0..24),
            // The borders of nodes are where an index goes wrong.
            Self::Spread => match rng.random_range(0..4) {
                0 => (8u64.pow(rng.random_range(0..=LEVELS)) - 1).min(SEATS - 1),
                1 => 8u64.pow(rng.random_range(0..LEVELS)),
                _ => rng.random_range(0..SEATS),
            },
            Self::Whale | Self::Full => rng.random_range(0..SEATS) / 61 * 61 % SEATS,
        }
    }

    /// A weight of at most `room`.
    fn weight(self, rng: &mut StdRng, room: u32) -> u32 {
        let any = |rng: &mut StdRng, most: u32| rng.random_range(0..=most.min(room));
        match (self, rng.random_range(0..8)) {
            (Self::Leaving, 0..5) | (_, 0) => 0,
            (Self::Whale, 1..3) => room - any(rng, 1_000),
            (Self::Full, 1..4) => room,
            (Self::Full, 4..7) => any(rng, MOST),
            (_, 7) => any(rng, 1),
            _ => any(rng, 1_000_000),
        }
    }
}

impl History {
    pub(crate) fn random(rng: &mut StdRng, shape: Shape) -> Self {
        let mut weights = BTreeMap::new();
        let mut epoch = rng.random_range(0..3);
        let (mut changes, mut draws) = (Vec::new(), Vec::new());
        for made in 0..=rng.random_range(1..50) {
            let last = changes.last().map_or(0, |c: &Change| c.epoch);
            for _ in 0..rng.random_range(0..3) {
                draws.push(Draw {
                    made,
                    // Epochs of which the root says nothing get the same wrong answer everywhere.
                    epoch: (last + rng.random_range(0..5)).saturating_sub(u64::from(rng.random_ratio(1, 20))),
                    seed: rng.random::<[u8; 32]>().into(),
                    contract: rng.random::<[u8; 20]>().into(),
                    count: rng.random_range(0..=8),
                });
            }
            epoch += if rng.random_ratio(1, 4) { rng.random_range(1..5) } else { 0 };
            let seat = shape.seat(rng);
            let others: u32 = weights.iter().filter(|(s, _)| **s != seat).map(|(_, w)| w).sum();
            let weight = shape.weight(rng, MOST - others);
            weights.insert(seat, weight);
            changes.push(Change { epoch, seat, weight });
        }
        // The last change belongs to no draw yet.
        let after = changes.len();
        draws.push(Draw {
            made: after,
            epoch: epoch + 2,
            seed: B256::ZERO,
            contract: Address::ZERO,
            count: 8,
        });
        Self { shape, changes, draws }
    }

    /// Every version of every node above a seat that changed: no other word may be written.
    pub(crate) fn nodes(&self) -> BTreeSet<(u32, u64, u32)> {
        let seats: BTreeSet<u64> = self.changes.iter().map(|c| c.seat).collect();
        let levels = |seat: u64| (0..LEVELS).map(move |level| (level, seat >> (3 * level + 3)));
        seats
            .into_iter()
            .flat_map(levels)
            .flat_map(|(l, i)| (0..3).map(move |version| (l, i, version)))
            .collect()
    }
}
