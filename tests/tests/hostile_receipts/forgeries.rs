//! Lies that fit together, told by a broken first rank: what the chain still refuses, and what it cannot know.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use enigma_chain::bindings::Enigma::Input;
use enigma_protocol::{
    fees,
    input::next_input_head,
    state::{fold_snapshot, next_state_head},
};
use enigma_tests::rig::{Commitment, Rig};

use crate::{count, genuine, running};

/// Makes hashes and heads of a changed commitment agree with each other.
fn consistent(rig: &Rig, mut commitment: Commitment) -> Commitment {
    let Commitment { receipt, inputs, outputs, deltas, .. } = &mut commitment;
    let genesis = enigma_protocol::input::genesis_input_head(rig.network, receipt.secretContract);
    let mut input_head = genesis;
    let mut head = receipt.stateHeadBefore;
    if !receipt.snapshotHash.is_zero() {
        head = fold_snapshot(head, receipt.snapshotHash);
    }
    for (place, result) in receipt.results.iter_mut().enumerate() {
        result.outputHash = keccak256(&outputs[place]);
        result.deltaHash = keccak256(&deltas[place]);
        let hash = input_hash(&inputs[place], receipt.secretContract, receipt.firstIndex + place as u64);
        input_head = next_input_head(input_head, hash);
        head = next_state_head(head, hash, result.deltaHash);
    }
    receipt.stateHeadAfter = head;
    receipt.inputHead = input_head;
    commitment
}

fn input_hash(input: &Input, contract: Address, index: u64) -> B256 {
    use enigma_protocol::input::{Input as Logged, Kind};
    let logged = Logged {
        kind: if input.kind == 2 { Kind::Deploy } else { Kind::Task },
        sender: input.sender,
        on_behalf_of: input.onBehalfOf,
        value: input.value,
        gas_limit: input.gasLimit,
        commit_gas: input.commitGas,
        price_cap: input.priceCap,
        tip: input.tip,
        epoch: input.epoch,
        inclusion_epoch: input.inclusionEpoch,
        block_number: input.blockNumber,
        timestamp: input.timestamp,
        base_fee: input.baseFee,
        inflow: input.inflow,
        code_hash: input.codeHash,
        envelope_hash: input.envelopeHash,
    };
    logged.hash(contract, index)
}

#[tokio::test]
async fn a_broken_enclave_forges_results_of_its_contract_and_nothing_else() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    // The first commit of a contract: its log begins at the genesis head, which anybody can compute.
    let deployed = rig.deploy(enigma_tests::rig::program::CODE, &alice, 1).await;
    let contract = deployed.event.contract;
    count(&mut rig, contract, 0).await;
    rig.mine(1);
    let executed = rig.execute(contract, 1).await;
    let genuine = rig.commitment(&executed);
    let first_rank = rig.group(contract).await[0];
    assert_eq!(
        format!("{:?}", consistent(&rig, genuine.clone())),
        format!("{genuine:?}"),
        "what agrees stays as it is"
    );
    let says = |change: &dyn Fn(&mut Commitment)| {
        let mut forged = genuine.clone();
        change(&mut forged);
        let mut forged = consistent(&rig, forged);
        forged.signatures = vec![rig.broken_signature(first_rank, &forged.receipt).into()];
        rig.try_commit(&[forged])
    };
    let refused = |name: &str| Err(name.to_owned());

    // What m = 1 trusts one enclave with.
    assert_eq!(says(&|c| c.outputs[0] = Bytes::from_static(b"nothing that anybody can read")), Ok(()));
    assert_eq!(says(&|c| c.deltas[0] = Bytes::from_static(b"another state")), Ok(()));
    assert_eq!(says(&|c| c.receipt.snapshotHash = B256::repeat_byte(9)), Ok(()));

    // What it cannot have: more than was offered, other inputs, their order, or another past.
    let paid = genuine.inputs[0].commitGas - fees::schedule(1, 0, 0);
    let room = (paid / fees::BYTE_GAS) as usize - genuine.deltas[0].len();
    assert_eq!(says(&|c| c.outputs[0] = vec![1; room].into()), Ok(()));
    assert_eq!(says(&|c| c.outputs[0] = vec![1; room + 1].into()), refused("CommitGasExceeded"));
    assert_eq!(says(&|c| c.inputs[0].priceCap *= 2), refused("WrongInputHead"));
    assert_eq!(says(&|c| c.inputs[0].sender = contract), refused("WrongInputHead"));
    assert_eq!(says(&|c| c.receipt.stateHeadBefore = B256::ZERO), refused("StaleStateHead"));
    let skipping = |c: &mut Commitment| {
        (c.receipt.firstIndex, c.receipt.lastIndex) = (1, 1);
    };
    assert_eq!(says(&skipping), refused("NotNextIndex"));
    let nothing = |c: &mut Commitment| {
        c.receipt.lastIndex = u64::MAX;
        c.receipt.results.clear();
        (c.inputs, c.outputs, c.deltas) = Default::default();
    };
    assert_eq!(says(&nothing), refused("WrongLastIndex"));
    let beyond = |c: &mut Commitment| {
        c.receipt.lastIndex = 5;
        c.receipt.results = vec![c.receipt.results[0].clone(); 6];
        c.inputs = vec![c.inputs[0].clone(); 6];
        c.outputs = vec![c.outputs[0].clone(); 6];
        c.deltas = vec![c.deltas[0].clone(); 6];
    };
    assert_eq!(says(&beyond), refused("WrongLastIndex"));
    let repeated = |c: &mut Commitment| {
        c.receipt.lastIndex = 1;
        c.receipt.results = vec![c.receipt.results[0].clone(); 2];
        c.inputs = vec![c.inputs[0].clone(); 2];
        c.outputs = vec![c.outputs[0].clone(); 2];
        c.deltas = vec![c.deltas[0].clone(); 2];
    };
    assert_eq!(says(&repeated), refused("WrongInputHead"));
    rig.commit(&executed).await;
}

