//! The order and the clock, and the hash of a snapshot, against `vectors/clock.json`, which an implementation of its own
//! has made (`vectors/scripts/clock.py`).

use alloy_primitives::B256;
use enigma_protocol::{
    clock::{Marks, Order, SEQUENCE, Terms},
    snapshot::{Manifest, snapshot_hash},
};
use serde_json::Value;

use crate::stored;

fn int(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap()
}

fn list(vectors: &Value, name: &str) -> Vec<Value> {
    vectors[name].as_array().unwrap().clone()
}

#[test]
fn waits_are_those_of_the_vectors() {
    let waits = list(&stored("clock"), "waits");
    assert!(waits.len() >= 100, "{}", waits.len());
    for wait in waits {
        let terms = Terms {
            signers: int(&wait, "signers") as u8,
            group_size: int(&wait, "groupSize") as u8,
            takeover: int(&wait, "takeover"),
        };
        assert_eq!(terms.wait(int(&wait, "position") as usize), int(&wait, "wait"), "{wait}");
    }
}

#[test]
fn orders_are_those_of_the_vectors() {
    let orders = list(&stored("clock"), "orders");
    assert!(orders.iter().any(|o| int(o, "count") == SEQUENCE as u64) && orders.len() >= 40);
    for vector in orders {
        let order = Order { silent: int(&vector, "silent") as u8, count: int(&vector, "count") as usize };
        let ranks: Vec<usize> = list(&vector, "order").iter().map(|r| r.as_u64().unwrap() as usize).collect();
        assert_eq!(order.ranks(), ranks, "{vector}");
        for (position, rank) in ranks.into_iter().enumerate() {
            assert_eq!(order.position(rank), Some(position), "{vector}");
        }
    }
}

#[test]
fn clocks_are_those_of_the_vectors() {
    let clocks = list(&stored("clock"), "clocks");
    assert!(clocks.len() >= 200 && clocks.iter().any(|c| int(c, "pausedAt") > 0));
    for vector in clocks {
        let marks = Marks {
            oldest_input: int(&vector, "oldestInput"),
            epoch_start: int(&vector, "epochStart"),
            last_commit: int(&vector, "lastCommit"),
            clock_from: int(&vector, "clockFrom"),
            paused_at: int(&vector, "pausedAt"),
        };
        let (block, elapsed) = (int(&vector, "block"), int(&vector, "elapsed"));
        assert_eq!(marks.elapsed(block), elapsed, "{vector}");
        for wait in 1..40 {
            assert_eq!(marks.reaches(wait).is_some_and(|at| at <= block), elapsed >= wait, "{vector}");
        }
        // A group of as many as `whole` says, whose turns are a block each.
        let terms = Terms { signers: 1, group_size: int(&vector, "whole") as u8, takeover: 1 };
        let from = marks.skip_from(&terms, int(&vector, "deadline"));
        assert_eq!(if from <= block { 0 } else { from }, int(&vector, "skipFrom"), "{vector}");
    }
}

#[test]
fn snapshots_hash_as_in_the_vectors() {
    let snapshots = list(&stored("clock"), "snapshots");
    assert!(snapshots.len() >= 3);
    for vector in snapshots {
        let sealed: Vec<u8> = (0..int(&vector, "length")).map(|i| (7 * i + 3) as u8).collect();
        let hash: B256 = vector["hash"].as_str().unwrap().parse().unwrap();
        assert_eq!(snapshot_hash(&sealed), hash, "{vector}");
        assert!(Manifest::of(&sealed).is_whole());
    }
}
