//! What the store promises.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use enigma_store::{Address, Cursor, Delta, Error, Hash, MAX_NAME_BYTES, Snapshot, Store};
use tempfile::TempDir;

const ALICE: Address = [0xa1; 20];
const BOB: Address = [0xb0; 20];

fn new_store() -> (TempDir, PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::open(&path).unwrap();
    (folder, path, store)
}

fn hash(n: u8) -> Hash {
    [n; 32]
}

fn delta(n: u8) -> Delta {
    Delta { input_hash: hash(n), sealed: vec![n; usize::from(n)] }
}

fn write<T>(store: &Store, work: impl FnOnce(&mut enigma_store::Batch) -> Result<T, Error>) -> T {
    store.write(work).unwrap()
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let (_folder, path, store) = new_store();
    let cursor = Cursor { number: u64::MAX - 1, hash: hash(9) };
    write(&store, |batch| {
        batch.put_meta("identity", b"sealed")?;
        batch.put_cursor("follower", cursor)?;
        batch.put_snapshot(&ALICE, &hash(1), b"state")?;
        batch.set_latest_snapshot(&ALICE, &hash(1))?;
        batch.put_delta(&ALICE, 7, &delta(3))
    });
    drop(store);

    let store = Store::open(&path).unwrap();
    assert_eq!(store.meta("identity").unwrap().unwrap(), b"sealed");
    assert_eq!(store.cursor("follower").unwrap(), Some(cursor));
    let latest = store.latest_snapshot(&ALICE).unwrap().unwrap();
    let expected = Snapshot { hash: hash(1), sealed: b"state".to_vec() };
    assert_eq!(latest, expected);
    assert_eq!(store.delta(&ALICE, 7).unwrap(), Some(delta(3)));
    assert_eq!(store.latest_snapshots().unwrap(), [(ALICE, hash(1))]);
}

#[test]
fn a_new_store_is_empty_and_private() {
    let (_folder, path, store) = new_store();
    assert_eq!(store.meta("x").unwrap(), None);
    assert_eq!(store.cursor("x").unwrap(), None);
    assert_eq!(store.snapshot(&ALICE, &hash(1)).unwrap(), None);
    assert_eq!(store.latest_snapshot(&ALICE).unwrap(), None);
    assert_eq!(store.delta(&ALICE, 0).unwrap(), None);
    assert_eq!(store.deltas(&ALICE, 0, 10).unwrap(), []);
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn a_batch_that_fails_leaves_no_trace() {
    let (_folder, path, store) = new_store();
    write(&store, |batch| batch.put_meta("cursor", b"old"));
    let failed = store.write(|batch| {
        batch.put_meta("cursor", b"new")?;
        batch.put_snapshot(&ALICE, &hash(1), b"state")?;
        batch.set_latest_snapshot(&ALICE, &hash(1))?;
        batch.put_delta(&ALICE, 0, &delta(1))?;
        batch.set_latest_snapshot(&ALICE, &hash(2))
    });
    assert!(matches!(failed, Err(Error::UnknownSnapshot { hash: h }) if h == hash(2)));
    drop(store);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.meta("cursor").unwrap().unwrap(), b"old");
    assert_eq!(store.snapshot(&ALICE, &hash(1)).unwrap(), None);
    assert_eq!(store.latest_snapshot(&ALICE).unwrap(), None);
    assert_eq!(store.delta(&ALICE, 0).unwrap(), None);
}

#[test]
fn readers_see_a_batch_whole_or_not_at_all() {
    let (_folder, _path, store) = new_store();
    write(&store, |batch| {
        batch.put_meta("a", b"1")?;
        assert_eq!(store.meta("a")?, None);
        Ok(())
    });
    assert_eq!(store.meta("a").unwrap().unwrap(), b"1");
}

#[test]
fn pruning_keeps_the_newest_and_the_latest() {
    let (_folder, _path, store) = new_store();
    write(&store, |batch| {
        for n in 1..=6 {
            batch.put_snapshot(&ALICE, &hash(n), &[n])?;
        }
        batch.put_snapshot(&BOB, &hash(1), b"bob")?;
        batch.set_latest_snapshot(&ALICE, &hash(2))
    });
    assert_eq!(write(&store, |batch| batch.retain_snapshots(&ALICE, 2)), 3);
    assert_eq!(store.snapshots(&ALICE).unwrap(), [hash(2), hash(5), hash(6)]);
    assert_eq!(store.snapshot(&ALICE, &hash(4)).unwrap(), None);
    assert_eq!(store.snapshot(&ALICE, &hash(5)).unwrap().unwrap(), [5]);
    assert_eq!(store.latest_snapshot(&ALICE).unwrap().unwrap().hash, hash(2));
    assert_eq!(store.snapshots(&BOB).unwrap(), [hash(1)]);
    assert_eq!(write(&store, |batch| batch.retain_snapshots(&ALICE, 0)), 2);
    assert_eq!(store.snapshots(&ALICE).unwrap(), [hash(2)]);
}

#[test]
fn a_snapshot_put_again_is_the_newest_and_stored_once() {
    let (_folder, _path, store) = new_store();
    write(&store, |batch| {
        for n in [1, 2, 1] {
            batch.put_snapshot(&ALICE, &hash(n), &[n])?;
        }
        Ok(())
    });
    assert_eq!(store.snapshots(&ALICE).unwrap(), [hash(2), hash(1)]);
    assert_eq!(write(&store, |batch| batch.retain_snapshots(&ALICE, 1)), 1);
    assert_eq!(store.snapshot(&ALICE, &hash(1)).unwrap().unwrap(), [1]);
}

