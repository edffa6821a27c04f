//! A contract of whose state more has changed since its snapshot than one frame of an enclave's door holds: whoever takes
//! it over replays it in pieces.

use std::time::Duration;

use alloy_primitives::U256;
use enigma_chain::accounts;
use enigma_sdk::{Limits, Sent};
use enigma_tests::network::wait_for;
use serde_json::json;

use super::user::User;

const SLATE: &str = "tests/tests/takeover/Slate.sol:Slate";
/// Slots that a task writes: just so many that its delta is as long as any that a commit has room for.
const SLOTS: u64 = 540;
const DELTA: usize = 65_552;
/// Bytes of deltas in one piece.
const PIECE: usize = 12 << 20;
const LIMITS: Limits = Limits { gas: 16_000_000, bytes: 80_000, outbound: 0 };
const KEY_NODES: u32 = 4;
const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_state_that_fits_no_frame_is_taken_over_in_pieces() {
    let user = User::of(SLATE, 1);
    begin_an_epoch_without_end(&user);
    let epoch = user.watch.ask(user.watch.chain().network_state()).epoch;
    let tasks = PIECE / DELTA + 1;
    for total in 1..=tasks {
        let sent = write(&user, 1, SLOTS);
        assert_eq!(user.result_of(&sent), U256::from(total));
        assert_eq!(user.commit_of(&sent).outcomes[0].delta.len(), DELTA);
    }
    let record = user.watch.ask(user.watch.chain().secret_contract(user.contract));
    assert_eq!(u64::from(record.sealedEpoch), epoch, "all of it since one snapshot");

    // Who takes over has executed none of it.
    let order = user.watch.order(user.contract);
    user.network.kill_node(&order[0].name);
    let sent = write(&user, 5, 0);
    assert_eq!(user.result_of(&sent), U256::from(tasks + 5));
    let signers = user.watch.signers(&user.commit_of(&sent));
    assert_ne!(signers, [order[0].name.as_str()]);
    let log = user.network.data_dir().join(format!("{}.log", signers[0]));
    let log = std::fs::read_to_string(log).unwrap();
    let mut brought = log.lines().filter(|line| line.contains("bringing a state"));
    assert!(brought.any(|line| line.contains("pieces=2")), "{log}");
}

fn write(user: &User, amount: u64, slots: u64) -> Sent {
    user.send("write(uint256,uint256)", &[amount, slots], LIMITS)
}

/// Nobody can pay for a beacon any more, so the epoch after this one is the last to begin.
fn begin_an_epoch_without_end(user: &User) {
    let state = || user.watch.ask(user.watch.chain().network_state());
    wait_for("the next epoch's beacon", SOON, || state().next_seeded().then_some(()));
    for member in 0..KEY_NODES {
        let operator = accounts::local_address(accounts::FIRST_KEY_NODE + member).unwrap();
        user.network.rpc("anvil_setBalance", json!([operator, "0x0"]));
    }
    let left = state().next_start.saturating_sub(user.watch.height());
    user.network.rpc("anvil_mine", json!([format!("{left:#x}")]));
}
