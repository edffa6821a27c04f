//! Takeover between real processes: the executor of a task dies with its commit on the way, or while the clock is held, or
//! with a state that nobody else has in memory, and the next ones in the order finish the task. And tasks that are hard to
//! finish.

#[path = "takeover/heavy.rs"]
mod heavy;
#[path = "takeover/pieces.rs"]
mod pieces;
#[path = "takeover/scene.rs"]
mod scene;
#[path = "takeover/user.rs"]
mod user;

use enigma_tests::network::watch::End;

use scene::{CHEAP, DEAR, Fate, Scene, TAKEOVER};

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

#[test]
fn a_base_fee_above_the_cap_stops_the_clock_and_the_takeover_comes_as_much_later() {
    let mut scene = Scene::start(1);
    scene.watch.make_room(&scene.network, 50);
    let order = scene.watch.order(scene.contract);
    let [silent, taker, _] = &order[..] else { panic!("three workers") };
    let from = scene.watch.height() + 1;

    // The first worker cannot commit at this price, and says so; then it dies.
    let task = scene.ask_while_stopped(silent);
    let (created, held) = scene.hold_by(silent);
    assert_eq!(held - created, 2, "in its turn");
    scene.stop(silent);

    // However long that takes, nobody takes over, whether the price is paid again or not, before the clock goes on.
    scene.mine_at(DEAR, 12);
    assert_eq!(scene.clock().0, held, "it stands still");
    assert_eq!(scene.watch.slashed(scene.contract, from), []);

    scene.mine_at(CHEAP, 1);
    scene.go_on();
    let told = task.join().unwrap();
    assert_eq!(scene.signers_of(&told), [taker.name.as_str()]);
    let landed = scene.watch.commit_of(scene.contract, told["index"].as_u64().unwrap()).block_number;
    let (paused_at, clock_from) = scene.clock();
    assert_eq!(paused_at, 0);
    let resumed = clock_from + (held - created);
    println!("created in {created}, held in {held}, resumed in {resumed}, taken over in {landed}");
    assert!(resumed > held + 12, "a pause of {} blocks", resumed - held);
    assert!(
        (clock_from + TAKEOVER..=clock_from + TAKEOVER + 2).contains(&landed),
        "{landed} from {clock_from}"
    );
    let slashed: Vec<u64> = scene.watch.slashed(scene.contract, from).into_iter().map(|(id, _)| id).collect();
    assert_eq!(slashed, [silent.id]);
    scene.restart(silent);
    assert_eq!(scene.add(), [taker.name.as_str()]);
}