#[tokio::test]
async fn one_broken_enclave_forges_nothing_where_two_must_sign() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 2).await;
    rig.mine(1);
    let [first, second] = rig.group(contract).await.try_into().expect("a group of two");
    let one = rig.execute_as(first, contract, 1).await.expect("rank 0 may");
    let two = rig.execute_as(second, contract, 1).await.expect("rank 1 may, where two must sign");
    let mut genuine = rig.commitment(&one);
    genuine.signatures = vec![one.signature.to_vec().into(), two.signature.to_vec().into()];
    assert_eq!((&one.receipt, &one.outputs, &one.deltas), (&two.receipt, &two.outputs, &two.deltas));

    let with = |signatures: &[&[u8]]| {
        let mut commitment = genuine.clone();
        commitment.signatures = signatures.iter().map(|s| s.to_vec().into()).collect();
        rig.try_commit(&[commitment])
    };
    let refused = |name: &str| Err(name.to_owned());
    assert_eq!(with(&[&one.signature]), refused("MissingSignature"));
    assert_eq!(with(&[&one.signature, &one.signature]), refused("WrongSignerOrder"));
    assert_eq!(with(&[&two.signature, &one.signature]), refused("WrongSignerOrder"));
    assert_eq!(with(&[&one.signature, &two.signature, &two.signature]), refused("MissingSignature"));
    let third = (0..3).find(|w| ![first, second].contains(w)).expect("a third");
    let stranger = rig.broken_signature(third, &genuine.receipt);
    assert_eq!(with(&[&one.signature, &stranger]), refused("TurnNotCome"));

    for broken in [first, second] {
        let mut forged = genuine.clone();
        forged.receipt.results[0].status = 2;
        let lie = rig.broken_signature(broken, &forged.receipt);
        let place = usize::from(broken == second);
        forged.signatures[place] = lie.into();
        assert_eq!(rig.try_commit(&[forged]), refused("WrongSigner"), "rank {place} alone lies");
    }

    // Both, honestly: it lands, and the pay of the execution is shared.
    let before = rig.books().await;
    let commit = rig.carry(vec![genuine.clone()]).await.expect("lands").remove(0);
    let after = rig.books().await;
    let earned = [first, second].map(|w| {
        let operator = rig.operator(w).address();
        let parked = after.upkeep[&operator] - before.upkeep[&operator];
        let earned = after.credit(operator) - before.credit(operator) + parked;
        assert_eq!(parked, earned / U256::from(32), "a share of each one's pay is the network's");
        earned
    });
    let input = &genuine.inputs[0];
    let price = (rig.base_fee_of(&commit).await + input.tip).min(input.priceCap);
    let execution = U256::from(commit.outcomes[0].gas_charged / 8) * U256::from(price);
    assert_eq!(earned[1], execution / U256::from(2));
    assert_eq!(earned[0] + earned[1], commit.outcomes[0].pay);
    after.assert_balanced();
}

#[tokio::test]
async fn a_receipt_is_for_its_own_contract_alone() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let (one, two) = (running(&mut rig, &alice, 1).await, running(&mut rig, &alice, 1).await);
    let (_, mine) = genuine(&mut rig, one).await;
    let (executed, yours) = genuine(&mut rig, two).await;
    // Everything of one, under the name of the other.
    let mut renamed = mine.clone();
    renamed.receipt.secretContract = two;
    assert_eq!(rig.try_commit(&[renamed]), Err("WrongInputHead".to_owned()));
    let mut crossed = yours.clone();
    crossed.outputs = mine.outputs;
    assert_eq!(rig.try_commit(&[crossed]), Err("WrongSigner".to_owned()));
    let mut crossed = yours;
    crossed.deltas = mine.deltas;
    assert_eq!(rig.try_commit(&[crossed]), Err("WrongSigner".to_owned()));
    rig.commit(&executed).await;
}

#[tokio::test]
async fn bytes_that_are_no_commitment_are_told_apart_and_none_but_the_genuine_ones_land() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = running(&mut rig, &alice, 1).await;
    let (executed, commitment) = genuine(&mut rig, contract).await;
    let packed = enigma_chain::packed::pack(&commitment).expect("it fits").to_vec();
    let malformed = Err("MalformedCommitment".to_owned());
    assert_eq!(rig.try_packed(packed.clone()), Ok(()));
    assert_eq!(rig.try_packed([&packed[..], &[0]].concat()), malformed);
    assert_eq!(rig.try_packed(packed[..packed.len() - 1].to_vec()), malformed);
    assert_eq!(rig.try_packed(packed[..144].to_vec()), malformed);
    assert_eq!(rig.try_packed(Vec::new()), malformed);
    // A bit of each byte.
    for place in 0..packed.len() {
        let mut other = packed.clone();
        other[place] ^= 1 << (place % 8);
        assert!(rig.try_packed(other).is_err(), "byte {place}");
    }
    rig.commit(&executed).await;
}
