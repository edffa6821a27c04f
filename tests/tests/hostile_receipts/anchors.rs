//! Receipts computed on another chain, or on a view of this one that does not serve.

use enigma_tests::rig::Rig;
use serde_json::json;

use crate::{count, genuine, running};

#[tokio::test]
async fn a_receipt_computed_on_a_fork_is_refused_by_the_chain_that_went_on() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let task = count(&mut rig, contract, 3).await;
    let height = rig.chain.height().await.expect("a height");
    let now = rig.chain.block(height).await.expect("a block").timestamp;

    // The host shows its enclave a block that will not be.
    let snapshot = rig.anvil.call("evm_snapshot", json!([]));
    rig.anvil.call("evm_setNextBlockTimestamp", json!([now + 500]));
    rig.mine(1);
    let executed = rig.execute(contract, 1).await;
    let forked = rig.commitment(&executed);
    assert_eq!(rig.try_commit(std::slice::from_ref(&forked)), Ok(()), "right where it was made");
    assert_eq!(rig.anvil.call("evm_revert", json!([snapshot])), json!(true));
    rig.anvil.call("evm_setNextBlockTimestamp", json!([now + 600]));
    rig.mine(2);
    assert_eq!(rig.try_commit(std::slice::from_ref(&forked)), Err("ForeignAnchor".to_owned()));
    let sent = rig.carry(vec![forked]).await.expect_err("refused for real");
    assert!(sent.is_refusal("ForeignAnchor"), "{sent}");

    // The enclave follows the fork back and does it again.
    let commit = rig.settle(contract).await;
    assert_eq!(task.read(&commit.outcomes[0].output).data, enigma_tests::rig::program::word(1));
    rig.books().await.assert_balanced();
}

#[tokio::test]
async fn an_anchor_beyond_the_reach_of_block_hashes_is_refused() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    // As if blocks had passed; the epoch goes on, for no beacon came.
    let after = |blocks: u64| {
        let number = json!({"number": format!("{:#x}", commitment.receipt.anchorNumber + blocks)});
        rig.try_commit_if(std::slice::from_ref(&commitment), json!({}), number)
    };
    assert_eq!(after(1), Ok(()));
    assert_eq!(after(257), Ok(()));
    assert_eq!(after(8_191), Ok(()));
    assert_eq!(after(8_192), Err("AnchorTooOld".to_owned()));
    assert_eq!(after(1 << 40), Err("AnchorTooOld".to_owned()));
    rig.commit(&executed).await;
}

#[tokio::test]
async fn an_anchor_deeper_than_the_opcode_reaches_is_looked_up_in_the_history() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    rig.mine(300);
    assert_eq!(rig.try_commit(std::slice::from_ref(&commitment)), Ok(()));
    let mut foreign = commitment.clone();
    foreign.receipt.anchorHash.0[0] ^= 1;
    assert_eq!(rig.try_commit(&[foreign]), Err("ForeignAnchor".to_owned()));
    rig.commit(&executed).await;
}
