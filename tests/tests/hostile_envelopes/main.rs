//! Hostile clients against the real contract and the real enclaves: whatever bytes they pay for, the input ends as
//! unopened, costs its schedule to the wei, gives its value back, and holds up nobody behind it.

mod letters;
mod mixed;

use alloy_primitives::{B256, U256};
use enigma_chain::Sender;
use enigma_protocol::{
    envelope::{LARGEST, SMALLEST},
    fees,
    input::Kind,
    output::InnerStatus,
    receipt::Status,
};
use enigma_tests::rig::{Rig, Sent, Terms, program};
use letters::{Letter, Place};

/// Inputs in one transaction.
const BUNDLE: usize = 40;
/// Inputs in one receipt.
const RECEIPT: usize = 100;

/// The contract's bounds.
const MAX_GAS_LIMIT: u64 = 16_777_216;
const MAX_COMMIT_GAS: u64 = 5_000_000;

const GWEI: u128 = 1_000_000_000;

/// Ways for a deployment to be wrong, as the letters are called.
const WAYS: [&str; 16] = [
    "cut to 277",
    "as large as may be",
    "version",
    "era",
    "epoch: ",
    "U: ",
    "nonce",
    "ciphertext",
    "tag",
    "sealed as a Task",
    "copied from another sender",
    "copied from another contract",
    "sealed for the epoch before, header of this",
    "U at infinity",
    "U of x = 1",
    "padding that is not zero",
];

/// A contract that counts, its deployment committed.
async fn counter(rig: &mut Rig, owner: &Sender) -> alloy_primitives::Address {
    let deployed = rig.deploy(program::CODE, owner, 1).await;
    rig.settle(deployed.event.contract).await;
    deployed.event.contract
}

/// Terms that differ in everything that the fee depends on.
async fn terms(rig: &Rig, which: usize) -> Terms {
    let plain = rig.terms(0).await;
    let base_fee = rig.base_fee().await;
    match which % 4 {
        0 => plain,
        // Less gas than the smallest class.
        1 => Terms { value: U256::from(1_000_000_007), gasLimit: 1_001, tip: 0, ..plain },
        // The cap binds.
        2 => Terms { value: U256::from(3), priceCap: 2 * base_fee + 1, tip: 10 * GWEI, ..plain },
        // The largest that there is, to the fee's last wei.
        _ => Terms { value: U256::from(1), commitGas: MAX_COMMIT_GAS, gasLimit: MAX_GAS_LIMIT, ..plain },
    }
}

/// Puts letters on the chain and a good task behind them; returns the latter.
async fn post(rig: &mut Rig, place: &Place, mallory: &Sender, letters: &[Letter]) -> Sent {
    let mut which = 0;
    for bundle in letters.chunks(BUNDLE) {
        let mut requests = Vec::new();
        for letter in bundle {
            let terms = Terms { onBehalfOf: letter.on_behalf_of, ..terms(rig, which).await };
            requests.push((letter.epoch, letter.envelope.clone(), terms));
            which += 1;
        }
        rig.raw_inputs(mallory, place.contract, requests).await.expect("the contract cannot know better");
    }
    let (alice, terms) = (rig.user(0).clone(), rig.terms(11).await);
    rig.task(&alice, place.contract, program::COUNT, terms).await
}

#[tokio::test]
async fn what_does_not_open_costs_its_schedule_and_holds_up_nobody() {
    let mut rig = Rig::start().await;
    rig.next_epoch().await;
    let [alice, mallory] = [0, 1].map(|i| rig.user(i).clone());
    let contract = counter(&mut rig, &alice).await;
    let other_contract = counter(&mut rig, &alice).await;
    let place = Place {
        contract,
        other_contract,
        sender: mallory.address(),
        other_sender: alice.address(),
        epoch: rig.epoch().await,
        kind: Kind::Task,
    };

    // By hand and right, one opens.
    let right = letters::right(&mut rig, &place);
    let terms = rig.terms(0).await;
    rig.raw_input(&mallory, contract, right.epoch, right.envelope, terms).await.expect("a task");
    assert_eq!(rig.settle(contract).await.outcomes[0].status, Status::Completed);

    let letters = letters::all(&mut rig, &place);
    let mut counted = 1;
    for batch in letters.chunks(RECEIPT - 1) {
        rig.mine_at_base_fee(GWEI as u64);
        let good = post(&mut rig, &place, &mallory, batch).await;
        // Dearer at the commit than at the order.
        rig.mine_at_base_fee(2 * GWEI as u64);
        let before = rig.books().await;
        let commit = rig.settle(contract).await;
        let after = rig.audit(&before, std::slice::from_ref(&commit)).await;

        assert_eq!(commit.outcomes.len(), batch.len() + 1);
        for (letter, outcome) in batch.iter().zip(&commit.outcomes) {
            assert_eq!(outcome.status, Status::Unopened, "{}", letter.what);
            assert!(outcome.output.is_empty(), "{}", letter.what);
            assert_eq!(outcome.delta.len() as u64, fees::SMALLEST_SEALED, "{}", letter.what);
        }
        let last = commit.outcomes.last().expect("the good one");
        let output = good.read(&last.output);
        assert_eq!((last.status, output.status), (Status::Completed, InnerStatus::Success));
        counted += 1;
        assert_eq!(output.data, program::word(counted), "what did not open counted nothing");
        assert_eq!(
            after.portals[&contract] - before.portals[&contract],
            U256::from(11),
            "the good one's value"
        );
    }
    println!("{} hostile envelopes", letters.len());
}

