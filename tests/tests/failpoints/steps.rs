//! How each point is reached.

use alloy_primitives::Address;
use enigma_tests::network::{wait_for, watch::End};
use serde_json::json;

use crate::scene::{PATIENCE, Scene};

/// When a dead worker comes back: it may finish the task itself, or others do it without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Back {
    AtOnce,
    AfterTheTask,
}

const BACK: [Back; 2] = [Back::AtOnce, Back::AfterTheTask];

/// Lets a process die at `point`, starts it again, and sees to it that what was under way ends well.
pub fn run(scene: &mut Scene, point: &str) {
    scene.make_room();
    match point {
        // Whoever starts does these at once: the task is there before.
        "worker.follow.after" | "worker.disk.before-write" | "worker.disk.after-write" => {
            let victim = scene.order(scene.plain).swap_remove(0);
            scene.stop(&victim);
            scene.task_around(scene.plain, |scene| scene.dies_while_it_starts(&victim, point));
        }
        "worker.sync.chunk" => {
            let victim = scene.order(scene.plain).swap_remove(0);
            scene.stop(&victim);
            let database = scene.network.data_dir().join(&victim).join("worker.redb");
            std::fs::remove_file(database).expect("a worker's database");
            scene.task_around(scene.plain, |scene| scene.dies_while_it_starts(&victim, point));
        }
        // The first receipt of an epoch brings a snapshot.
        "worker.snapshot.kept" => {
            for back in BACK {
                scene.next_epoch();
                task_kills_once(scene, scene.plain, 0, point, back);
            }
        }
        "worker.execute.before"
        | "worker.execute.after"
        | "worker.commit.before-send"
        | "worker.commit.after-send"
        | "worker.commit.landed" => {
            task_kills(scene, scene.plain, 0, point);
        }
        "worker.cosign.before" => {
            task_kills(scene, scene.double, 1, point);
        }
        "worker.cosign.after" => {
            task_kills(scene, scene.double, 0, point);
        }
        "worker.skip.before" => skip(scene, point),
        "key.release.before" | "key.release.after" => {
            scene.arm("key-2", point);
            scene.network.await_well("key-2");
            // A new contract's keys are on no worker yet.
            let contract = scene.deploy(1);
            scene.died("key-2", point);
            scene.start_again("key-2");
            scene.plain = contract;
        }
        "key.beacon.before-post" | "key.beacon.after-post" => {
            // The first member posts first; it has posted the next epoch's beacon by now.
            scene.wait_until_seeded();
            scene.arm("key-1", point);
            scene.network.await_well("key-1");
            let epoch = scene.epoch();
            scene.mine_to_the_end_of_the_epoch();
            scene.died("key-1", point);
            scene.start_again("key-1");
            scene.wait_until_seeded();
            assert_eq!(scene.epoch(), epoch + 1);
        }
        "key.start.before-caught-up" => {
            scene.stop("key-3");
            scene.dies_while_it_starts("key-3", point);
            // It answers only once it has caught up; with another one away, its part is needed.
            scene.stop("key-4");
            scene.plain = scene.deploy(1);
            scene.start_again("key-4");
        }
        other => panic!("no scenario reaches {other}"),
    }
}

/// Two tasks during each of which the worker at a place of the contract's order dies, that ran already.
fn task_kills(scene: &mut Scene, contract: Address, position: usize, point: &str) {
    for back in BACK {
        task_kills_once(scene, contract, position, point, back);
    }
}

fn task_kills_once(scene: &mut Scene, contract: Address, position: usize, point: &str, back: Back) {
    let victim = scene.order(contract).swap_remove(position);
    scene.arm(&victim, point);
    scene.network.await_well(&victim);
    scene.task_around(contract, |scene| {
        scene.died(&victim, point);
        if back == Back::AtOnce {
            scene.start_again(&victim);
        }
    });
    if back == Back::AfterTheTask {
        scene.start_again(&victim);
    }
}

/// One worker alone cannot finish a task that two must sign. It skips it when the deadline is over, and dies before.
fn skip(scene: &mut Scene, point: &str) {
    let contract = scene.double;
    let order = scene.order(contract);
    let [survivor, others @ ..] = &order[..] else { panic!("no workers") };
    others.iter().for_each(|name| scene.stop(name));
    scene.arm(survivor, point);
    let index = scene.send_in_vain(contract, |scene| {
        wait_for("the deadline", PATIENCE, || {
            if scene.reached(point) {
                return Some(());
            }
            let status = scene.network.status();
            if status["nextEpochSeeded"] == true {
                scene.network.rpc("anvil_mine", json!(["0x8"]));
            }
            None
        });
        scene.died(survivor, point);
        scene.start_again(survivor);
    });
    assert_eq!(scene.watch.end_of(contract, index), End::Skipped);
    others.iter().for_each(|name| scene.start_again(name));
}
