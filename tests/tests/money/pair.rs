//! Both sides, and what must be equal.

use alloy_primitives::{Address, B256, U256, hex, keccak256};
use alloy_sol_types::SolValue;
use enigma_protocol::{input::Kind, output::InnerStatus};
use enigma_tests::rig::{Rig, Sent, Terms};
use rand::{Rng, rngs::StdRng};
use serde_json::json;

use crate::{
    plain::{Answer, Plain, REVERTING, balance, put, recipients, set_balance},
    programs::{Author, BURNER, OUTSIDE, REFUSER, Step, purse},
};

/// A bug on the sealed side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    /// The Enigma contract forgets what it delivered, so that all of it counts as inflow too.
    InflowTwice,
    /// The portal says that it has paid, and has not.
    TransferStays,
}

/// Loops for ever.
const BURNING: &str = "5b5f56";
/// Returns one.
const LYING: &str = "60015f5260205ff3";

/// What has happened, so that a run which sees little is seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub successes: usize,
    pub reverts: usize,
    /// Contracts made by contracts.
    pub births: usize,
    /// Commits after which somebody may claim more than before.
    pub claims: usize,
    /// Commits with calls that failed and had a value.
    pub failures: usize,
    /// Commits that brought ether to somebody outside.
    pub payments: usize,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.successes += other.successes;
        self.reverts += other.reverts;
        self.births += other.births;
        self.claims += other.claims;
        self.failures += other.failures;
        self.payments += other.payments;
    }
}

pub struct Pair {
    pub seen: Seen,
    /// Claimable and received by the last commit, wei.
    before: (U256, U256),
    rng: StdRng,
    rig: Rig,
    plain: Plain,
    root: Address,
    author: Author,
}

impl Pair {
    pub async fn start(rng: StdRng) -> Self {
        let (rig, root, creation) = sealed().await;
        let (plain, code) = Plain::start(root, &creation);
        let (seen, before) = (Seen::default(), (U256::ZERO, U256::ZERO));
        Self { seen, before, rng, rig, plain, root, author: Author::new(root, code) }
    }

    /// One or two tasks, their commit, and a look at everybody's balance.
    pub async fn step(&mut self) -> Result<(), String> {
        if self.rng.random() {
            self.deposit();
        }
        let count = self.rng.random_range(1..=2);
        let mut tasks = Vec::new();
        for _ in 0..count {
            tasks.push(self.task().await);
        }
        let executed = self.rig.execute(self.root, count).await;
        let commit = self.rig.commit(&executed).await;
        self.seen.failures += usize::from(self.plain.bring_back());
        for ((sent, expected), outcome) in tasks.iter().zip(&commit.outcomes) {
            let output = sent.read(&outcome.output);
            *(if expected.ok { &mut self.seen.successes } else { &mut self.seen.reverts }) += 1;
            let sealed = Answer { ok: output.status == InnerStatus::Success, data: output.data };
            if sealed != *expected || (!sealed.ok && output.status != InnerStatus::Reverted) {
                return Err(format!("sealed {:?} {sealed:?}, plain {expected:?}", output.status));
            }
        }
        let born = self.author.hopes.drain(..).filter(|at| self.plain.exists(*at));
        self.author.clones.extend(born);
        self.seen.births = self.author.clones.len();
        self.compare().await
    }

    /// Ether that comes by itself: forced, or by a plain transfer.
    fn deposit(&mut self) {
        let value = self.rng.random_range(1..5_000u64);
        if self.rng.random() {
            set_balance(&self.rig.anvil, self.root, self.rig.balance(self.root) + U256::from(value));
        } else {
            let stranger = self.rig.anvil.call("eth_accounts", json!([]))[60].clone();
            let transaction = json!({ "from": stranger, "to": self.root, "value": format!("{value:#x}") });
            self.rig.anvil.call("eth_sendTransaction", json!([transaction]));
        }
        self.plain.force(value);
    }

