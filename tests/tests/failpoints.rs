//! Every process of a network, killed at every step of a task's life, one at a time: nothing is lost, nothing comes twice.

#[path = "failpoints/scene.rs"]
mod scene;
#[path = "failpoints/steps.rs"]
mod steps;

use std::process::Command;

use enigma_failpoints::NAMES;
use enigma_tests::network::{answer, binary};

use scene::Scene;

/// Tries the points whose names begin with `role`. What follows holds for each: its process was seen to die there.
fn try_all(role: &str) {
    let mut scene = Scene::start();
    for name in NAMES.iter().filter(|name| name.starts_with(role)) {
        let start = std::time::Instant::now();
        steps::run(&mut scene, name);
        assert!(scene.reached(name));
        scene.goes_on();
        println!("{name}: {:.1} s", start.elapsed().as_secs_f32());
    }
    scene.every_input_ended_once();
}

#[test]
fn a_worker_may_die_at_any_step() {
    try_all("worker.");
}

#[test]
fn a_key_node_may_die_at_any_step() {
    try_all("key.");
}

#[test]
fn a_slip_in_the_variable_stops_the_program() {
    let mut command = Command::new(binary::enigma());
    command.arg("--version").env("ENIGMA_FAILPOINTS", "worker.comit.landed=kill");
    answer::run(command, "").failed(1, &["no failpoint is named \"worker.comit.landed\""]);
}

#[test]
fn no_step_is_left_out() {
    assert!(NAMES.iter().all(|name| name.starts_with("worker.") || name.starts_with("key.")), "{NAMES:?}");
}
