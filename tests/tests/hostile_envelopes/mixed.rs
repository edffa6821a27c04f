//! Everything at once, at random: whatever happens, the money adds up, and in the end everybody gets his.

use alloy_primitives::{Address, U256};
use enigma_chain::{
    Sender,
    bindings::{Enigma, epoch},
};
use enigma_protocol::{fees, input::Kind, receipt::Status};
use enigma_tests::rig::{Rig, Terms, program};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{GWEI, counter};

/// Steps of a run, unless `ENIGMA_STEPS` says otherwise.
const STEPS: u64 = 120;
const USERS: usize = 4;

struct Mixed {
    rig: Rig,
    rng: StdRng,
    contracts: Vec<Address>,
    /// Commits, tasks by status.
    commits: usize,
    ended: [usize; 3],
}

#[tokio::test]
async fn money_in_is_money_out_and_money_owed_whatever_happens() {
    let number = |name: &str| std::env::var(name).ok().map(|v| v.parse::<u64>().expect("a number"));
    let seed = number("ENIGMA_SEED").unwrap_or_else(rand::random);
    let steps = number("ENIGMA_STEPS").unwrap_or(STEPS);
    println!("replay with ENIGMA_SEED={seed} ENIGMA_STEPS={steps}");
    let mut rig = Rig::start().await;
    rig.next_epoch().await;
    let mut contracts = Vec::new();
    for i in 0..3 {
        let owner = rig.user(i).clone();
        contracts.push(counter(&mut rig, &owner).await);
    }
    let rng = StdRng::seed_from_u64(seed);
    let mut run = Mixed { rig, rng, contracts, commits: 0, ended: [0; 3] };
    for _ in 0..steps {
        run.step().await;
    }
    run.finish().await;
    println!("{} commits; completed, value returned, unopened: {:?}", run.commits, run.ended);
    assert!(steps < STEPS || run.ended.iter().all(|&n| n > 0), "the run has become one-sided");
}

impl Mixed {
    async fn step(&mut self) {
        match self.rng.random_range(0..24) {
            0..=11 => self.task().await,
            12..=18 => self.commit().await,
            19 => self.deposit().await,
            20 | 21 => {
                let user = self.rng.random_range(0..USERS);
                let user = self.rig.user(user).clone();
                self.withdraw(&user).await;
            }
            22 => self.rig.mine_at_base_fee(self.rng.random_range(1..6 * GWEI as u64)),
            _ => {
                self.rig.next_epoch().await;
            }
        }
        self.rig.books().await.assert_balanced();
    }

    fn contract(&mut self) -> Address {
        self.contracts[self.rng.random_range(0..self.contracts.len())]
    }

    /// A task that may end in any way, paid for in any way.
    async fn task(&mut self) {
        let (user, contract) = (self.rng.random_range(0..USERS), self.contract());
        let user = self.rig.user(user).clone();
        let now = self.rig.epoch().await;
        let body = match self.rng.random_range(0..5) {
            0 => program::revert(),
            1 => program::large(self.rng.random_range(2..4_000)),
            _ => program::COUNT.to_vec(),
        };
        let expiry = if self.rng.random_ratio(1, 8) { 1 } else { 0 };
        let binding = self.rig.binding(Kind::Task, contract, now, user.address());
        let mut envelope = self.rig.seal(&binding, &body, expiry).envelope;
        if self.rng.random_ratio(1, 5) {
            let byte = self.rng.random_range(0..envelope.len());
            envelope[byte] ^= 1 << self.rng.random_range(0..8);
        }
        let task = self.terms().await;
        let due = task.value + fees::max_fee(task.commitGas, task.gasLimit, task.priceCap);
        // Now and then the sender's credit pays.
        let credit = self.rig.chain.credits(user.address()).await.expect("credits").min(due);
        let paid = if self.rng.random_ratio(1, 3) { due - credit } else { due };
        let call =
            Enigma::createTaskCall { account: contract, epoch: epoch(now), envelope: envelope.into(), task };
        user.call_enigma(&call, paid).await.expect("a task");
    }

