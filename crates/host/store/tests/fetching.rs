//! Snapshots that come chunk by chunk, and what is kept of how much.

mod common;

use common::{ALICE, BOB, blob, delta, hash};
use enigma_protocol::snapshot;
use enigma_store::{CHUNK_BYTES, Error, Manifest, Store};

#[test]
fn chunks_are_those_that_peers_exchange() {
    assert_eq!(CHUNK_BYTES, snapshot::CHUNK);
    for length in [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7] {
        let blob = blob(1, length);
        let (ours, theirs) = (Manifest::of(&blob), snapshot::Manifest::of(&blob));
        assert_eq!(ours.length, theirs.length);
        assert!(ours.hashes.iter().eq(theirs.hashes.0.iter().map(|hash| &hash.0)));
        assert!(ours.is_whole());
    }
}

#[test]
fn a_fetch_goes_on_after_a_restart_and_ends_in_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let whole = blob(5, 3 * CHUNK_BYTES + 100);
    let manifest = Manifest::of(&whole);
    let chunks: Vec<&[u8]> = whole.chunks(CHUNK_BYTES).collect();
    let store = Store::open(&path).unwrap();
    store
        .write(|batch| {
            assert!(batch.begin_partial(&ALICE, &hash(1), &manifest)?);
            batch.put_chunk(&ALICE, &hash(1), 3, chunks[3])?;
            batch.put_chunk(&ALICE, &hash(1), 0, chunks[0])
        })
        .unwrap();
    drop(store);

    let store = Store::open(&path).unwrap();
    assert_eq!(store.partials(&ALICE).unwrap(), [hash(1)]);
    assert_eq!(store.manifest(&ALICE, &hash(1)).unwrap().unwrap(), manifest);
    assert_eq!(store.chunks_present(&ALICE, &hash(1)).unwrap(), [0, 3]);
    assert_eq!(store.chunk(&ALICE, &hash(1), 3).unwrap().unwrap(), chunks[3]);
    assert_eq!(store.snapshot(&ALICE, &hash(1)).unwrap(), None);
    assert_eq!(store.snapshots(&ALICE).unwrap(), [[0; 32]; 0]);
    let missing = store
        .write(|batch| {
            assert!(batch.begin_partial(&ALICE, &hash(1), &manifest)?);
            batch.put_chunk(&ALICE, &hash(1), 1, chunks[1])?;
            batch.assemble(&ALICE, &hash(1))
        })
        .unwrap();
    assert_eq!(missing, [2]);
    let missing = store
        .write(|batch| {
            batch.put_chunk(&ALICE, &hash(1), 2, chunks[2])?;
            batch.assemble(&ALICE, &hash(1))
        })
        .unwrap();
    assert!(missing.is_empty());
    assert!(store.snapshot(&ALICE, &hash(1)).unwrap().unwrap() == whole);
    assert_eq!(store.snapshots(&ALICE).unwrap(), [hash(1)]);
    assert!(store.partials(&ALICE).unwrap().is_empty());
    // Peers get it chunk by chunk as before.
    assert_eq!(store.chunk(&ALICE, &hash(1), 1).unwrap().unwrap(), chunks[1]);
    assert_eq!(store.manifest(&ALICE, &hash(1)).unwrap().unwrap(), manifest);
    assert!(!store.write(|batch| batch.begin_partial(&ALICE, &hash(1), &manifest)).unwrap());
}

#[test]
fn wrong_chunks_and_manifests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let whole = blob(5, 2 * CHUNK_BYTES);
    let manifest = Manifest::of(&whole);
    let put = |index: u32, bytes: &[u8]| store.write(|batch| batch.put_chunk(&ALICE, &hash(1), index, bytes));
    assert!(matches!(put(0, &whole[..CHUNK_BYTES]), Err(Error::UnknownPartial { .. })));
    assert!(matches!(
        store.write(|batch| batch.assemble(&ALICE, &hash(1))),
        Err(Error::UnknownPartial { .. })
    ));
    store.write(|batch| batch.begin_partial(&ALICE, &hash(1), &manifest)).unwrap();
    assert!(matches!(put(1, &whole[..CHUNK_BYTES]), Err(Error::WrongChunk { index: 1 })));
    assert!(matches!(put(0, &whole[..CHUNK_BYTES - 1]), Err(Error::WrongChunk { .. })));
    assert!(matches!(put(2, &[]), Err(Error::WrongChunk { .. })));
    assert!(matches!(put(u32::MAX, &whole[..CHUNK_BYTES]), Err(Error::WrongChunk { .. })));
    for broken in [
        Manifest { length: manifest.length + 1, ..manifest.clone() },
        Manifest { length: u64::MAX, ..manifest.clone() },
        Manifest { length: 0, ..manifest.clone() },
    ] {
        let refused = store.write(|batch| batch.begin_partial(&ALICE, &hash(1), &broken));
        assert!(matches!(refused, Err(Error::NotAManifest { .. })));
    }
    put(0, &whole[..CHUNK_BYTES]).unwrap();
    // Another manifest under that hash: whose chunks they are is not known any more.
    let other = Manifest::of(&blob(6, 2 * CHUNK_BYTES));
    store.write(|batch| batch.begin_partial(&ALICE, &hash(1), &other)).unwrap();
    assert!(store.chunks_present(&ALICE, &hash(1)).unwrap().is_empty());
    assert!(store.write(|batch| batch.drop_partial(&ALICE, &hash(1))).unwrap());
    assert!(!store.write(|batch| batch.drop_partial(&ALICE, &hash(1))).unwrap());
    assert_eq!(store.manifest(&ALICE, &hash(1)).unwrap(), None);
}

