//! Snapshots that workers lost, between real processes: declared lost on the chain with a bond, and then either posted
//! there by the one who still has them, or done without.
//!
//! ```text
//! scene  a network, a contract with a large snapshot, workers that lose their databases
//! Heap   the contract
//! ```

#[path = "soak/scene.rs"]
mod known;
#[path = "lost/scene.rs"]
mod scene;

use std::time::Instant;

use alloy_primitives::U256;
use enigma_chain::Event;
use enigma_protocol::snapshot::CHUNK;

use scene::{Scene, WORKERS};

/// Blocks for which a worker looks for a snapshot before it declares it lost.
const SEARCH: u64 = 8;
/// Blocks of an epoch on a local network: so long a lost snapshot may be posted.
const PERIOD: u64 = 64;

/// Wei that whoever declares a loss puts up.
fn bond() -> U256 {
    U256::from(10).pow(U256::from(17))
}

#[test]
fn a_snapshot_that_everybody_lost_is_declared_waited_for_and_done_without() {
    let mut scene = Scene::with_a_large_snapshot();
    let lost = scene.record().snapshotHash;
    scene.lose_databases(&WORKERS);
    let before = scene.purses();

    let sent = scene.send(5);
    let declared = scene.declaration(sent.block);
    let since = declared.block_number;
    println!("declared lost {} blocks after the task", since - sent.block);
    assert!(since > sent.block + SEARCH, "it was looked for first");
    assert_eq!((declared.snapshot_hash, declared.bond), (lost, bond()));
    assert!(scene.serves(declared.declarer), "by one of those that serve the contract");
    let record = scene.lost().expect("the declaration is open");
    assert_eq!((record.declarer, record.since, record.bond), (declared.declarer, since, bond()));
    assert_eq!((record.paid, record.posted), (U256::ZERO, U256::ZERO));

    // Others need not wait for that.
    let other = scene.deploy();
    assert_eq!(scene.add_to(other, 3), 3);
    let served = scene.watch.commit_of(other, 1).block_number;
    assert!(served < since + PERIOD, "{served}");
    // A little before the end nothing has changed.
    scene.mine_to(since + PERIOD - 8);
    assert_eq!(scene.record().cursor, sent.index, "nobody may have the older keys yet");
    assert!(scene.lost().is_some());
    scene.mine_to(since + PERIOD);
    let waited = Instant::now();
    assert_eq!(scene.total_after(&sent), scene.total);
    let commit = scene.watch.commit_of(scene.contract, sent.index);
    println!(
        "rebuilt and committed {} blocks after the declaration, {:.1} s after the period's end",
        commit.block_number - since,
        waited.elapsed().as_secs_f32()
    );
    assert!(commit.block_number > since + PERIOD);
    assert!(!commit.snapshot_hash.is_zero() && commit.snapshot_hash != lost, "there is a new snapshot");

    // With which the declaration is over, and the bond goes back.
    assert!(scene.lost().is_none());
    let found = scene.found(since);
    assert_eq!((found.block_number, found.snapshot_hash), (commit.block_number, commit.snapshot_hash));
    let posted = scene.watch.since(since).into_iter().filter(|e| matches!(e, Event::ChunkPosted(_))).count();
    assert_eq!(posted, 0, "there was nothing to post");
    scene.goes_on();
    scene.all_paid(
        &before,
        sent.block,
        |operator| {
            if operator == declared.declarer { bond() } else { U256::ZERO }
        },
    );
    scene.audited(&[(other, 3)]);
}

#[test]
fn a_worker_that_was_away_posts_the_snapshot_that_all_others_lost_and_earns_the_bond() {
    let mut scene = Scene::with_a_large_snapshot();
    let lost = scene.record().snapshotHash;
    // Whoever folded it in has it.
    let holder = scene.holder();
    let others: Vec<&str> = WORKERS.into_iter().filter(|name| *name != holder).collect();
    scene.stop(&holder);
    scene.lose_databases(&others);
    let before = scene.purses();

    let sent = scene.send(5);
    let declared = scene.declaration(sent.block);
    let since = declared.block_number;
    assert_eq!((declared.snapshot_hash, declared.bond), (lost, bond()));
    let theirs: Vec<_> = others.iter().map(|name| scene.operator(name)).collect();
    assert!(theirs.contains(&declared.declarer));

    // Back, but where it sees only the chain: what others get of it they get there.
    scene.start_alone(&holder);
    let found = scene.found(since);
    println!(
        "declared {} blocks after the task, all posted {} blocks later",
        since - sent.block,
        found.block_number - since
    );
    assert_eq!(found.snapshot_hash, lost);
    assert!(found.block_number < since + PERIOD);
    let chunks: Vec<_> = scene
        .watch
        .since(since)
        .into_iter()
        .filter_map(|event| if let Event::ChunkPosted(chunk) = event { Some(chunk) } else { None })
        .collect();
    let lengths: Vec<usize> = chunks.iter().map(|chunk| chunk.chunk.len()).collect();
    println!("{} chunks of {lengths:?} bytes", chunks.len());
    assert!(chunks.len() >= 2 && lengths[..chunks.len() - 1].iter().all(|length| *length == CHUNK));
    assert!(chunks.iter().zip(0..).all(|(chunk, place)| chunk.index == place && chunk.snapshot_hash == lost));
    assert!(scene.lost().is_none());

    assert_eq!(scene.total_after(&sent), scene.total);
    let commit = scene.watch.commit_of(scene.contract, sent.index);
    println!("committed {} blocks after it was posted", commit.block_number - found.block_number);
    assert!(commit.block_number > found.block_number && commit.block_number < since + PERIOD);
    assert!(others.contains(&scene.watch.signers(&commit)[0].as_str()));
    scene.all_paid(&before, sent.block, |operator| {
        if operator == scene.operator(&holder) { bond() } else { U256::ZERO }
    });

    scene.start_as_before(&holder);
    scene.goes_on();
    scene.audited(&[]);
}