    async fn terms(&mut self) -> Terms {
        let value = if self.rng.random() { self.rng.random_range(1..1_000_000_000) } else { 0 };
        let plain = self.rig.terms(value).await;
        let rng = &mut self.rng;
        Terms {
            gasLimit: rng.random_range(0..400_000),
            commitGas: fees::commit_gas_for(rng.random_range(0..4_000), 0),
            priceCap: plain.priceCap - rng.random_range(0..plain.priceCap / 4),
            tip: rng.random_range(0..3 * GWEI),
            ..plain
        }
    }

    /// Some of one contract, or of two, one of whose receipts may be bad.
    async fn commit(&mut self) {
        self.rig.catch_up().await;
        let (mut commitments, mut good) = (Vec::new(), 0);
        let start = self.rng.random_range(0..self.contracts.len());
        for i in 0..self.rng.random_range(1..=2) {
            let contract = self.contracts[(start + i) % self.contracts.len()];
            let pending = self.rig.pending(contract);
            if pending == 0 {
                continue;
            }
            let count = self.rng.random_range(1..=pending.min(12));
            let executed = self.rig.execute(contract, count).await;
            let mut commitment = self.rig.commitment(&executed);
            if self.rng.random_ratio(1, 6) {
                commitment.receipt.results[0].gasCharged ^= 1;
            } else {
                good += 1;
            }
            commitments.push(commitment);
        }
        if commitments.is_empty() {
            return;
        }
        let before = self.rig.books().await;
        let landed = self.rig.carry(commitments).await.unwrap_or_default();
        assert_eq!(landed.len(), good);
        self.rig.audit(&before, &landed).await;
        self.note(&landed);
    }

    fn note(&mut self, landed: &[enigma_chain::CommitEvent]) {
        self.commits += landed.len();
        for outcome in landed.iter().flat_map(|c| &c.outcomes) {
            self.ended[match outcome.status {
                Status::Completed => 0,
                Status::ValueReturned => 1,
                Status::Unopened => 2,
            }] += 1;
        }
    }

    /// Money for a portal that passes nobody's books.
    async fn deposit(&mut self) {
        let (to, value) = (self.contract(), self.rng.random_range(1..1_000_000_000));
        self.rig.deposit(to, value).await;
    }

    async fn withdraw(&mut self, account: &Sender) {
        let before = self.rig.books().await;
        let credit = before.credit(account.address());
        let withdrawn = account.call_enigma(&Enigma::withdrawCall {}, U256::ZERO).await;
        assert_eq!(withdrawn.is_ok(), !credit.is_zero(), "{withdrawn:?}");
        let after = self.rig.books().await;
        assert_eq!(after.credit(account.address()), U256::ZERO);
        assert_eq!(before.balance - after.balance, credit);
    }

    /// Everything is committed, everybody withdraws, and nothing is left.
    async fn finish(&mut self) {
        for contract in self.contracts.clone() {
            self.rig.catch_up().await;
            while self.rig.pending(contract) > 0 {
                let before = self.rig.books().await;
                let executed = self.rig.execute(contract, self.rig.pending(contract).min(100)).await;
                let landed = [self.rig.commit(&executed).await];
                self.rig.audit(&before, &landed).await;
                self.note(&landed);
            }
        }
        let operators = (0..enigma_tests::rig::WORKERS).map(|i| self.rig.operator(i).clone());
        let users = (0..USERS).map(|i| self.rig.user(i).clone());
        for account in operators.chain(users).collect::<Vec<_>>() {
            self.withdraw(&account).await;
        }
        let books = self.rig.books().await;
        let share: U256 = books.upkeep.values().sum();
        assert_eq!((books.balance, books.escrow), (share + books.pool, U256::ZERO), "nothing else is left");
    }
}
