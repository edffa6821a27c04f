//! What becomes of a store whose disk loses power, tears, rots, is cut short or is put back. `ENIGMA_SEED` replays a
//! run, `ENIGMA_ROUNDS` sets its length.

mod common;

use std::fs;

use common::{ALICE, STEPS, blob, check, hash, rounds, sealed, seed, step};
use enigma_store::{CHUNK_BYTES, Error, Opened, Part, SimulatedDisk, Store};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Runs the workload from step `from` until it ends or the disk is gone; returns the last step that was committed.
fn work(store: &Store, from: u64) -> u64 {
    for n in from..=STEPS {
        if store.write(|batch| step(batch, n)).is_err() {
            return n - 1;
        }
    }
    STEPS
}

/// A disk with a store that was left at step `steps`.
fn filled(steps: u64) -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let (store, opened) = Store::in_memory(&disk).unwrap();
    assert_eq!(opened, Opened::Fresh);
    for n in 1..=steps {
        store.write(|batch| step(batch, n)).unwrap();
    }
    disk
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_committed() {
    let mut dice = StdRng::seed_from_u64(seed());
    for round in 0..rounds(100) {
        let disk = SimulatedDisk::new();
        disk.cut_after(dice.random_range(0..400));
        let mut committed = 0;
        // What the disk was promised to hold, and whether the store itself was made yet.
        if let Ok((store, _)) = Store::in_memory(&disk) {
            committed = work(&store, 1);
            if !disk.is_cut() {
                continue;
            }
        }
        match dice.random_range(0..3) {
            0 => disk.kill(),
            1 => disk.lose_unsynced(),
            _ => disk.tear(dice.random()),
        }
        let (store, opened) = Store::in_memory(&disk).unwrap();
        let at = check(&store, true).unwrap_or(0);
        assert!(at == committed || at == committed + 1, "round {round}: {at} after {committed}: {opened:?}");
        if committed > 0 {
            assert_eq!(opened, Opened::Kept, "round {round}");
        }
        assert_eq!(work(&store, at + 1), STEPS);
        assert_eq!(check(&store, true), Some(STEPS));
        assert_eq!(store.damaged(), []);
    }
}

#[test]
fn a_copy_made_at_any_moment_is_a_state_of_the_past() {
    let mut dice = StdRng::seed_from_u64(seed());
    let disk = SimulatedDisk::new();
    let (store, _) = Store::in_memory(&disk).unwrap();
    for n in 1..=STEPS {
        let old = disk.fork();
        // In the middle of the batch, too: it writes when the memory for it is full, or at its end.
        store
            .write(|batch| {
                step(batch, n)?;
                let (copy, _) = Store::in_memory(&disk.fork())?;
                assert_eq!(check(&copy, true).unwrap_or(0), n - 1);
                Ok::<_, Error>(())
            })
            .unwrap();
        let copy = disk.fork();
        let (after, opened) = Store::in_memory(&copy).unwrap();
        assert_eq!((check(&after, true), opened), (Some(n), Opened::Kept));
        // An old copy is believed by the store: the chain tells the node.
        copy.rewind_to(&old);
        assert!(after.write(|batch| step(batch, n + 1)).is_err(), "the disk was taken away");
        drop(after);
        let (before, _) = Store::in_memory(&copy).unwrap();
        assert_eq!(check(&before, true).unwrap_or(0), n - 1);
        if dice.random() {
            assert_eq!(work(&before, n), STEPS);
        }
    }
}