#[test]
fn deltas_come_in_order_and_by_contract() {
    let (_folder, _path, store) = new_store();
    // 256 after 2: a wrong byte order would sort it first.
    write(&store, |batch| {
        for (index, n) in [(256, 4), (2, 2), (1, 1), (3, 3)] {
            batch.put_delta(&ALICE, index, &delta(n))?;
        }
        batch.put_delta(&BOB, 2, &delta(9))
    });
    let found = store.deltas(&ALICE, 2, 2).unwrap();
    assert_eq!(found, [(2, delta(2)), (3, delta(3))]);
    let all = store.deltas(&ALICE, 0, 10).unwrap();
    assert_eq!(all.last().unwrap(), &(256, delta(4)));
    assert_eq!(all.len(), 4);
}

#[test]
fn deltas_are_pruned_by_range_and_replaced_by_index() {
    let (_folder, _path, store) = new_store();
    write(&store, |batch| {
        for n in 0..6 {
            batch.put_delta(&ALICE, n.into(), &delta(n))?;
        }
        batch.put_delta(&BOB, 0, &delta(9))?;
        batch.put_delta(&ALICE, 3, &delta(33))
    });
    assert_eq!(write(&store, |batch| batch.remove_deltas(&ALICE, 0..3)), 3);
    let after_reorganisation = |batch: &mut enigma_store::Batch| batch.remove_deltas(&ALICE, 5..u64::MAX);
    assert_eq!(write(&store, after_reorganisation), 1);
    let left = store.deltas(&ALICE, 0, 10).unwrap();
    assert_eq!(left, [(3, delta(33)), (4, delta(4))]);
    assert_eq!(store.delta(&BOB, 0).unwrap(), Some(delta(9)));
}

#[test]
fn an_inverted_range_removes_nothing() {
    let (_folder, _path, store) = new_store();
    write(&store, |batch| batch.put_delta(&ALICE, 2, &delta(2)));
    let inverted = std::ops::Range { start: 5, end: 1 };
    assert_eq!(write(&store, |batch| batch.remove_deltas(&ALICE, inverted)), 0);
    assert_eq!(store.delta(&ALICE, 2).unwrap(), Some(delta(2)));
}

#[test]
fn meta_is_replaced_and_removed() {
    let (_folder, _path, store) = new_store();
    write(&store, |batch| batch.put_meta("a", b"1"));
    write(&store, |batch| batch.put_meta("a", b"22"));
    assert_eq!(store.meta("a").unwrap().unwrap(), b"22");
    assert!(write(&store, |batch| batch.remove_meta("a")));
    assert!(!write(&store, |batch| batch.remove_meta("a")));
    assert_eq!(store.meta("a").unwrap(), None);
}

#[test]
fn a_value_that_is_no_cursor_is_refused() {
    let (_folder, _path, store) = new_store();
    write(&store, |batch| batch.put_meta("follower", &[0; 39]));
    let error = store.cursor("follower").unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn an_endless_name_is_refused() {
    let (_folder, _path, store) = new_store();
    let name = "n".repeat(MAX_NAME_BYTES + 1);
    let error = store.write(|batch| batch.put_meta(&name, b"")).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn a_large_snapshot_survives() {
    let (_folder, path, store) = new_store();
    let blob: Vec<u8> = (0..5_000_000u32).map(|i| (i >> 5) as u8).collect();
    write(&store, |batch| batch.put_snapshot(&ALICE, &hash(1), &blob));
    drop(store);
    let store = Store::open(path).unwrap();
    assert!(store.snapshot(&ALICE, &hash(1)).unwrap().unwrap() == blob);
}

#[test]
fn a_garbage_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("garbage");
    for garbage in [vec![0x55; 5], vec![0x55; 100_000], vec![0; 100_000]] {
        fs::write(&path, &garbage).unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, Error::NotAStore { .. }), "{error}");
        assert!(fs::read(&path).unwrap() == garbage);
    }
}

#[test]
fn an_altered_page_is_refused_on_opening() {
    let (_folder, path, store) = new_store();
    let blob = [0x5a; 50_000];
    write(&store, |batch| batch.put_snapshot(&ALICE, &hash(1), &blob));
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes.windows(1000).position(|w| w == [0x5a; 1000]).unwrap();
    bytes[place + 500] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn a_truncated_store_is_refused() {
    let (_folder, path, store) = new_store();
    write(&store, |batch| batch.put_snapshot(&ALICE, &hash(1), &[1; 500_000]));
    drop(store);
    let length = fs::metadata(&path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(length / 2).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. } | Error::NotAStore { .. }), "{error}");
}

#[test]
fn a_store_opens_once_at_a_time() {
    let (_folder, path, store) = new_store();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, Error::AlreadyOpen { .. }), "{error}");
    drop(store);
    Store::open(&path).unwrap();
}

#[test]
fn a_folder_that_does_not_exist_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open(folder.path().join("missing/store")).unwrap_err();
    assert!(matches!(error, Error::Io(_)), "{error}");
}

#[test]
fn writers_on_several_threads_take_turns() {
    let (_folder, _path, store) = new_store();
    std::thread::scope(|scope| {
        for contract in 0..4u8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..10 {
                    write(store, |batch| batch.put_delta(&[contract; 20], n, &delta(1)));
                }
            });
        }
    });
    for contract in 0..4u8 {
        assert_eq!(store.deltas(&[contract; 20], 0, 100).unwrap().len(), 10);
    }
}
