//! What the contract keeps, for those who tell others about it.

use alloy::providers::Provider;
use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    clock::SEQUENCE,
    layout,
    lottery::{self, Slots},
};

use crate::{
    Chain, Result,
    bindings::{EngToken, Enigma, epoch},
    decode::SILENT_BYTE,
    deployment::Parameters,
};

/// An admitted worker.
#[derive(Clone, Copy, Debug)]
pub struct WorkerRecord {
    /// Its id, which is its seat in the lottery.
    pub id: u64,
    /// Address of its enclave's signing key.
    pub signer: Address,
    /// Who stakes and is paid.
    pub operator: Address,
    /// Wei of ENG.
    pub stake: U256,
    /// Whether it takes part, from two epochs after it logged in.
    pub logged_in: bool,
    /// What runs there.
    pub measurement: B256,
    /// The machine that it runs on.
    pub platform: B256,
    /// Of the network's revocations, those that its admission was checked against.
    pub checked: u16,
    /// Unix seconds until which it is admitted.
    pub expiry: u64,
    /// After a logout: the epoch from which its stake can be withdrawn.
    pub unlock_epoch: u64,
}

/// The expiry of a worker that was shown to have signed two outcomes: an admission never ends so early.
const BARRED: u64 = 1;

impl WorkerRecord {
    /// Whether its enclave was shown to have signed two outcomes of the same inputs.
    pub const fn is_broken(&self) -> bool {
        self.expiry == BARRED
    }
}

/// Epochs as stored at one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochWord {
    /// The stored epoch.
    pub stored: u64,
    /// Its first block.
    pub start: u64,
    /// First block of the one after it; 0 while its beacon is missing.
    pub next_start: u64,
    /// Platforms barred and measurements revoked so far.
    pub revocations: u16,
}

impl EpochWord {
    /// The epoch of block `number`.
    pub const fn epoch_of(&self, number: u64) -> u64 {
        self.stored + if self.has_rolled(number) { 1 } else { 0 }
    }

    /// First block of the epoch of block `number`, and of the next one if its seed is known.
    pub const fn bounds(&self, number: u64) -> (u64, Option<u64>) {
        match (self.has_rolled(number), self.next_start) {
            (true, start) => (start, None),
            (false, 0) => (self.start, None),
            (false, next) => (self.start, Some(next)),
        }
    }

    const fn has_rolled(&self, number: u64) -> bool {
        self.next_start != 0 && number >= self.next_start
    }
}

/// The open declaration that a contract's state is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostRecord {
    /// Who declared it.
    pub declarer: Address,
    /// The block in which.
    pub since: u64,
    /// Chunks of the snapshot; 0 until the first is posted.
    pub chunks: u8,
    /// Wei for whoever posts it.
    pub bond: U256,
    /// Wei of it that are credited to posters.
    pub paid: U256,
    /// Bit i: chunk i is posted.
    pub posted: U256,
}

/// What the contract has of an account's, wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Owed to it.
    pub credit: U256,
    /// The share of its pay for beacons and the committee, until somebody collects it.
    pub upkeep: U256,
}

/// The collected shares for beacons and the committee, wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// What beacons are paid from.
    pub amount: U256,
    /// What every seat was given in all.
    pub per_seat: U256,
}

/// A seat of the committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Who is paid for it.
    pub operator: Address,
    /// Wei of [`Pool::per_seat`] that it was credited.
    pub claimed: U256,
}

/// Who serves a contract in the current epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turns {
    /// The current epoch, as a transaction in the next block would find it at the earliest.
    pub epoch: u64,
    /// Bit r: rank r was passed over in this epoch.
    pub silent: u8,
    /// Worker ids by rank, at most eight.
    pub ids: Vec<u64>,
}

/// The one word that holds the lottery's total weights.
struct Root(U256);

impl Slots for Root {
    type Error = std::convert::Infallible;

    fn read(&self, slot: B256) -> std::result::Result<U256, Self::Error> {
        Ok(if slot == layout::TREE_ROOT { self.0 } else { U256::ZERO })
    }
}

