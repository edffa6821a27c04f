//! An enclave that was broken open signs two outcomes of the same inputs: it is out, with all that runs on its machine.

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{Sender, bindings::Enigma};
use enigma_protocol::{door::Code, layout};
use enigma_sdk::{EquivocationProof, Error, SignedReceipt};
use enigma_tests::rig::{Rig, program};
use serde_json::json;

use crate::genuine;

/// Two workers on one machine, the third on another.
const MACHINES: [u8; 3] = [1, 1, 2];
const BROKEN: usize = 0;
const SIBLING: usize = 1;
const OTHER: usize = 2;

/// A contract that this worker serves first; its deployment waits.
async fn served_by(rig: &mut Rig, owner: &Sender, worker: usize) -> Address {
    loop {
        let contract = rig.deploy(program::CODE, owner, 1).await.event.contract;
        if rig.group(contract).await[0] == worker {
            return contract;
        }
    }
}

fn signed(receipt: &Enigma::Receipt, signature: Vec<u8>) -> SignedReceipt {
    SignedReceipt { receipt: receipt.clone(), signature: signature.into() }
}

/// What a broken enclave signed, and what it signed instead.
fn pair(rig: &Rig, one: &Enigma::Receipt) -> EquivocationProof {
    let mut other = one.clone();
    other.results[0].outputHash = B256::repeat_byte(7);
    EquivocationProof {
        one: signed(one, rig.broken_signature(BROKEN, one)),
        other: signed(&other, rig.broken_signature(BROKEN, &other)),
    }
}

async fn recheck(rig: &Rig, worker: usize) {
    let call = Enigma::recheckCall { id: U256::from(worker) };
    rig.user(3).call_enigma(&call, U256::ZERO).await.expect("checked, or logged out");
}

#[tokio::test]
async fn a_broken_enclave_is_out_with_its_machine_and_the_others_go_on() {
    let mut rig = Rig::start_on(MACHINES).await;
    let alice = rig.user(0).clone();
    let mut receipts = Vec::new();
    for worker in [BROKEN, SIBLING, OTHER] {
        let contract = served_by(&mut rig, &alice, worker).await;
        rig.settle(contract).await;
        receipts.push(genuine(&mut rig, contract).await);
    }
    let fresh = served_by(&mut rig, &alice, SIBLING).await;
    let work = |worker: usize| std::slice::from_ref(&receipts[worker].1);
    for worker in [BROKEN, SIBLING, OTHER] {
        assert_eq!(rig.try_commit(work(worker)), Ok(()), "worker {worker}");
    }
    let chain = rig.chain.clone();
    let (stake, platform) = {
        let record = chain.worker(BROKEN as u64).await.expect("a worker");
        (record.stake, record.platform)
    };
    assert_eq!(chain.worker(SIBLING as u64).await.expect("a worker").platform, platform);
    assert_ne!(chain.worker(OTHER as u64).await.expect("a worker").platform, platform);
    let held = chain.token_balance(rig.token, chain.enigma()).await.expect("a balance");

    // As it comes in a file, shown by somebody who has nothing to do with any of it.
    let proof = serde_json::to_vec(&pair(&rig, &receipts[BROKEN].1.receipt)).expect("JSON");
    let proof: EquivocationProof = serde_json::from_slice(&proof).expect("the same");
    let done = proof.submit(rig.user(3)).await.expect("a proof");
    assert_eq!((done.worker, done.burned, done.platform), (BROKEN as u64, stake, Some(platform)));
    assert!(chain.is_barred(platform).await.expect("an answer"));
    let left = chain.token_balance(rig.token, chain.enigma()).await.expect("a balance");
    assert_eq!(left, held - stake, "burned, and nobody else's");
    let again = proof.submit(rig.user(3)).await.expect_err("once");
    assert!(matches!(&again, Error::Chain(error) if error.is_refusal("Barred")), "{again}");

    // Nothing of either lands any more. What stops the sibling is the count: with that planted away it would go on.
    assert_eq!(rig.try_commit(work(BROKEN)), Err("AdmissionExpired".to_owned()));
    assert_eq!(rig.try_commit(work(SIBLING)), Err("AdmissionUnchecked".to_owned()));
    let slot = layout::worker(SIBLING as u64, 0);
    let word = chain.worker(SIBLING as u64).await.expect("a worker");
    let planted = U256::from_be_bytes(word.signer.into_word().0)
        | U256::from(word.expiry) << 160
        | U256::from(1) << 200
        | U256::from(1) << 240;
    let planted = json!({
        chain.enigma().to_string(): { "stateDiff": { slot.to_string(): B256::from(planted) } }
    });
    assert_eq!(rig.try_commit_if(work(SIBLING), planted, json!({})), Ok(()));
    recheck(&rig, SIBLING).await;
    let record = chain.worker(SIBLING as u64).await.expect("a worker");
    assert!(!record.logged_in && record.stake == stake, "out of the lottery, with what it staked");
    assert_eq!(rig.try_commit(work(SIBLING)), Err("AdmissionUnchecked".to_owned()));
    let refusal = rig.execute_as(SIBLING, fresh, 1).await.expect_err("no key");
    assert_eq!(refusal.code, Code::NotAdmitted);

    assert_eq!(rig.try_commit(work(OTHER)), Err("AdmissionUnchecked".to_owned()));
    recheck(&rig, OTHER).await;
    let executed = receipts[OTHER].0.clone();
    rig.commit(&executed).await;
}

