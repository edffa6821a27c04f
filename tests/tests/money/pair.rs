//! Both sides, and what must be equal.

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{Sender, bindings::Enigma};
use enigma_protocol::{input::Kind, output::InnerStatus};
use enigma_tests::rig::{Rig, Sent, Terms, Text};
use rand::{Rng, rngs::StdRng};

use crate::{
    accounts::{Gas, balance, put, set_balance},
    plain::{Answer, Plain, REVERTING, recipients},
    planted::Planted,
    programs::{Author, BURNER, OUTSIDE, REFUSER, purse},
    seen::Seen,
};

/// Loops for ever.
const BURNING: &str = "5b5f56";
/// Users of whom any sends any task.
const USERS: usize = 3;

/// What was sent in secret, and how the same ended in the open.
struct Asked {
    sent: Sent,
    expected: Answer,
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
    users: Vec<Address>,
    /// What everybody has paid for gas on the sealed side.
    gas: Gas,
    /// What each user's tasks have cost it, as their commits say, wei.
    fees: [U256; USERS],
    /// The nonce of each user's next relayed task.
    nonces: [u64; USERS],
    /// A bug, and how many commits there are before it.
    planted: (Planted, usize),
    commits: usize,
}

impl Pair {
    pub async fn start(rng: StdRng, planted: (Planted, usize)) -> Self {
        let rig = Rig::start().await;
        outside(&rig);
        let users: Vec<Address> = (0..USERS).map(|place| rig.user(place).address()).collect();
        let (root, author) = (Address::ZERO, Author::new(Address::ZERO, users.clone()));
        let (seen, before, gas) = (Seen::default(), (U256::ZERO, U256::ZERO), Gas::default());
        let (fees, nonces) = ([U256::ZERO; USERS], [0; USERS]);
        let plain = Plain::start();
        let mut pair = Self {
            seen,
            before,
            rng,
            rig,
            plain,
            root,
            author,
            users,
            gas,
            fees,
            nonces,
            planted,
            commits: 0,
        };
        for place in 0..USERS {
            let wealth = pair.wealth(place).await;
            pair.plain.endow(pair.users[place], wealth);
        }
        pair
    }

    /// Deploys the root by a constructor that does anything, its commit, and a look at everybody's balance. Whether the
    /// root is there after that; if not, nothing ever will be at its address.
    pub async fn deploy(&mut self) -> Result<bool, String> {
        let place = self.rng.random_range(0..USERS);
        let (user, salt) = (self.rig.user(place).clone(), B256::new(self.rig.random()));
        self.root = self.rig.chain.portal_address(user.address(), salt).await.expect("an address");
        self.author = Author::new(self.root, self.users.clone());
        self.nonces = [0; USERS];
        if self.rng.random() {
            self.force();
        }
        let value = self.value();
        let creation = self.author.creation(&mut self.rng);
        let sent = deploy(&mut self.rig, &user, salt, value, &creation).await;
        let mut expected = self.plain.deploy(self.root, user.address(), value, &creation);
        if expected.ok {
            // Its sender knows the code, and what it does is compared.
            self.author.code = std::mem::take(&mut expected.data);
        }
        let is_there = !self.author.code.is_empty();
        self.seen.endowments += usize::from(is_there && value > 0);
        self.seen.stillbirths += usize::from(!expected.ok && value > 0);
        self.seen.suicides += usize::from(expected.ok && !is_there);
        self.commit(vec![Asked { sent, expected }]).await?;
        Ok(is_there)
    }

    /// One or two tasks, their commit, and a look at everybody's balance.
    pub async fn step(&mut self) -> Result<(), String> {
        match self.rng.random_range(0..4) {
            0 => self.force(),
            1 => self.deposit().await,
            _ => {}
        }
        if self.rng.random_ratio(1, 4) {
            self.withdraw().await;
        }
        let tasks = match self.rng.random_range(0..3) {
            0 => self.send(1).await,
            1 => self.send(2).await,
            _ => {
                let mut tasks = self.send(1).await;
                tasks.extend(self.send(1).await);
                tasks
            }
        };
        self.commit(tasks).await
    }

    async fn commit(&mut self, tasks: Vec<Asked>) -> Result<(), String> {
        if self.commits == self.planted.1 {
            self.planted.0.plant(&self.rig, self.root, &self.users).await;
        }
        self.commits += 1;
        let executed = self.rig.execute(self.root, tasks.len()).await;
        let commit = self.rig.commit(&executed).await;
        assert_eq!(commit.outcomes.len(), tasks.len(), "they fit one receipt");
        self.seen.failures += usize::from(self.plain.bring_back());
        for (Asked { sent, expected }, outcome) in tasks.iter().zip(&commit.outcomes) {
            let output = sent.read(&outcome.output);
            let (input, count) = (&sent.event.input, usize::from);
            self.seen.successes += count(expected.ok);
            self.seen.reverts += count(!expected.ok);
            self.seen.refunds += count(!expected.ok && !input.value.is_zero());
            let sealed = Answer { ok: output.status == InnerStatus::Success, data: output.data.into() };
            if sealed != *expected || (!sealed.ok && output.status != InnerStatus::Reverted) {
                return Err(format!("sealed {:?} {sealed:?}, plain {expected:?}", output.status));
            }
            let payer = self.users.iter().position(|user| *user == input.sender).expect("a user");
            self.fees[payer] += outcome.pay;
        }
        for hope in std::mem::take(&mut self.author.hopes) {
            if self.plain.exists(hope.at) {
                self.seen.births += 1;
                self.seen.constructions += usize::from(hope.is_constructed);
                self.author.clones.push(hope.at);
            }
        }
        self.compare().await
    }

