//! A workload whose every state is known, and dice.

#![allow(dead_code)]

use enigma_store::{Address, Batch, CHUNK_BYTES, Delta, Error, Hash, Manifest, Store};

pub const ALICE: Address = [0xa1; 20];
pub const BOB: Address = [0xb0; 20];

/// Batches of the workload.
pub const STEPS: u64 = 12;

/// The seed of this run: `ENIGMA_SEED`, or a new one; printed so that a failure replays.
pub fn seed() -> u64 {
    let seed = number("ENIGMA_SEED").unwrap_or_else(rand::random);
    println!("replay with ENIGMA_SEED={seed}");
    seed
}

/// `ENIGMA_ROUNDS`, or `usual`.
pub fn rounds(usual: u64) -> u64 {
    number("ENIGMA_ROUNDS").unwrap_or(usual)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

pub fn hash(n: u64) -> Hash {
    let mut hash = [n as u8; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

pub fn delta(n: u64) -> Delta {
    Delta { input_hash: hash(n), sealed: blob(n, 40 + (n as usize * 97) % 900) }
}

pub fn blob(n: u64, length: usize) -> Vec<u8> {
    // Without a period, so that no chunk is like another.
    let mix = |i: u64| (i + (n << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..length as u64)
        .map(|i| (mix(i) ^ (mix(i) >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40)
        .map(|i| i as u8)
        .collect()
}

/// The snapshot of step `n`: every fourth has several chunks.
pub fn sealed(n: u64) -> Vec<u8> {
    blob(n, if n.is_multiple_of(4) { 2 * CHUNK_BYTES + n as usize } else { 500 * n as usize })
}

/// What batch `n` writes, from 1.
pub fn step(batch: &mut Batch, n: u64) -> Result<(), Error> {
    batch.put_meta("step", &n.to_be_bytes())?;
    batch.put_delta(&ALICE, n, &delta(n))?;
    batch.put_snapshot(&ALICE, &hash(n), &sealed(n))?;
    batch.set_latest_snapshot(&ALICE, &hash(n))?;
    batch.retain_snapshots(&ALICE, 2)?;
    if n.is_multiple_of(3) {
        batch.remove_deltas(&ALICE, 0..n - 1)?;
    }
    let fetched = hash(100 + n / 6);
    let whole = sealed(8);
    batch.begin_partial(&BOB, &fetched, &Manifest::of(&whole))?;
    if n % 6 < 3 {
        let chunk = whole.chunks(CHUNK_BYTES).nth(n as usize % 6).unwrap();
        batch.put_chunk(&BOB, &fetched, n as u32 % 6, chunk)?;
    }
    Ok(())
}

/// Whether every answer of the store is right or missing; which step it is at, if it says so. `is_sound`: nothing may
/// be missing that the step it is at has written.
pub fn check(store: &Store, is_sound: bool) -> Option<u64> {
    let told = |result: Result<Option<Vec<u8>>, Error>| match result {
        Ok(value) => value,
        Err(Error::Damaged { .. }) if !is_sound => None,
        Err(error) => panic!("{error}"),
    };
    let at = told(store.meta("step")).map(|step| u64::from_be_bytes(step.try_into().unwrap()));
    for n in 0..=STEPS {
        let found = told(store.snapshot(&ALICE, &hash(n)));
        assert!(found.is_none() || found == Some(sealed(n)), "snapshot {n}");
        let expected = at.is_some_and(|at| n > 0 && n <= at && n + 2 > at);
        assert!(!is_sound || found.is_some() == expected, "snapshot {n} at {at:?}");
        let found = match store.delta(&ALICE, n) {
            Err(Error::Damaged { .. }) if !is_sound => None,
            found => found.unwrap(),
        };
        assert!(found.is_none() || found == Some(delta(n)), "delta {n}");
        let kept_from = at.map_or(0, |at| if at < 3 { 1 } else { at / 3 * 3 - 1 });
        let expected = at.is_some_and(|at| n >= kept_from.max(1) && n <= at);
        assert!(!is_sound || found.is_some() == expected, "delta {n} at {at:?}");
    }
    match store.latest_snapshot(&ALICE) {
        Ok(Some(latest)) => {
            let n = u64::from_be_bytes(latest.hash[..8].try_into().unwrap());
            assert_eq!(latest.sealed, sealed(n), "latest");
            assert!(!is_sound || Some(n) == at, "latest {n} at {at:?}");
        }
        Ok(None) => assert!(!is_sound || at.is_none(), "no latest at {at:?}"),
        Err(Error::Damaged { .. }) if !is_sound => {}
        Err(error) => panic!("{error}"),
    }
    if let Ok(deltas) = store.deltas(&ALICE, 0, usize::MAX) {
        deltas.iter().for_each(|(n, found)| assert_eq!(*found, delta(*n)));
    } else {
        assert!(!is_sound);
    }
    let whole = sealed(8);
    for index in 0..3 {
        for fetched in 0..=STEPS / 6 {
            let found = told(store.chunk(&BOB, &hash(100 + fetched), index));
            let chunk = whole.chunks(CHUNK_BYTES).nth(index as usize).unwrap();
            assert!(found.is_none_or(|found| found == chunk), "chunk {index} of {fetched}");
        }
    }
    at
}