#[tokio::test]
async fn a_deployment_that_does_not_open_costs_its_schedule_and_leaves_nothing() {
    let mut rig = Rig::start().await;
    rig.next_epoch().await;
    let [alice, mallory] = [0, 1].map(|i| rig.user(i).clone());
    let other_contract = counter(&mut rig, &alice).await;
    // Each deployment has an address of its own, and its envelopes are bound to that.
    for (which, way) in WAYS.iter().enumerate() {
        let salt = B256::new(rig.random());
        let place = deployment(&rig, &mallory, &alice, other_contract, salt).await;
        let letter = letters::all(&mut rig, &place).into_iter().find(|l| l.what.starts_with(way));
        let letter = letter.unwrap_or_else(|| panic!("no letter {way}"));
        let terms = Terms { gasLimit: 60_000, ..terms(&rig, which).await };
        let event = rig
            .raw_deploy(&mallory, salt, 1, letter.envelope.clone(), terms.clone())
            .await
            .expect("the contract cannot know better");
        assert_eq!(event.contract, place.contract);
        let task_terms = rig.terms(5).await;
        let behind = rig.task(&alice, place.contract, program::COUNT, task_terms).await;
        let before = rig.books().await;
        let commit = rig.settle(place.contract).await;
        let after = rig.audit(&before, std::slice::from_ref(&commit)).await;
        assert_eq!(commit.outcomes[0].status, Status::Unopened, "{}", letter.what);
        // The task behind runs into a contract that is not there, and gets its value back.
        assert_eq!(commit.outcomes[1].status, Status::ValueReturned);
        assert_eq!(behind.read(&commit.outcomes[1].output).status, InnerStatus::NotDeployed);
        assert_eq!(after.portals[&place.contract], U256::ZERO);
        let again = rig.raw_deploy(&mallory, salt, 1, letter.envelope, terms).await;
        assert!(again.expect_err("one address, one contract").is_refusal("AlreadyDeployed"));
    }
}

async fn deployment(
    rig: &Rig,
    mallory: &Sender,
    alice: &Sender,
    other_contract: alloy_primitives::Address,
    salt: B256,
) -> Place {
    Place {
        contract: rig.chain.portal_address(mallory.address(), salt).await.expect("an address"),
        other_contract,
        sender: mallory.address(),
        other_sender: alice.address(),
        epoch: rig.epoch().await,
        kind: Kind::Deploy,
    }
}

#[tokio::test]
async fn a_copied_envelope_opens_for_its_owner_alone() {
    let mut rig = Rig::start().await;
    let [alice, mallory] = [0, 1].map(|i| rig.user(i).clone());
    let contract = counter(&mut rig, &alice).await;
    let epoch = rig.epoch().await;
    let binding = rig.binding(Kind::Task, contract, epoch, alice.address());
    let text = rig.seal(&binding, program::COUNT, 0);
    let terms = rig.terms(2).await;
    // Mallory sees it in the queue and is faster; alice comes next; somebody sends it once more, and so does she.
    for sender in [&mallory, &alice, &mallory, &alice] {
        rig.raw_input(sender, contract, epoch, text.envelope.clone(), terms.clone()).await.expect("a task");
    }
    let before = rig.books().await;
    let commit = rig.settle(contract).await;
    rig.audit(&before, std::slice::from_ref(&commit)).await;
    let ended: Vec<_> = commit.outcomes.iter().map(|o| o.status).collect();
    use Status::{Completed, Unopened};
    // A sender may repeat itself: every input has a context of its own, so the outputs have nothing in common.
    assert_eq!(ended, [Unopened, Completed, Unopened, Completed]);
    assert_ne!(commit.outcomes[1].output, commit.outcomes[3].output);
}

