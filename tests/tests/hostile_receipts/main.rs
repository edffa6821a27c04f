//! What the chain says to receipts that are not the ones it may take: every field of a genuine one changed, the wrong
//! enclave, the wrong time, the wrong chain. Real enclaves, real contract.

mod anchors;
mod equivocation;
mod fields;
mod forgeries;
mod signers;
mod timing;

use alloy_primitives::Address;
use enigma_chain::{Sender, packed::pack};
use enigma_protocol::door::Executed;
use enigma_tests::rig::{Commitment, Rig, Sent, program};
use fields::{Broken, Context, changes};

/// A deployed contract whose deployment is committed.
async fn running(rig: &mut Rig, owner: &Sender, signers: u8) -> Address {
    let deployed = rig.deploy(program::CODE, owner, signers).await;
    if signers == 1 {
        rig.settle(deployed.event.contract).await;
    }
    deployed.event.contract
}

/// A task that counts, with a value.
async fn count(rig: &mut Rig, contract: Address, value: u64) -> Sent {
    let (alice, terms) = (rig.user(0).clone(), rig.terms(value).await);
    rig.task(&alice, contract, program::COUNT, terms).await
}

/// A task and the genuine commitment of its receipt.
async fn genuine(rig: &mut Rig, contract: Address) -> (Executed, Commitment) {
    count(rig, contract, 7).await;
    // The anchor is above the input's block, so that one between exists.
    rig.mine(1);
    let executed = rig.execute(contract, 1).await;
    let commitment = rig.commitment(&executed);
    (executed, commitment)
}

/// Every change of `genuine` meets its error, and so it does under the broken first rank's own signature, if only the
/// signature could vouch for it.
async fn check_changes(rig: &mut Rig, genuine: &Commitment, other: Address) -> usize {
    let context = Context { other, next_block: rig.chain.height().await.expect("a height") + 1 };
    let first_rank = rig.group(genuine.receipt.secretContract).await[0];
    let changes = changes(genuine, &context);
    for change in &changes {
        match change.broken {
            Broken::NotPacked => {
                assert!(pack(&change.commitment).is_none(), "{}", change.what);
                continue;
            }
            Broken::NotCarried => assert_eq!(pack(&change.commitment), pack(genuine), "{}", change.what),
            _ => {
                let said = rig.try_commit(std::slice::from_ref(&change.commitment));
                assert_eq!(said, Err(change.error.to_owned()), "{}", change.what);
            }
        }
        if change.broken == Broken::NotSigned {
            continue;
        }
        let mut signed = change.commitment.clone();
        signed.signatures = vec![rig.broken_signature(first_rank, &signed.receipt).into()];
        let expected = if change.broken == Broken::Lands { Ok(()) } else { Err(change.error.to_owned()) };
        assert_eq!(rig.try_commit(&[signed]), expected, "{}, signed by a broken enclave", change.what);
    }
    changes.len()
}

#[tokio::test]
async fn a_receipt_with_any_field_changed_is_refused_by_its_own_error() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();

    // A deployment, the first commit of its contract in an epoch: with a snapshot, without a value.
    let deployed = rig.deploy(program::CODE, &alice, 1).await;
    let contract = deployed.event.contract;
    let other = rig.deploy(program::CODE, &alice, 1).await.event.contract;
    rig.mine(1);
    let executed = rig.execute(contract, 1).await;
    let first = rig.commitment(&executed);
    assert!(!first.receipt.snapshotHash.is_zero() && first.inputs[0].value.is_zero());
    assert_eq!(rig.try_commit(std::slice::from_ref(&first)), Ok(()));
    let rows = check_changes(&mut rig, &first, other).await;
    let commit = rig.commit(&executed).await;
    assert_eq!(deployed.read(&commit.outcomes[0].output).data, [0u8; 0]);

    // A task, a later commit of that epoch: without a snapshot, with a value.
    rig.settle(other).await;
    count(&mut rig, other, 0).await;
    let (executed, second) = genuine(&mut rig, contract).await;
    assert!(second.receipt.snapshotHash.is_zero() && !second.inputs[0].value.is_zero());
    assert_eq!(rig.try_commit(std::slice::from_ref(&second)), Ok(()));
    let rows = rows + check_changes(&mut rig, &second, other).await;

    // For all that was tried, the genuine one still lands.
    rig.commit(&executed).await;
    rig.books().await.assert_balanced();
    println!("{rows} changes refused");
}

#[tokio::test]
async fn the_digest_that_enclaves_sign_is_the_standards() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    let domain = enigma_protocol::receipt::domain_separator(rig.descriptor.chain_id, rig.descriptor.enigma);
    assert_eq!(executed.receipt.digest(domain), rig.digest(&commitment.receipt));
    // And a broken enclave's signature is made like its own.
    let first_rank = rig.group(contract).await[0];
    assert_eq!(rig.broken_signature(first_rank, &commitment.receipt), executed.signature);
}

/// The interface names the reasons; a new one needs a receipt that meets it.
#[test]
fn every_reason_to_refuse_is_met_by_some_receipt_here() {
    let interface = include_str!("../../../contracts/src/interfaces/ICommits.sol");
    let tests = [
        include_str!("anchors.rs"),
        include_str!("fields.rs"),
        include_str!("forgeries.rs"),
        include_str!("signers.rs"),
        include_str!("timing.rs"),
    ]
    .concat();
    let reasons: Vec<&str> = interface
        .lines()
        .filter_map(|line| line.trim().strip_prefix("error ")?.split('(').next())
        // A portal takes everything: no receipt comes to this.
        .filter(|reason| *reason != "PortalRefused")
        .collect();
    assert!(reasons.len() > 20, "{reasons:?}");
    let untested: Vec<_> = reasons.iter().filter(|r| !tests.contains(&format!("\"{r}\""))).collect();
    assert!(untested.is_empty(), "no receipt meets {untested:?}");
}
