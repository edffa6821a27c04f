//! The promise of the whole project: a secret that goes in through a task is seen by the enclave that executes it and by
//! nobody else, wherever an operator may look.
//!
//! ```text
//! scene    a network whose every wall is recorded, and what is planted in it
//! search   every channel that an operator can see
//! freeze   holds an enclave still in the middle of a task
//! history  what the chain keeps for ever
//! ```
//!
//! Every channel has a control: something planted there, or ciphertext that must pass there, which the same search must
//! find. The command-line client's own process is its user's, not an operator's: it is not searched.

#[path = "canary/freeze.rs"]
mod freeze;
#[path = "canary/history.rs"]
mod history;
#[path = "canary/scene.rs"]
mod scene;
#[path = "canary/search.rs"]
mod search;

use enigma_tests::scan::Channel;

use freeze::Frozen;
use scene::Scene;

#[test]
fn a_secret_is_seen_by_the_enclave_that_executes_it_and_by_nobody_else() {
    let mut scene = Scene::set();
    scene.send_the_secret_everywhere();
    scene.plant_controls();

    // While an enclave works on it: the task is under way until the search is over.
    let scanner = scene.scanner();
    let task = scene.start_holding();
    let frozen = Frozen::at_work(&scene, &scanner);
    // Nor does a stand-by's turn come, which would be entitled to it.
    let seen = search::all(&scene, &scanner);
    let enclaves = search::enclaves(&scene, &scanner);
    frozen.release();
    task.finish();
    told("while the task runs", &seen);
    told("enclaves, while the task runs", std::slice::from_ref(&enclaves));
    search::require_controls(&scene, &seen);
    search::forbid_secrets(&seen);
    search::require_secret_in_one_enclave(&enclaves, frozen.enclave());

    // After it.
    let mut seen = search::all(&scene, &scanner);
    seen.push(history::search(&scene, &scanner));
    told("after the task", &seen);
    search::require_controls(&scene, &seen);
    search::require_control("chain history", &seen, &["calldata", "envelope"]);
    search::forbid_secrets(&seen);

    // The chain writes its state when it stops.
    scene.network.down();
    let seen = search::at_rest(&scene, &scanner);
    told("after `down`", &seen);
    assert!(seen[0].hits.iter().any(|h| h.needle == "calldata" && h.place.ends_with("chain.json")));
    search::forbid_secrets(&seen);
}

fn told(when: &str, channels: &[Channel]) {
    println!("{when}:");
    for channel in channels {
        println!("  {:<16}{:>12} bytes", channel.name, channel.bytes);
        assert!(channel.bytes > 0, "nothing was searched in {}", channel.name);
    }
}