#[test]
fn a_closed_store_with_flipped_bits_is_right_or_renewed() {
    let mut dice = StdRng::seed_from_u64(seed());
    let disk = filled(STEPS);
    let (mut kept, mut renewed) = (0, 0);
    for _ in 0..rounds(100) {
        let disk = disk.fork();
        for _ in 0..1 << dice.random_range(0..6) {
            disk.flip(dice.random());
        }
        let (store, opened) = Store::in_memory(&disk).unwrap();
        match opened {
            Opened::Kept => {
                kept += 1;
                // The page that names the last state may be the damaged one: the state before is there as well.
                assert!(check(&store, false).is_some_and(|at| at + 1 >= STEPS));
            }
            Opened::Renewed { .. } => {
                renewed += 1;
                assert_eq!(check(&store, false), None);
            }
            Opened::Fresh => panic!("a store was there"),
        }
        // Either way it is of use, and stays so.
        let done = work(&store, 1);
        assert_eq!(done, STEPS);
        assert_eq!(check(&store, true), Some(STEPS));
        drop(store);
        let (store, opened) = Store::in_memory(&disk).unwrap();
        assert_eq!((check(&store, true), opened), (Some(STEPS), Opened::Kept));
    }
    println!("{kept} kept, {renewed} renewed");
    assert!(kept > 0 && renewed > 0);
}

#[test]
fn a_store_cut_short_is_right_or_renewed() {
    let mut dice = StdRng::seed_from_u64(seed());
    let disk = filled(STEPS);
    for _ in 0..rounds(60) {
        let disk = disk.fork();
        let len = dice.random_range(0..disk.size());
        disk.truncate(len);
        let (store, opened) = Store::in_memory(&disk).unwrap();
        match opened {
            Opened::Kept => assert_eq!(check(&store, true), Some(STEPS)),
            Opened::Renewed { .. } => assert_eq!(check(&store, false), None),
            Opened::Fresh => assert_eq!(len, 0),
        }
        assert_eq!(work(&store, 1), STEPS);
    }
}

#[test]
fn an_open_store_whose_disk_rots_gives_no_wrong_answer() {
    let mut dice = StdRng::seed_from_u64(seed());
    let disk = filled(STEPS);
    let (mut noted, mut refused) = (0, 0);
    for _ in 0..rounds(100) {
        let disk = disk.fork();
        let (store, _) = Store::in_memory(&disk).unwrap();
        for _ in 0..1 << dice.random_range(0..8) {
            disk.flip(dice.random());
        }
        check(&store, false);
        noted += u64::from(!store.damaged().is_empty());
        // Writing goes on or says that the store is damaged; then it is renewed, and every handle sees that.
        let other = store.clone();
        if store.mend().is_err() || work(&store, 1) < STEPS {
            refused += 1;
            store.renew().unwrap();
            assert_eq!(check(&other, true), None);
            assert_eq!(work(&store, 1), STEPS);
        }
        check(&other, false);
    }
    println!("{noted} noted, {refused} refused");
    assert!(noted > 0 && refused > 0);
}

#[test]
fn a_damaged_file_is_put_aside_once_and_a_fresh_one_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut dice = StdRng::seed_from_u64(seed());
    let mut renewed = 0;
    for _ in 0..rounds(10) {
        let (store, _) = Store::open_or_renew(&path).unwrap();
        work(&store, 1);
        drop(store);
        let sound = fs::read(&path).unwrap();
        let mut bytes = sound.clone();
        if dice.random() {
            bytes.truncate(dice.random_range(1..bytes.len()));
        } else {
            for _ in 0..50 {
                let place = dice.random_range(0..bytes.len());
                bytes[place] ^= 1 << dice.random_range(0..8);
            }
        }
        fs::write(&path, &bytes).unwrap();
        let (store, opened) = Store::open_or_renew(&path).unwrap();
        if let Opened::Renewed { why } = opened {
            renewed += 1;
            assert!(!why.is_empty());
            assert_eq!(check(&store, true), None);
            let aside = fs::metadata(folder.path().join("store.damaged")).unwrap();
            // The database may have begun to repair it.
            assert!(aside.len() >= bytes.len() as u64 / 2, "{} of {}", aside.len(), bytes.len());
        } else {
            check(&store, false);
        }
        assert!(fs::read_dir(folder.path()).unwrap().count() <= 2);
    }
    assert!(renewed > 0);
}