#[tokio::test]
async fn what_is_no_proof_costs_nobody_anything() {
    let mut rig = Rig::start_on(MACHINES).await;
    let alice = rig.user(0).clone();
    let contract = served_by(&mut rig, &alice, BROKEN).await;
    rig.settle(contract).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    let one = commitment.receipt.clone();
    let real = pair(&rig, &one);
    let instead = |change: fn(&mut Enigma::Receipt)| {
        let mut other = one.clone();
        change(&mut other);
        signed(&other, rig.broken_signature(BROKEN, &other))
    };
    let with = |other: SignedReceipt| EquivocationProof { one: real.one.clone(), other };
    let forged = |signature: Vec<u8>| {
        with(SignedReceipt { receipt: real.other.receipt.clone(), signature: signature.into() })
    };
    let mut flipped = real.other.signature.to_vec();
    flipped[40] ^= 1;
    let proofs = [
        ("the same receipt twice", with(real.one.clone()), "NotEquivocal"),
        ("another head before", with(instead(|r| r.stateHeadBefore = B256::repeat_byte(1))), "NotEquivocal"),
        ("other inputs", with(instead(|r| r.inputHead = B256::repeat_byte(1))), "NotEquivocal"),
        ("another anchor", with(instead(|r| r.anchorNumber -= 1)), "NotEquivocal"),
        ("another epoch", with(instead(|r| r.epoch += 1)), "NotEquivocal"),
        ("another network", with(instead(|r| r.network = B256::repeat_byte(1))), "NotEquivocal"),
        ("a flipped bit", forged(flipped), "NotOneSigner"),
        ("the other's signature", forged(real.one.signature.to_vec()), "NotOneSigner"),
        (
            "another worker's signature",
            forged(rig.broken_signature(OTHER, &real.other.receipt)),
            "NotOneSigner",
        ),
        ("no signature", forged(Vec::new()), "NotOneSigner"),
    ];
    for (what, proof, expected) in proofs {
        let refused = proof.submit(rig.user(3)).await.expect_err(what);
        assert!(matches!(&refused, Error::Chain(error) if error.is_refusal(expected)), "{what}: {refused}");
    }
    assert_eq!(rig.chain.revocations().await.expect("an answer"), 0);
    rig.commit(&executed).await;
    real.submit(rig.user(3)).await.expect("a proof, committed or not");
}
