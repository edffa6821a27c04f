//! Tasks made to stall the queue of their contract: every one commits alone within a transaction, and so does the
//! honest one behind it.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue};
use enigma_evm::outbound::OUTBOUND;
use enigma_protocol::{input::Kind, output::InnerStatus};
use enigma_tests::{
    anvil,
    rig::{Rig, Terms},
};
use serde_json::json;

use crate::{
    accounts::set_balance,
    pair::{sealed, terms},
    programs::{BALANCE, BURNER, CALL, FAIL, PLAIN, Step, runCall, step},
};

/// The most gas of a transaction (EIP-7825).
const TRANSACTION_GAS: u64 = 16_777_216;

/// What a poisonous task carries.
struct Poison {
    what: &'static str,
    calldata: Vec<u8>,
    expiry: u64,
    gas_limit: u64,
    /// Its end inside; none if it does not even open.
    ends: Option<InnerStatus>,
}

fn poison(what: &'static str, steps: Vec<Step>, ends: InnerStatus) -> Poison {
    let calldata = runCall { steps }.abi_encode();
    Poison { what, calldata, expiry: 0, gas_limit: 15_000_000, ends: Some(ends) }
}

fn poisons(root: Address) -> Vec<Poison> {
    let one = U256::from(1);
    let transfers = |to, n| vec![step(CALL, to, one, vec![]); n];
    let call = |gas: u64, n: usize| {
        vec![step(CALL, OUTBOUND, one, (BURNER, gas, alloy_primitives::Bytes::new()).abi_encode_params()); n]
    };
    let harmless = || vec![step(BALANCE, root, U256::ZERO, vec![])];
    let looks = vec![step(BALANCE, root, U256::ZERO, vec![]); 150];
    let wail = vec![step(FAIL, root, U256::ZERO, vec![7; 20_000])];
    vec![
        poison("more calls than there may be", transfers(PLAIN, 65), InnerStatus::TooLarge),
        poison("transfers to a gas burner", transfers(BURNER, 50), InnerStatus::Success),
        poison("a call with all the gas", call(4_700_000, 1), InnerStatus::Success),
        poison("a call with more than all the gas", call(u64::MAX, 1), InnerStatus::TooLarge),
        poison("calls that burn theirs", call(50_000, 25), InnerStatus::Success),
        poison("a long output", looks, InnerStatus::Success),
        poison("a long reason", wail, InnerStatus::Reverted),
        Poison { expiry: 1, ..poison("an expired one", harmless(), InnerStatus::Expired) },
        Poison { gas_limit: 25_000, ..poison("no gas", harmless(), InnerStatus::Halted) },
        Poison { ends: None, ..poison("no envelope", harmless(), InnerStatus::Success) },
    ]
}

#[tokio::test]
async fn no_poison_stalls_the_queue_of_its_contract() {
    let (mut rig, root) = sealed().await;
    set_balance(&rig.anvil, root, U256::from(1_000_000));
    for poison in poisons(root) {
        let Poison { what, ends, .. } = poison;
        let reply_key = send(&mut rig, root, poison).await;
        let (bob, terms) = (rig.user(1).clone(), terms(&rig, 7).await);
        let harmless = runCall { steps: vec![step(BALANCE, root, U256::ZERO, vec![])] }.abi_encode();
        let honest = rig.task(&bob, root, &harmless, terms).await;

        let output = alone(&mut rig, root, what).await;
        if let Some(ends) = ends {
            let index = honest.event.index - 1;
            let sent = enigma_tests::rig::Sent { event: rig.input(root, index), reply_key };
            assert_eq!(sent.read(&output).status, ends, "{what}");
        } else {
            assert!(output.is_empty(), "{what}");
        }
        let output = alone(&mut rig, root, "the honest one").await;
        assert_eq!(honest.read(&output).status, InnerStatus::Success, "behind {what}");
    }
}

async fn send(rig: &mut Rig, root: Address, poison: Poison) -> [u8; 32] {
    let alice = rig.user(0).clone();
    let epoch = rig.epoch().await;
    let binding = rig.binding(Kind::Task, root, epoch, alice.address());
    let mut text = rig.seal(&binding, &poison.calldata, poison.expiry);
    if poison.ends.is_none() {
        *text.envelope.last_mut().expect("bytes") ^= 1;
    }
    let terms = Terms { gasLimit: poison.gas_limit, ..terms(rig, 0).await };
    rig.raw_input(&alice, root, epoch, text.envelope, terms).await.expect("a task");
    text.reply_key
}

/// Commits the oldest input in a transaction of its own; its output.
async fn alone(rig: &mut Rig, root: Address, what: &str) -> Vec<u8> {
    let executed = rig.execute(root, 1).await;
    let commit = rig.commit(&executed).await;
    let receipt = rig.anvil.call("eth_getTransactionReceipt", json!([commit.transaction]));
    let used = anvil::number(&receipt["gasUsed"]);
    println!("{what}: {used} gas");
    assert!(used <= TRANSACTION_GAS, "{what}: {used} gas");
    commit.outcomes[0].output.to_vec()
}
