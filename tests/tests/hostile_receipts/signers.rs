//! Genuine receipts under signatures of the wrong party.

use alloy_primitives::{B256, U256};
use enigma_chain::bindings::Enigma;
use enigma_crypto::sign::SigningKey;
use enigma_primitives::Secret;
use enigma_protocol::door::{Code, Refusal};
use enigma_tests::rig::Rig;
use serde_json::json;

use crate::{count, genuine, running};

#[tokio::test]
async fn only_the_first_rank_of_the_group_may_sign_at_once() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    let group = rig.group(contract).await;
    let outside = (0..3).find(|w| !group.contains(w)).expect("a worker outside");
    let says = |signature: Vec<u8>| {
        let mut signed = commitment.clone();
        signed.signatures = vec![signature.into()];
        rig.try_commit(&[signed])
    };
    let unknown = SigningKey::from_bytes(&Secret::from_bytes([9; 32])).expect("a key");
    let digest = rig.digest(&commitment.receipt);
    assert_eq!(says(rig.broken_signature(group[0], &commitment.receipt)), Ok(()));
    assert_eq!(says(rig.broken_signature(group[1], &commitment.receipt)), Err("TurnNotCome".to_owned()));
    assert_eq!(says(rig.broken_signature(outside, &commitment.receipt)), Err("TurnNotCome".to_owned()));
    assert_eq!(says(unknown.sign_digest(digest).to_vec()), Err("WrongSigner".to_owned()));
    // Of the right signer, for another message.
    let other = rig.broken_signature(group[0], &{
        let mut other = commitment.receipt.clone();
        other.anchorNumber -= 1;
        other
    });
    assert_eq!(says(other), Err("WrongSigner".to_owned()));
    rig.commit(&executed).await;
}

#[tokio::test]
async fn a_stand_by_gets_keys_and_lands_a_receipt_from_its_turn_on_and_then_is_first() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let logged = count(&mut rig, contract, 0).await.event.input.block_number;
    let group = rig.group(contract).await;
    let outside = (0..3).find(|w| !group.contains(w)).expect("a worker outside");
    // One signer of a group of two, three blocks a turn; beyond the group steps double.
    for (worker, turn) in [(group[1], logged + 3), (outside, logged + 9)] {
        let refusal = rig.execute_as(worker, contract, 1).await.expect_err("no key");
        assert_eq!(refusal, Refusal { code: Code::NotYourTurn, detail: turn });
    }
    let silent = rig.execute(contract, 1).await;
    assert_eq!(rig.try_commit(&[rig.commitment(&silent)]), Ok(()));

    // Two blocks before its turn the second is refused; one block before, what it commits comes in time.
    let height = rig.chain.height().await.expect("a height");
    rig.mine(logged + 1 - height);
    rig.execute_as(group[1], contract, 1).await.expect_err("too early");
    rig.mine(1);
    let taken = rig.execute_as(group[1], contract, 1).await.expect("its turn");
    let commit = rig.commit(&taken).await;
    assert_eq!(commit.block_number, logged + 3);

    // From now on it is the first, and who was silent waits for all others.
    count(&mut rig, contract, 0).await;
    let next = rig.execute_as(group[1], contract, 1).await.expect("first now");
    let commitment = rig.commitment(&next);
    let mut passed = commitment.clone();
    passed.signatures = vec![rig.broken_signature(group[0], &commitment.receipt).into()];
    assert_eq!(rig.try_commit(&[passed]), Err("TurnNotCome".to_owned()));
    rig.commit(&next).await;
}