    /// Ether that nobody sent.
    fn force(&mut self) {
        let value = self.rng.random_range(1..5_000u64);
        set_balance(&self.rig.anvil, self.root, self.rig.balance(self.root) + U256::from(value));
        self.plain.force(self.root, value);
    }

    /// A plain transfer to the portal.
    async fn deposit(&mut self) {
        let value = self.rng.random_range(1..5_000u64);
        self.rig.deposit(self.root, value).await;
        self.plain.force(self.root, value);
    }

    /// A user takes what Enigma owes it.
    async fn withdraw(&mut self) {
        let user = self.rig.user(self.rng.random_range(0..USERS)).clone();
        if !self.rig.chain.credits(user.address()).await.expect("credits").is_zero() {
            user.call_enigma(&Enigma::withdrawCall {}, U256::ZERO).await.expect("a withdrawal");
            self.seen.withdrawals += 1;
        }
    }

    /// Sends programs in secret, in one transaction of a user, and runs them in the open.
    async fn send(&mut self, count: usize) -> Vec<Asked> {
        let payer = self.rig.user(self.rng.random_range(0..USERS)).clone();
        let (epoch, mut requests, mut sealed) = (self.rig.epoch().await, Vec::new(), Vec::new());
        for _ in 0..count {
            let (calldata, value) = (self.author.calldata(&mut self.rng), self.value());
            let text = self.seal(&payer, epoch, &calldata, value);
            requests.push((epoch, text.envelope, terms(&self.rig, value).await));
            sealed.push((text.reply_key, calldata, value));
        }
        let owed = self.rig.chain.credits(payer.address()).await.expect("credits");
        let credit =
            if self.rng.random() { owed / U256::from(self.rng.random_range(1..4)) } else { U256::ZERO };
        self.seen.credits += usize::from(!credit.is_zero());
        self.seen.bundles += usize::from(count > 1);
        let events = if count == 1 && credit.is_zero() {
            let (epoch, envelope, terms) = requests.remove(0);
            vec![self.rig.raw_input(&payer, self.root, epoch, envelope, terms).await.expect("a task")]
        } else {
            self.rig.raw_inputs_on_credit(&payer, self.root, requests, credit).await.expect("tasks")
        };
        assert_eq!(events.len(), count, "an event of each task");
        let asked = events.into_iter().zip(sealed).map(|(event, (reply_key, calldata, value))| Asked {
            sent: Sent { event, reply_key },
            expected: self.plain.call(payer.address(), value, &calldata),
        });
        asked.collect()
    }

    /// The payer's own task, or that of a user which has it relayed.
    fn seal(&mut self, payer: &Sender, epoch: u64, calldata: &[u8], value: u64) -> Text {
        let binding = self.rig.binding(Kind::Task, self.root, epoch, payer.address());
        if !self.rng.random_ratio(1, 4) {
            return self.rig.seal(&binding, calldata, 0);
        }
        let place = self.rng.random_range(0..USERS);
        let author = self.rig.user(place).clone();
        let nonce = self.nonces[place];
        self.nonces[place] += 1;
        self.seen.relayed += 1;
        self.rig.seal_relayed(&binding, calldata, &author, nonce, U256::from(value))
    }

    fn value(&mut self) -> u64 {
        if self.rng.random() { self.rng.random_range(1..3_000) } else { 0 }
    }

    /// The portal has what all the contracts have, outside everybody has the same, the network owes all it has, and every
    /// user has spent the same on values.
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
        for (place, user) in self.users.clone().into_iter().enumerate() {
            let (sealed, open) = (self.wealth(place).await, self.plain.wealth(user));
            if sealed != open {
                return Err(format!("but for fees, user {place} has {sealed}, on the plain chain {open}"));
            }
        }
        Ok(())
    }

    /// What a user of the sealed side has, is owed, and has paid for gas and for tasks.
    async fn wealth(&mut self, place: usize) -> U256 {
        let user = self.users[place];
        let credit = self.rig.chain.credits(user).await.expect("credits");
        self.rig.balance(user) + credit + self.gas.paid(&self.rig.anvil, user) + self.fees[place]
    }
}

/// The most that there is, for any program.
pub async fn terms(rig: &Rig, value: u64) -> Terms {
    Terms { gasLimit: 15_000_000, commitGas: 5_000_000, ..rig.terms(value).await }
}

/// A network with a purse in it that has done nothing yet, and its portal's address. Those outside have their code.
pub async fn sealed() -> (Rig, Address) {
    let mut rig = Rig::start().await;
    outside(&rig);
    let (alice, salt) = (rig.user(0).clone(), B256::new(rig.random()));
    let sent = deploy(&mut rig, &alice, salt, 0, &purse(vec![])).await;
    rig.settle(sent.event.contract).await;
    (rig, sent.event.contract)
}

async fn deploy(rig: &mut Rig, user: &Sender, salt: B256, value: u64, creation: &[u8]) -> Sent {
    let root = rig.chain.portal_address(user.address(), salt).await.expect("an address");
    let binding = rig.binding(Kind::Deploy, root, rig.epoch().await, user.address());
    let text = rig.seal(&binding, creation, 0);
    let terms = terms(rig, value).await;
    let event = rig.raw_deploy(user, salt, 1, text.envelope, terms).await.expect("a deployment");
    Sent { event, reply_key: text.reply_key }
}

/// Those outside who have code on the sealed side.
fn outside(rig: &Rig) {
    recipients(&rig.anvil);
    put(&rig.anvil, REFUSER, REVERTING);
    put(&rig.anvil, BURNER, BURNING);
}