impl Chain {
    /// Epochs as the state after block `number` has them.
    ///
    /// # Errors
    /// The endpoint failed, here and below.
    pub async fn epoch_word(&self, number: u64) -> Result<EpochWord> {
        let word = self.read(|c| async move { c.epochWord().block(number.into()).call().await }).await?;
        Ok(EpochWord {
            stored: word.epoch.to(),
            start: word.start.to(),
            next_start: word.nextStart.to(),
            revocations: word.revocations,
        })
    }

    /// The parameters that the network was deployed with.
    ///
    /// # Errors
    /// As above.
    pub async fn parameters(&self) -> Result<Parameters> {
        let p = self.read(|c| async move { c.parametersWord().call().await }).await?;
        Ok(Parameters {
            epoch_length: p.epochLength.to(),
            group_size: p.groupSize,
            takeover: p.takeover,
            skip_epochs: p.skipEpochs,
            window: p.window,
            min_stake: p.minStake,
        })
    }

    /// The stake token.
    ///
    /// # Errors
    /// As above.
    pub async fn token(&self) -> Result<Address> {
        self.read(|c| async move { c.token().call().await }).await
    }

    /// How many workers were ever admitted; ids are below it.
    ///
    /// # Errors
    /// As above.
    pub async fn worker_count(&self) -> Result<u64> {
        Ok(self.read(|c| async move { c.workerCount().call().await }).await?.saturating_to())
    }

    /// A worker by its id.
    ///
    /// # Errors
    /// As above.
    pub async fn worker(&self, id: u64) -> Result<WorkerRecord> {
        let w: Enigma::Worker = self.read(|c| async move { c.worker(U256::from(id)).call().await }).await?;
        Ok(WorkerRecord {
            id,
            signer: w.signer,
            operator: w.operator,
            stake: U256::from(w.stake),
            logged_in: w.loggedIn,
            measurement: w.measurement,
            platform: w.platform,
            checked: w.checked,
            expiry: w.expiry.to(),
            unlock_epoch: w.unlockEpoch.into(),
        })
    }

    /// The lottery's total weight in an epoch: whole ENG.
    ///
    /// # Errors
    /// As above.
    pub async fn total_weight(&self, at_epoch: u64) -> Result<u64> {
        let root = Root(self.read(|c| async move { c.treeRoot().call().await }).await?);
        let Ok(weight) = lottery::total_weight(&root, at_epoch);
        Ok(weight)
    }

    /// Whether an epoch has a seed, and so a lottery.
    ///
    /// # Errors
    /// As above.
    pub async fn is_seeded(&self, at_epoch: u64) -> Result<bool> {
        let state = self.network_state().await?;
        let last = state.epoch + u64::from(state.next_seeded());
        Ok((state.epoch.max(2)..=last).contains(&at_epoch))
    }

    /// What the contract owes an account, and what it parks there.
    ///
    /// # Errors
    /// As above.
    pub async fn account(&self, account: Address) -> Result<Account> {
        let a = self.read(|c| async move { c.ledger(account).call().await }).await?;
        Ok(Account { credit: U256::from(a.amount), upkeep: U256::from(a.upkeep) })
    }

    /// The collected shares for beacons and the committee.
    ///
    /// # Errors
    /// As above.
    pub async fn pool(&self) -> Result<Pool> {
        let p = self.read(|c| async move { c.pool().call().await }).await?;
        Ok(Pool { amount: U256::from(p.amount), per_seat: U256::from(p.perSeat) })
    }

    /// How many seats the committee has.
    ///
    /// # Errors
    /// As above.
    pub async fn seat_count(&self) -> Result<u8> {
        Ok(self.read(|c| async move { c.committeeWord().call().await }).await?.n)
    }

    /// A seat of the committee, counted from 0; `None` if there are not as many.
    ///
    /// # Errors
    /// As above.
    pub async fn seat(&self, index: u8) -> Result<Option<Seat>> {
        let s = self.read(|c| async move { c.seats(U256::from(index)).call().await }).await?;
        Ok((!s.operator.is_zero()).then(|| Seat { operator: s.operator, claimed: U256::from(s.claimed) }))
    }