#[tokio::test]
async fn an_admission_ends_with_its_expiry_and_a_renewal_takes_it_up() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    let genuine = [commitment];
    let first_rank = rig.group(contract).await[0];
    let height = rig.chain.height().await.expect("a height");
    let now = rig.chain.block(height).await.expect("a block").timestamp;
    rig.renew(first_rank, now + 3_600).await;
    rig.anvil.call("evm_setNextBlockTimestamp", json!([now + 3_000]));
    rig.mine(1);
    assert_eq!(rig.try_commit(&genuine), Ok(()), "ten minutes before the end");
    rig.anvil.call("evm_setNextBlockTimestamp", json!([now + 3_600]));
    rig.mine(1);
    assert_eq!(rig.try_commit(&genuine), Err("AdmissionExpired".to_owned()));
    let sent = rig.carry(genuine.to_vec()).await.expect_err("refused for real");
    assert!(sent.is_refusal("AdmissionExpired"), "{sent}");
    rig.renew(first_rank, now + 86_400).await;
    assert_eq!(rig.try_commit(&genuine), Ok(()));
    rig.commit(&executed).await;
}

#[tokio::test]
async fn key_enclaves_release_nothing_to_an_expired_worker() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = rig.deploy(enigma_tests::rig::program::CODE, &alice, 1).await.event.contract;
    let first_rank = rig.group(contract).await[0];
    let height = rig.chain.height().await.expect("a height");
    let now = rig.chain.block(height).await.expect("a block").timestamp;
    rig.renew(first_rank, now + 600).await;
    rig.anvil.call("evm_setNextBlockTimestamp", json!([now + 600]));
    rig.mine(1);
    let refusal = rig.execute_as(first_rank, contract, 1).await.expect_err("no key");
    assert_eq!(refusal.code, Code::NotAdmitted);
    rig.renew(first_rank, now + 86_400).await;
    rig.settle(contract).await;
}

#[tokio::test]
async fn a_measurement_that_is_off_the_list_signs_nothing() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    let first_rank = rig.group(contract).await[0] as u64;
    // Of another measurement: its own goes on, once that is checked.
    rig.deployer()
        .call_enigma(&Enigma::barPlatformCall { platform: B256::repeat_byte(1) }, U256::ZERO)
        .await
        .expect("barred");
    let genuine = std::slice::from_ref(&commitment);
    assert_eq!(rig.try_commit(genuine), Err("AdmissionUnchecked".to_owned()));
    let recheck = Enigma::recheckCall { id: U256::from(first_rank) };
    alice.call_enigma(&recheck, U256::ZERO).await.expect("checked");
    assert_eq!(rig.try_commit(genuine), Ok(()));

    let measurement = enigma_platform::simulated_measurement("worker");
    let revoke = Enigma::revokeMeasurementCall { measurement };
    let refused = alice.call_enigma(&revoke, U256::ZERO).await.expect_err("not the deployer");
    assert!(refused.is_refusal("NotDeployer"), "{refused}");
    let before = rig.anvil.call("evm_snapshot", json!([]));
    rig.deployer().call_enigma(&revoke, U256::ZERO).await.expect("revoked");
    assert_eq!(rig.try_commit(genuine), Err("AdmissionUnchecked".to_owned()));
    alice.call_enigma(&recheck, U256::ZERO).await.expect("logged out");
    assert!(!rig.chain.worker(first_rank).await.expect("a worker").logged_in);
    assert_eq!(rig.try_commit(genuine), Err("AdmissionUnchecked".to_owned()));
    rig.anvil.call("evm_revert", json!([before]));
    rig.commit(&executed).await;
}

#[tokio::test]
async fn a_group_that_shrank_below_the_signers_is_told_apart() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 2).await;
    for worker in [1, 2] {
        rig.logout(worker).await;
    }
    rig.next_epoch().await;
    rig.next_epoch().await;
    assert_eq!(rig.group(contract).await, [0]);
    let executed = rig.execute_as(0, contract, 1).await.expect("a receipt of one");
    assert_eq!(rig.try_commit(&[rig.commitment(&executed)]), Err("GroupTooSmall".to_owned()));
    // Who left the lottery has no rank at all, however long anybody waits.
    let alone = running(&mut rig, &alice, 1).await;
    let (executed, mut commitment) = genuine(&mut rig, alone).await;
    commitment.signatures = vec![rig.broken_signature(1, &commitment.receipt).into()];
    assert_eq!(rig.try_commit(&[commitment]), Err("NotInGroup".to_owned()));
    rig.commit(&executed).await;
}
