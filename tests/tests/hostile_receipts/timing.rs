//! Genuine receipts at the wrong time: late, twice, or beside a bad one.

use alloy_sol_types::SolEvent;
use enigma_chain::bindings::Enigma;
use enigma_tests::{
    anvil,
    rig::{Rig, program},
};
use serde_json::json;

use crate::{count, genuine, running};

#[tokio::test]
async fn a_receipt_of_an_epoch_that_is_over_is_refused() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let task = count(&mut rig, contract, 0).await;
    let executed = rig.execute(contract, 1).await;
    let late = [rig.commitment(&executed)];
    assert_eq!(rig.try_commit(&late), Ok(()));
    rig.next_epoch().await;
    assert_eq!(rig.try_commit(&late), Err("WrongEpoch".to_owned()));
    // Nothing is lost: the next group does it again, under the next state key.
    let commit = rig.settle(contract).await;
    assert_eq!(commit.epoch, executed.receipt.epoch + 1);
    assert!(!commit.snapshot_hash.is_zero());
    assert_eq!(task.read(&commit.outcomes[0].output).data, program::word(1));
    assert_eq!(rig.try_commit(&late), Err("WrongEpoch".to_owned()));
}

#[tokio::test]
async fn a_receipt_lands_once() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    let twice = [commitment.clone(), commitment.clone()];
    assert_eq!(rig.try_commit(&twice), Ok(()), "the second of a batch is skipped");
    let landed = rig.carry(twice.to_vec()).await.expect("the first lands");
    assert_eq!(landed.len(), 1);
    assert_eq!(rig.try_commit(&[commitment]), Err("NotNextIndex".to_owned()));
    // Nor does it land on the next task, whose head it does not know.
    count(&mut rig, contract, 0).await;
    assert_eq!(rig.try_commit(&[rig.commitment(&executed)]), Err("NotNextIndex".to_owned()));
    rig.settle(contract).await;
    rig.books().await.assert_balanced();
}

#[tokio::test]
async fn of_a_batch_that_was_split_one_part_lands_in_a_block() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    for _ in 0..2 {
        count(&mut rig, contract, 0).await;
    }
    let first = rig.execute(contract, 1).await;
    let landed = rig.commit(&first).await;
    let second = rig.execute(contract, 1).await;
    let second = [rig.commitment(&second)];
    let same = json!({ "number": format!("{:#x}", landed.block_number) });
    assert_eq!(rig.try_commit_if(&second, json!({}), same), Err("AlreadyCommitted".to_owned()));
    assert_eq!(rig.try_commit(&second), Ok(()), "the next block takes it");
}

#[tokio::test]
async fn of_two_receipts_for_one_head_only_one_lands() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    for _ in 0..3 {
        count(&mut rig, contract, 1).await;
    }
    // The same head, twice: of one task, and of all three as seen from a later block.
    let short = rig.execute(contract, 1).await;
    rig.mine(1);
    let long = rig.execute(contract, 3).await;
    assert_eq!(short.receipt.state_head_before, long.receipt.state_head_before);
    let (short, long) = ([rig.commitment(&short)], [rig.commitment(&long)]);
    assert_eq!((rig.try_commit(&short), rig.try_commit(&long)), (Ok(()), Ok(())));
    let before = rig.books().await;
    let landed = rig.race([&short, &long]);
    assert_ne!(landed[0], landed[1], "exactly one");
    let after = rig.books().await;
    after.assert_balanced();
    let done = if landed[0] { 1 } else { 3 };
    assert_eq!(rig.pending(contract), 3 - done);
    assert_eq!(after.portals[&contract] - before.portals[&contract], alloy_primitives::U256::from(done));
    for loser in [&short, &long] {
        assert!(rig.try_commit(loser).is_err());
    }
    if rig.pending(contract) > 0 {
        rig.settle(contract).await;
    }
}

#[tokio::test]
async fn a_bad_receipt_of_a_batch_is_skipped_with_its_reason_and_the_good_ones_land() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let (one, two) = (running(&mut rig, &alice, 1).await, running(&mut rig, &alice, 1).await);
    let (_, good) = genuine(&mut rig, one).await;
    let (executed, real) = genuine(&mut rig, two).await;
    let mut bad = real.clone();
    bad.receipt.stateHeadBefore.0[0] ^= 1;
    let mut worse = real.clone();
    worse.signatures.clear();

    let sent = rig.carry(vec![worse.clone(), bad.clone()]).await.expect_err("all are bad");
    assert!(sent.is_refusal("MissingSignature"), "the first one's reason, {sent}");
    assert_eq!(rig.try_commit(&[]), Err("NothingToCommit".to_owned()));

    let landed = rig.carry(vec![bad, good, worse]).await.expect("the good one lands");
    assert_eq!(landed.iter().map(|c| c.contract).collect::<Vec<_>>(), [one]);
    let refused = json!({
        "address": rig.chain.enigma(), "topics": [Enigma::ReceiptRefused::SIGNATURE_HASH],
        "fromBlock": format!("{:#x}", landed[0].block_number),
    });
    let logs = rig.anvil.call("eth_getLogs", json!([refused]));
    let reasons: Vec<_> = logs
        .as_array()
        .expect("logs")
        .iter()
        .map(|log| {
            assert_eq!(anvil::word(&log["topics"][1]), two.into_word());
            anvil::bytes(&log["data"])[..4].to_vec()
        })
        .collect();
    let selector = |error: [u8; 4]| error.to_vec();
    use alloy_sol_types::SolError;
    assert_eq!(
        reasons,
        [selector(Enigma::StaleStateHead::SELECTOR), selector(Enigma::MissingSignature::SELECTOR)]
    );
    // The refused contract is as it was.
    rig.commit(&executed).await;
    rig.books().await.assert_balanced();
}