    /// Sends a program in secret, and runs it in the open.
    async fn task(&mut self) -> (Sent, Answer) {
        let calldata = self.author.calldata(&mut self.rng);
        let value = if self.rng.random() { self.rng.random_range(0..3_000) } else { 0 };
        let user = self.rig.user(self.rng.random_range(0..3)).clone();
        let terms = terms(&self.rig, value).await;
        let sent = self.rig.task(&user, self.root, &calldata, terms).await;
        (sent, self.plain.call(user.address(), value, &calldata))
    }

    /// The portal has what all the contracts have, outside everybody has the same, and the network owes all it has.
    async fn compare(&mut self) -> Result<(), String> {
        let inside: U256 = self.author.clones.iter().map(|clone| self.plain.balance(*clone)).sum();
        let (sealed, open) = (self.rig.balance(self.root), inside + self.plain.balance(self.root));
        if sealed != open {
            return Err(format!("the portal has {sealed}, the plain contracts {open}"));
        }
        let (mut claimable, mut received) = (U256::ZERO, U256::ZERO);
        for who in OUTSIDE {
            let credit = self.rig.chain.credits(who).await.expect("credits");
            let (sealed, open) = (balance(&self.rig.anvil, who) + credit, self.plain.balance(who));
            if sealed != open {
                return Err(format!("outside, {who} has {sealed}, on the plain chain {open}"));
            }
            (claimable, received) = (claimable + credit, received + sealed - credit);
        }
        self.seen.claims += usize::from(claimable > self.before.0);
        self.seen.payments += usize::from(received > self.before.1);
        self.before = (claimable, received);
        let books = self.rig.books().await;
        let work = books.credits.values().chain(books.upkeep.values()).sum::<U256>() + books.pool;
        let owed = work + books.escrow + claimable;
        if books.balance != owed {
            return Err(format!("the network has {}, and owes {owed}", books.balance));
        }
        Ok(())
    }

    pub async fn plant(&mut self, bug: Planted) {
        match bug {
            Planted::Nothing => {}
            Planted::InflowTwice => self.forget_deliveries().await,
            Planted::TransferStays => put(&self.rig.anvil, self.root, LYING),
        }
    }

    async fn forget_deliveries(&self) {
        // Slot 12 of Enigma, the record's word 3: sent in the low half, delivered in the high one.
        let record = keccak256((self.root, U256::from(12)).abi_encode());
        let slot = hex::encode_prefixed((U256::from_be_bytes(record.0) + U256::from(3)).to_be_bytes::<32>());
        let enigma = self.rig.chain.enigma();
        let word = self.rig.anvil.call("eth_getStorageAt", json!([enigma, slot, "latest"]));
        let word: U256 = enigma_tests::anvil::word(&word).into();
        assert!(word.bit_len() > 128, "something was delivered before");
        let low = word & ((U256::from(1) << 128usize) - U256::from(1));
        let low = hex::encode_prefixed(low.to_be_bytes::<32>());
        self.rig.anvil.call("anvil_setStorageAt", json!([enigma, slot, low]));
    }
}

/// The most that there is, for any program.
pub async fn terms(rig: &Rig, value: u64) -> Terms {
    Terms { gasLimit: 15_000_000, commitGas: 5_000_000, ..rig.terms(value).await }
}

/// A network with the purse in it, its portal's address, and the creation code. Those outside have their code.
pub async fn sealed() -> (Rig, Address, Vec<u8>) {
    let mut rig = Rig::start().await;
    let alice = rig.user(0).clone();
    let salt = B256::new(rig.random());
    let root = rig.chain.portal_address(alice.address(), salt).await.expect("an address");
    let creation = [purse(), Vec::<Step>::new().abi_encode()].concat();
    let binding = rig.binding(Kind::Deploy, root, rig.epoch().await, alice.address());
    let text = rig.seal(&binding, &creation, 0);
    let terms = terms(&rig, 0).await;
    rig.raw_deploy(&alice, salt, 1, text.envelope, terms).await.expect("a deployment");
    rig.settle(root).await;
    recipients(&rig.anvil);
    put(&rig.anvil, REFUSER, REVERTING);
    put(&rig.anvil, BURNER, BURNING);
    (rig, root, creation)
}