    /// An account's ether, wei: a secret contract's is what it has inside.
    ///
    /// # Errors
    /// As above.
    pub async fn balance(&self, account: Address) -> Result<U256> {
        self.endpoints().ask(|view| async move { Ok(view.provider().get_balance(account).await?) }).await
    }

    /// An account's tokens, wei of them.
    ///
    /// # Errors
    /// As above.
    pub async fn token_balance(&self, token: Address, account: Address) -> Result<U256> {
        let ask = |view: crate::view::View| async move {
            let token = EngToken::new(token, view.provider().clone());
            Ok(token.balanceOf(account).call().await?)
        };
        self.endpoints().ask(ask).await
    }

    /// Who admits workers.
    ///
    /// # Errors
    /// As above.
    pub async fn deployer(&self) -> Result<Address> {
        self.read(|c| async move { c.deployer().call().await }).await
    }

    /// Whether the network's list has this measurement.
    ///
    /// # Errors
    /// As above.
    pub async fn is_allowed(&self, measurement: B256) -> Result<bool> {
        self.read(|c| async move { c.measurements(measurement).call().await }).await
    }

    /// Whether nothing that runs on this platform may serve.
    ///
    /// # Errors
    /// As above.
    pub async fn is_barred(&self, platform: B256) -> Result<bool> {
        self.read(|c| async move { c.barredPlatforms(platform).call().await }).await
    }

    /// Platforms barred and measurements revoked so far: a worker commits nothing before its admission was checked
    /// against all of them.
    ///
    /// # Errors
    /// As above.
    pub async fn revocations(&self) -> Result<u16> {
        Ok(self.read(|c| async move { c.epochWord().call().await }).await?.revocations)
    }

    /// What the contract knows the committee's public polynomial by.
    ///
    /// # Errors
    /// As above.
    pub async fn commitments_hash(&self) -> Result<B256> {
        self.read(|c| async move { c.commitmentsHash().call().await }).await
    }

    /// The open declaration that a contract's state is lost, if there is one.
    ///
    /// # Errors
    /// As above.
    pub async fn lost(&self, contract: Address) -> Result<Option<LostRecord>> {
        let l = self.read(|c| async move { c.lost(contract).call().await }).await?;
        let since: u64 = l.since.to();
        Ok((since != 0).then(|| LostRecord {
            declarer: l.declarer,
            since,
            chunks: l.chunks,
            bond: U256::from(l.bond),
            paid: U256::from(l.paid),
            posted: l.posted,
        }))
    }

    /// Who serves a contract in the current epoch, and who of them was passed over; `None` if that epoch has no lottery.
    ///
    /// # Errors
    /// As above; the contract is unknown.
    pub async fn turns(&self, contract: Address) -> Result<Option<Turns>> {
        match self.read(|c| async move { c.turns(contract).call().await }).await {
            Ok(t) => Ok(Some(Turns {
                epoch: t.epoch.to(),
                silent: t.word.byte(SILENT_BYTE),
                ids: t.ids.into_iter().take(SEQUENCE).map(|id| id.saturating_to()).collect(),
            })),
            Err(error) if error.is_refusal("NoLottery") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The group of a contract in an epoch, by rank; empty if that epoch has no lottery or is over.
    ///
    /// # Errors
    /// As above.
    pub async fn group(&self, contract: Address, at_epoch: u64, size: u8) -> Result<Vec<u64>> {
        let draw = |c: Enigma::EnigmaInstance<_>| async move {
            c.sequence(contract, epoch(at_epoch), U256::from(size)).call().await
        };
        match self.read(draw).await {
            Ok(ids) => Ok(ids.into_iter().map(|id| id.saturating_to()).collect()),
            Err(error) if error.is_refusal("NoLottery") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_begins_with_its_first_block() {
        let word = EpochWord { stored: 4, start: 100, next_start: 164, revocations: 0 };
        assert_eq!((word.epoch_of(163), word.bounds(163)), (4, (100, Some(164))));
        assert_eq!((word.epoch_of(164), word.bounds(164)), (5, (164, None)));
        let waiting = EpochWord { stored: 4, start: 100, next_start: 0, revocations: 0 };
        assert_eq!((waiting.epoch_of(900), waiting.bounds(900)), (4, (100, None)));
    }
}
