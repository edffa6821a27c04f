//! Whether what is drawn follows the stakes. The draws are fixed, so the outcome is, too: no test here can flicker.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_primitives::tags;
use enigma_protocol::{hash::Words, lottery::sequence};
use enigma_tests::sealed::stake::set_weight;

use crate::memory::Memory;

/// Draws a test makes.
const DRAWS: u64 = 60_000;
/// The epoch that is drawn for; stakes were set two before.
const EPOCH: u64 = 9;
/// Seats and weights: neighbours, strangers, dwarfs and giants. Small, so that one unit more or less shows.
const STAKES: [(u64, u32); 10] =
    [(0, 2), (1, 1), (7, 3), (8, 1), (63, 8), (512, 4), (4_095, 1), (9_000, 3), (20_001, 12), (32_767, 6)];

/// Draws the first two of a contract's sequence.
type Sampler = fn(&Memory, Address, B256) -> [u64; 2];

#[test]
fn draws_follow_the_stakes() {
    check(by_lottery).unwrap();
}

#[test]
fn the_planted_samplers_are_the_lottery_but_for_their_fault() {
    let memory = staked();
    for (contract, seed) in places().take(2_000) {
        assert_eq!(by_list(Fault::None, contract, seed), by_lottery(&memory, contract, seed));
    }
}

#[test]
fn a_sampler_that_cuts_the_hash_to_a_byte_is_caught() {
    check(|_, contract, seed| by_list(Fault::Truncated, contract, seed)).unwrap_err();
}

#[test]
fn a_sampler_that_is_off_by_one_is_caught() {
    check(|_, contract, seed| by_list(Fault::OffByOne, contract, seed)).unwrap_err();
}

#[test]
fn a_sampler_that_ignores_stakes_is_caught() {
    check(|_, contract, seed| by_list(Fault::Equal, contract, seed)).unwrap_err();
}

#[test]
fn a_sampler_that_gives_the_excluded_weight_to_a_neighbour_is_caught() {
    let error = check(|_, contract, seed| by_list(Fault::Neighbour, contract, seed)).unwrap_err();
    assert!(error.starts_with("second"), "only the second draw is biased: {error}");
}

#[test]
fn a_sampler_that_reuses_the_first_point_is_caught() {
    let error = check(|_, contract, seed| by_list(Fault::Reused, contract, seed)).unwrap_err();
    assert!(error.starts_with("second"), "only the second draw is biased: {error}");
}

/// The first rank follows the stakes, and so does the second, whoever was first.
fn check(sampler: Sampler) -> Result<(), String> {
    let memory = staked();
    let mut counts = [[0u64; STAKES.len()]; STAKES.len()];
    for (contract, seed) in places() {
        let [first, second] = sampler(&memory, contract, seed).map(place_of);
        counts[first][second] += 1;
    }
    let weights = STAKES.map(|(_, weight)| f64::from(weight));
    let mut first = Fit::default();
    first.compare(counts.map(|row| row.iter().sum()), weights);
    first.verdict("first rank")?;
    let mut second = Fit::default();
    for (place, row) in counts.into_iter().enumerate() {
        let mut left = weights;
        left[place] = 0.0;
        second.compare(row, left);
    }
    second.verdict("second rank, given the first")
}

/// Pearson's chi-square statistic, summed over independent tables.
#[derive(Default)]
struct Fit {
    statistic: f64,
    freedom: f64,
}

