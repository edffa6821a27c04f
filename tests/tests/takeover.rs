//! Takeover between real processes: the executor of a task dies with its commit on the way, and the next ones in the order
//! finish the task.

#[path = "takeover/scene.rs"]
mod scene;

use enigma_tests::network::watch::End;

use scene::{Fate, Scene};

#[test]
fn a_dead_executor_is_replaced_by_the_next_rank_and_slashed_once() {
    let mut scene = Scene::start(1);
    let order = scene.lose_a_commit(Fate::Dropped);
    let [silent, taker, third] = &order[..] else { panic!("three workers") };

    // Whoever was passed over is back, behind all others; the taker is the first from now on.
    scene.restart(silent);
    let from = scene.watch.height() + 1;
    assert_eq!(scene.add(), [taker.name.as_str()]);
    assert_eq!(scene.watch.slashed(scene.contract, from), []);

    // It serves when nobody else does.
    scene.stop(taker);
    scene.stop(third);
    assert_eq!(scene.add(), [silent.name.as_str()]);
    let slashed: Vec<u64> = scene.watch.slashed(scene.contract, from).into_iter().map(|(id, _)| id).collect();
    assert_eq!(slashed, [taker.id, third.id], "each once, and who was slashed before not again");
    scene.restart(taker);
    scene.restart(third);
    scene.add();

    // In another epoch the lost commit comes after all.
    scene.watch.make_room(&scene.network, 64 - 8);
    let order = scene.lose_a_commit(Fate::Late);
    scene.restart(&order[0]);
    assert_eq!(scene.add(), [order[1].name.as_str()]);
    assert!(scene.watch.ends(scene.contract).iter().all(|end| *end == End::Committed));
}

#[test]
fn two_signers_sign_and_when_the_first_is_dead_the_next_two() {
    let mut scene = Scene::start(2);
    let from = scene.watch.height() + 1;
    scene.watch.make_room(&scene.network, 40);
    let order = scene.watch.order(scene.contract);
    assert_eq!(scene.add(), [order[0].name.as_str(), &order[1].name]);
    assert_eq!(scene.watch.slashed(scene.contract, from), [], "all are there");

    let order = scene.lose_a_commit(Fate::Dropped);
    let [silent, taker, third] = &order[..] else { panic!("three workers") };
    scene.restart(silent);
    let from = scene.watch.height() + 1;
    assert_eq!(scene.add(), [taker.name.as_str(), &third.name]);
    assert_eq!(scene.watch.slashed(scene.contract, from), []);
    // The one that is back co-signs when one of the others is gone.
    scene.stop(third);
    assert_eq!(scene.add(), [taker.name.as_str(), &silent.name]);
    scene.restart(third);

    scene.watch.make_room(&scene.network, 64 - 8);
    let order = scene.lose_a_commit(Fate::Late);
    scene.restart(&order[0]);
    assert_eq!(scene.add(), [order[1].name.as_str(), &order[2].name]);
    assert!(scene.watch.ends(scene.contract).iter().all(|end| *end == End::Committed));
}