#[tokio::test]
async fn a_word_set_by_a_forwarder_opens_with_the_same_word() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = counter(&mut rig, &alice).await;
    let epoch = rig.epoch().await;
    let binding = rig.binding(Kind::Task, contract, epoch, alice.address());
    let on_behalf_of = B256::repeat_byte(3);
    let text = rig.seal(&enigma_protocol::envelope::Binding { on_behalf_of, ..binding }, program::COUNT, 0);
    for word in [on_behalf_of, B256::ZERO] {
        let terms = Terms { onBehalfOf: word, ..rig.terms(2).await };
        rig.raw_input(&alice, contract, epoch, text.envelope.clone(), terms).await.expect("a task");
    }
    let commit = rig.settle(contract).await;
    let ended: Vec<_> = commit.outcomes.iter().map(|o| o.status).collect();
    assert_eq!(ended, [Status::Completed, Status::Unopened]);
}

#[tokio::test]
async fn an_envelope_of_the_oldest_epoch_of_the_window_still_opens_and_one_outside_is_not_taken() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = counter(&mut rig, &alice).await;
    let first = rig.epoch().await;
    let texts: Vec<_> = (first..first + 5)
        .map(|epoch| {
            let binding = rig.binding(Kind::Task, contract, epoch, alice.address());
            rig.seal(&binding, program::COUNT, 0)
        })
        .collect();
    for _ in 0..3 {
        rig.next_epoch().await;
    }
    // The window is two epochs: of first … first + 4, in epoch first + 3, the middle three are taken.
    for (epoch, text) in (first..).zip(&texts) {
        let terms = rig.terms(0).await;
        let sent = rig.raw_input(&alice, contract, epoch, text.envelope.clone(), terms).await;
        let taken = (first + 1..=first + 3).contains(&epoch);
        match sent {
            Ok(_) => assert!(taken, "epoch {epoch} was taken"),
            Err(error) => assert!(!taken && error.is_refusal("EpochOutsideWindow"), "epoch {epoch}: {error}"),
        }
    }
    let commit = rig.settle(contract).await;
    assert_eq!(commit.outcomes.len(), 3);
    for (place, outcome) in commit.outcomes.iter().enumerate() {
        assert_eq!(outcome.status, Status::Completed);
        let event = rig.input(contract, commit.first_index + place as u64);
        let sent = Sent { event, reply_key: texts[place + 1].reply_key };
        assert_eq!(sent.read(&outcome.output).data, program::word(place as u64 + 1));
    }
}

#[tokio::test]
async fn the_contract_takes_no_envelope_that_cannot_be_one_and_no_terms_out_of_bounds() {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let contract = counter(&mut rig, &alice).await;
    let epoch = rig.epoch().await;
    let base_fee = rig.base_fee().await;
    let plain = rig.terms(1).await;
    let before = rig.books().await;
    let small = || vec![1; SMALLEST];
    let cases = [
        ("InvalidEnvelopeSize", vec![], plain.clone()),
        ("InvalidEnvelopeSize", vec![1; SMALLEST - 1], plain.clone()),
        ("InvalidEnvelopeSize", vec![1; LARGEST + 1], plain.clone()),
        ("GasLimitTooHigh", small(), Terms { gasLimit: MAX_GAS_LIMIT + 1, ..plain.clone() }),
        ("InvalidCommitGas", small(), Terms { commitGas: fees::MIN_COMMIT_GAS - 1, ..plain.clone() }),
        ("InvalidCommitGas", small(), Terms { commitGas: MAX_COMMIT_GAS + 1, ..plain.clone() }),
        ("PriceCapTooLow", small(), Terms { priceCap: base_fee / 2, ..plain.clone() }),
    ];
    for (error, envelope, terms) in cases {
        let len = envelope.len();
        let task = rig.raw_input(&alice, contract, epoch, envelope.clone(), terms.clone()).await;
        let task = task.expect_err("a task");
        assert!(task.is_refusal(error), "{error}, {len} bytes: {task}");
        let bundled = rig.raw_inputs(&alice, contract, vec![(epoch, envelope.clone(), terms.clone())]).await;
        let bundled = bundled.expect_err("a bundle");
        assert!(bundled.is_refusal(error), "{error}, {len} bytes, bundled: {bundled}");
        let salt = B256::new(rig.random());
        let deploy = rig.raw_deploy(&alice, salt, 1, envelope, terms).await.expect_err("a deployment");
        assert!(deploy.is_refusal(error), "{error}, {len} bytes, deployed: {deploy}");
    }
    let stranger =
        rig.raw_input(&alice, alice.address(), epoch, small(), plain).await.expect_err("no contract");
    assert!(stranger.is_refusal("UnknownContract"), "{stranger}");
    assert_eq!(rig.books().await, before, "what is refused costs nothing here");
}