#[test]
fn a_foreign_file_is_no_store_to_open_and_is_put_aside_when_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    fs::write(&path, b"something else").unwrap();
    assert!(matches!(Store::open(&path), Err(Error::NotAStore { .. })));
    let (store, opened) = Store::open_or_renew(&path).unwrap();
    assert!(matches!(opened, Opened::Renewed { .. }));
    assert_eq!(fs::read(folder.path().join("store.damaged")).unwrap(), b"something else");
    assert!(matches!(Store::open_or_renew(&path), Err(Error::AlreadyOpen { .. })));
    drop(store);
    assert!(matches!(Store::open_or_renew(&path), Ok((_, Opened::Kept))));
}

#[test]
fn a_flipped_bit_in_an_open_file_reads_as_missing_and_only_that_chunk_is_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let blob = blob(77, 4 * CHUNK_BYTES + 5);
    let store = Store::open(&path).unwrap();
    store.write(|batch| batch.put_snapshot(&ALICE, &hash(1), &blob)).unwrap();
    drop(store);
    let store = Store::open(&path).unwrap();
    store
        .write(|batch| {
            batch.set_latest_snapshot(&ALICE, &hash(1))?;
            batch.put_meta("a", b"1")
        })
        .unwrap();
    // Reopened for a cold cache; the file is altered behind the open store.
    let bytes = fs::read(&path).unwrap();
    let chunk = &blob[2 * CHUNK_BYTES..2 * CHUNK_BYTES + 64];
    for (place, _) in bytes.windows(64).enumerate().filter(|(_, window)| *window == chunk) {
        use std::os::unix::fs::FileExt;
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[bytes[place + 9] ^ 4], place as u64 + 9).unwrap();
    }
    assert_eq!(store.snapshot(&ALICE, &hash(1)).unwrap(), None);
    assert_eq!(store.latest_snapshot(&ALICE).unwrap(), None);
    let part = Part::Chunk { contract: ALICE, hash: hash(1), index: 2 };
    assert_eq!(store.damaged(), std::slice::from_ref(&part));
    assert_eq!(store.mend().unwrap(), [part]);
    assert_eq!(store.latest_snapshots().unwrap(), []);
    assert_eq!(store.partials(&ALICE).unwrap(), [hash(1)]);
    assert_eq!(store.chunks_present(&ALICE, &hash(1)).unwrap(), [0, 1, 3, 4]);
    let chunk = &blob[2 * CHUNK_BYTES..3 * CHUNK_BYTES];
    let missing = store
        .write(|batch| {
            batch.put_chunk(&ALICE, &hash(1), 2, chunk)?;
            batch.assemble(&ALICE, &hash(1))
        })
        .unwrap();
    assert!(missing.is_empty());
    assert!(store.snapshot(&ALICE, &hash(1)).unwrap().unwrap() == blob);
}

#[test]
fn a_disk_is_open_once_and_a_dead_process_does_not_hold_it() {
    let disk = filled(3);
    let (store, _) = Store::in_memory(&disk).unwrap();
    assert!(matches!(Store::in_memory(&disk), Err(Error::AlreadyOpen { .. })));
    disk.kill();
    let (next, _) = Store::in_memory(&disk).unwrap();
    assert_eq!(work(&next, 4), STEPS);
    // What is left of the dead process changes nothing.
    assert!(store.write(|batch| step(batch, 1)).is_err());
    drop(store);
    assert_eq!(check(&next, true), Some(STEPS));
}

#[test]
fn the_same_seed_tears_and_flips_alike() {
    let images = [0, 1].map(|_| {
        let disk = filled(2);
        disk.cut_after(20);
        let (store, _) = Store::in_memory(&disk.clone()).unwrap();
        let _ = store.write(|batch| batch.put_snapshot(&ALICE, &hash(9), &sealed(8)));
        disk.tear(5);
        disk.flip(6);
        disk.bytes()
    });
    assert!(images[0] == images[1]);
}

#[test]
fn a_simulated_store_opens_thousands_of_times_a_minute() {
    let disk = filled(STEPS);
    let start = std::time::Instant::now();
    let count = 500;
    for _ in 0..count {
        let (store, _) = Store::in_memory(&disk.fork()).unwrap();
        store.write(|batch| batch.put_meta("a", b"1")).unwrap();
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64() * 60.0;
    println!("{rate:.0} forks, opens and writes a minute");
    assert!(rate > 5_000.0, "{rate}");
}
