//! A disk without room.

mod common;

use std::process::Command;

use common::{ALICE, STEPS, blob, check, hash, seed, step};
use enigma_store::{Error, Opened, SimulatedDisk, Store};
use rand::{Rng, SeedableRng, rngs::StdRng};

#[test]
fn a_full_disk_fails_writes_only_and_only_while_it_is_full() {
    let disk = SimulatedDisk::new();
    let (store, _) = Store::in_memory(&disk).unwrap();
    for n in 1..=5 {
        store.write(|batch| step(batch, n)).unwrap();
    }
    disk.fill_up(true);
    let large = blob(3, 5_000_000);
    for _ in 0..3 {
        let failed = store.write(|batch| batch.put_snapshot(&ALICE, &hash(99), &large));
        assert!(matches!(failed, Err(Error::DiskFull)), "{failed:?}");
        assert_eq!(check(&store, true), Some(5));
    }
    disk.fill_up(false);
    store.write(|batch| step(batch, 6)).unwrap();
    store.write(|batch| batch.put_snapshot(&ALICE, &hash(99), &large)).unwrap();
    assert!(store.snapshot(&ALICE, &hash(99)).unwrap().unwrap() == large);
    drop(store);
    let (store, opened) = Store::in_memory(&disk).unwrap();
    assert_eq!(opened, Opened::Kept);
    assert_eq!(store.meta("step").unwrap().unwrap(), 6u64.to_be_bytes());
}

#[test]
fn a_disk_that_fills_and_empties_at_random_loses_no_commit() {
    let mut dice = StdRng::seed_from_u64(seed());
    let mut full = 0;
    for _ in 0..common::rounds(10) {
        let disk = SimulatedDisk::new();
        let (store, _) = Store::in_memory(&disk).unwrap();
        for n in 1..=STEPS {
            disk.fill_up(dice.random());
            while let Err(error) = store.write(|batch| step(batch, n)) {
                assert!(matches!(error, Error::DiskFull), "{error}");
                assert_eq!(check(&store, true).unwrap_or(0), n - 1);
                full += 1;
                disk.fill_up(dice.random());
            }
            assert_eq!(check(&store, true), Some(n));
        }
        disk.lose_unsynced();
        let (store, opened) = Store::in_memory(&disk).unwrap();
        assert_eq!((check(&store, true), opened), (Some(STEPS), Opened::Kept));
    }
    println!("{full} writes failed");
    assert!(full > 0);
}

#[test]
fn readers_on_other_threads_do_not_notice_a_full_disk() {
    let disk = SimulatedDisk::new();
    let (store, _) = Store::in_memory(&disk).unwrap();
    for n in 1..=4 {
        store.write(|batch| step(batch, n)).unwrap();
    }
    let large = blob(3, 3_000_000);
    std::thread::scope(|scope| {
        let readers = [0, 1].map(|_| {
            scope.spawn(|| {
                for _ in 0..30 {
                    assert_eq!(check(&store, true), Some(4));
                }
            })
        });
        while readers.iter().any(|reader| !reader.is_finished()) {
            disk.fill_up(true);
            let failed = store.write(|batch| batch.put_snapshot(&[7; 20], &hash(99), &large));
            assert!(matches!(failed, Err(Error::DiskFull)), "{failed:?}");
            disk.fill_up(false);
            store.write(|batch| batch.put_meta("other", b"1")).unwrap();
        }
    });
}

#[test]
fn a_full_disk_at_the_opening_is_said_and_nothing_is_put_aside() {
    let disk = SimulatedDisk::new();
    disk.fill_up(true);
    assert!(matches!(Store::in_memory(&disk), Err(Error::DiskFull)));
    disk.fill_up(false);
    assert!(matches!(Store::in_memory(&disk), Ok((_, Opened::Fresh))));
}

/// A real file system with little room, in namespaces of this test's own.
#[test]
fn a_full_file_system_fails_writes_only_and_only_while_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let exe = std::env::current_exe().unwrap();
    let script = r#"mount -t tmpfs -o size=4m none "$0" || exit 77; exec "$1" --exact on_a_small_file_system --ignored"#;
    let run = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(folder.path())
        .arg(exe)
        .env("FOLDER", folder.path())
        .output();
    match run {
        Ok(run) if run.status.success() => {
            assert!(String::from_utf8_lossy(&run.stdout).contains("1 passed"), "{run:?}");
        }
        // No namespaces or no tmpfs here: the simulated disk shows the same.
        Ok(run) if run.status.code() == Some(77) || run.stdout.is_empty() => {
            println!("skipped: {}", String::from_utf8_lossy(&run.stderr));
        }
        Ok(run) => panic!("{run:#?}"),
        Err(error) => println!("skipped: {error}"),
    }
}

#[test]
#[ignore = "started by the test above"]
fn on_a_small_file_system() {
    let folder = std::path::PathBuf::from(std::env::var("FOLDER").unwrap());
    let store = Store::open(folder.join("store")).unwrap();
    store.write(|batch| batch.put_meta("a", b"1")).unwrap();
    let ballast = folder.join("ballast");
    let filled = std::fs::write(&ballast, vec![1; 8 << 20]);
    assert!(filled.is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull));
    for _ in 0..3 {
        let failed = store.write(|batch| batch.put_snapshot(&ALICE, &hash(1), &blob(1, 3_000_000)));
        assert!(matches!(failed, Err(Error::DiskFull)), "{failed:?}");
        assert_eq!(store.meta("a").unwrap().unwrap(), b"1");
    }
    std::fs::remove_file(ballast).unwrap();
    store.write(|batch| batch.put_snapshot(&ALICE, &hash(1), &blob(1, 300_000))).unwrap();
    assert!(store.snapshot(&ALICE, &hash(1)).unwrap().unwrap() == blob(1, 300_000));
    drop(store);
    assert_eq!(Store::open(folder.join("store")).unwrap().meta("a").unwrap().unwrap(), b"1");
}