impl Fit {
    /// Adds one table. What is expected fewer than five times is counted together.
    fn compare(&mut self, seen: [u64; STAKES.len()], weights: [f64; STAKES.len()]) {
        let (draws, sum) = (seen.iter().sum::<u64>() as f64, weights.iter().sum::<f64>());
        let mut bins: Vec<(f64, f64)> = Vec::new();
        let mut rare = (0.0, 0.0);
        for (seen, weight) in seen.into_iter().zip(weights) {
            let (seen, expected) = (seen as f64, draws * weight / sum);
            if expected < 5.0 {
                rare = (rare.0 + seen, rare.1 + expected);
            } else {
                bins.push((seen, expected));
            }
        }
        if rare.1 > 0.0 {
            bins.push(rare);
        } else if rare.0 > 0.0 {
            self.statistic = f64::INFINITY; // somebody without weight was drawn
        }
        self.statistic +=
            bins.iter().map(|(seen, expected)| (seen - expected).powi(2) / expected).sum::<f64>();
        self.freedom += bins.len() as f64 - 1.0;
    }

    /// An error if fair draws would look so bad once in ten thousand times only.
    fn verdict(&self, what: &str) -> Result<(), String> {
        // Wilson and Hilferty's approximation of the quantile; 3.719 is the normal one.
        let part = 2.0 / (9.0 * self.freedom);
        let limit = self.freedom * (1.0 - part + 3.719 * part.sqrt()).powi(3);
        println!(
            "{what}: chi-square {:.1}, limit {limit:.1}, {} degrees of freedom",
            self.statistic, self.freedom
        );
        if self.statistic <= limit {
            Ok(())
        } else {
            Err(format!("{what}: {:.1} > {limit:.1}", self.statistic))
        }
    }
}

fn staked() -> Memory {
    let mut memory = Memory::default();
    for (seat, weight) in STAKES {
        set_weight(&mut memory, EPOCH - 2, seat, weight);
    }
    memory
}

/// Contracts and seeds: the same in every run.
fn places() -> impl Iterator<Item = (Address, B256)> {
    (0..DRAWS).map(|i| {
        // As on the chain: many contracts in one epoch, then other epochs.
        let contract = Address::from_word(keccak256(i.to_be_bytes()));
        (contract, keccak256([b"epoch".as_slice(), &(i / 1_000).to_be_bytes()].concat()))
    })
}

fn place_of(seat: u64) -> usize {
    STAKES.iter().position(|(s, _)| *s == seat).expect("one of those who staked")
}

fn by_lottery(memory: &Memory, contract: Address, seed: B256) -> [u64; 2] {
    let Ok(drawn) = sequence(memory, contract, EPOCH, seed, 2);
    [drawn[0].id, drawn[1].id]
}

/// What is wrong with a sampler.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Takes a byte of the hash: the modulus favours who comes first.
    Truncated,
    /// Gives every seat one point of its neighbour's.
    OffByOne,
    /// Everybody has the same weight.
    Equal,
    /// Who was drawn is passed over by taking the next one.
    Neighbour,
    /// The point of the second draw is that of the first.
    Reused,
}

/// The lottery over a plain list.
fn by_list(fault: Fault, contract: Address, seed: B256) -> [u64; 2] {
    let mut weights = STAKES.map(|(_, weight)| if fault == Fault::Equal { 10 } else { u64::from(weight) });
    let mut drawn = [usize::MAX; 2];
    let mut last = 0;
    for j in 0..2 {
        let hash = Words::tagged(tags::DRAW).word(seed).address(contract).int(j as u64).hash();
        let left: u64 = weights.iter().sum();
        let mut point = match fault {
            Fault::Truncated => u64::from(hash[31]) % left,
            Fault::Reused if j == 1 => last % left,
            _ => (U256::from_be_bytes(hash.0) % U256::from(left)).to::<u64>(),
        };
        last = point;
        let mut place = 0;
        let passes = |point: u64, weight: u64| {
            if fault == Fault::OffByOne { point > weight } else { point >= weight }
        };
        while place + 1 < weights.len() && passes(point, weights[place]) {
            point = point.saturating_sub(weights[place]);
            place += 1;
        }
        if fault == Fault::Neighbour && drawn.contains(&place) {
            place = (place + 1) % weights.len();
        }
        drawn[j] = place;
        if fault != Fault::Neighbour {
            weights[place] = 0;
        }
    }
    drawn.map(|place| STAKES[place].0)
}