#[test]
fn a_snapshot_that_comes_as_a_whole_ends_its_fetching() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let whole = blob(5, CHUNK_BYTES + 1);
    store
        .write(|batch| {
            batch.begin_partial(&ALICE, &hash(1), &Manifest::of(&blob(6, 5 * CHUNK_BYTES)))?;
            batch.put_snapshot(&ALICE, &hash(1), &whole)
        })
        .unwrap();
    assert!(store.partials(&ALICE).unwrap().is_empty());
    assert_eq!(store.chunks_present(&ALICE, &hash(1)).unwrap(), [0, 1]);
    assert!(store.snapshot(&ALICE, &hash(1)).unwrap().unwrap() == whole);
}

#[test]
fn the_least_used_contracts_go_first_until_the_rest_fits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let carol = [0xca; 20];
    store
        .write(|batch| {
            for (contract, n, epoch) in [(&ALICE, 1, 9), (&BOB, 2, 4), (&carol, 3, 7)] {
                batch.put_snapshot(contract, &hash(n), &blob(n, 1000))?;
                batch.set_latest_snapshot(contract, &hash(n))?;
                batch.touch(contract, epoch)?;
                batch.touch(contract, epoch - 1)?;
            }
            batch.put_delta(&ALICE, 1, &delta(1))?;
            let whole = blob(7, CHUNK_BYTES + 10);
            batch.begin_partial(&BOB, &hash(7), &Manifest::of(&whole))?;
            batch.put_chunk(&BOB, &hash(7), 1, &whole[CHUNK_BYTES..])
        })
        .unwrap();
    let held = store.held().unwrap();
    assert_eq!(held.iter().map(|held| held.contract).collect::<Vec<_>>(), [BOB, carol, ALICE]);
    assert_eq!((held[0].snapshot_bytes, held[0].partial_bytes, held[0].touched), (1000, 10, 4));
    assert!(held[2].delta_bytes as usize >= delta(1).sealed.len());
    assert_eq!(store.least_used(u64::MAX).unwrap(), [[0; 20]; 0]);
    assert_eq!(store.least_used(held[1].bytes() + held[2].bytes()).unwrap(), [BOB]);
    assert_eq!(store.least_used(held[2].bytes()).unwrap(), [BOB, carol]);
    assert_eq!(store.least_used(0).unwrap(), [BOB, carol, ALICE]);

    store.write(|batch| batch.forget(&BOB)).unwrap();
    assert_eq!(store.snapshot(&BOB, &hash(2)).unwrap(), None);
    assert_eq!(store.latest_snapshot(&BOB).unwrap(), None);
    assert!(store.chunks_present(&BOB, &hash(2)).unwrap().is_empty());
    assert!(store.chunks_present(&BOB, &hash(7)).unwrap().is_empty());
    assert!(store.partials(&BOB).unwrap().is_empty());
    assert_eq!(store.held().unwrap().len(), 2);
    assert!(store.snapshot(&ALICE, &hash(1)).unwrap().is_some());
    assert!(store.snapshot(&carol, &hash(3)).unwrap().is_some());
    assert_eq!(store.damaged(), []);
}

#[test]
fn a_store_that_forgets_and_compacts_gives_its_room_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    for n in 0..8 {
        store.write(|batch| batch.put_snapshot(&ALICE, &hash(n), &blob(n, 2_000_000))).unwrap();
    }
    store.write(|batch| batch.put_snapshot(&BOB, &hash(1), &blob(1, 100_000))).unwrap();
    let large = store.size().unwrap();
    store.write(|batch| batch.forget(&ALICE)).unwrap();
    store.compact().unwrap();
    let small = store.size().unwrap();
    println!("{large} bytes, then {small}");
    assert!(small * 4 < large, "{small} of {large}");
    assert!(store.snapshot(&BOB, &hash(1)).unwrap().unwrap() == blob(1, 100_000));
}
