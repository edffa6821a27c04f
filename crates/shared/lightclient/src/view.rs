//! Typed reads of the Enigma contract's storage, through proofs.

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    clock::{Order, SEQUENCE},
    layout,
    lottery::{self, Drawn, Group, Slots},
};

use crate::{Block, Missing, ProvenSlots};

/// The Enigma contract as of one block.
#[derive(Clone, Copy, Debug)]
pub struct EnigmaView<'a> {
    slots: &'a ProvenSlots,
    block: &'a Block,
}

/// Where the network stands: as a transaction in the block after this view's would see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epochs {
    /// The current epoch.
    pub current: u64,
    /// Its first block.
    pub start: u64,
    /// Whether the seed of the epoch after it is known.
    pub next_seeded: bool,
    /// Blocks of an epoch.
    pub length: u64,
    /// Workers in a group.
    pub group_size: u8,
    /// Blocks between two turns.
    pub takeover: u64,
    /// Epochs before the current one to which envelopes may be encrypted.
    pub window: u64,
}

/// An admitted worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its id, which is its seat.
    pub id: u64,
    /// Unix seconds until which it is admitted.
    pub expiry: u64,
}

/// A secret contract as the chain records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretContract {
    /// State head after the last committed task.
    pub state_head: B256,
    /// Inputs so far.
    pub input_count: u64,
    /// Index of the next input to be committed.
    pub cursor: u64,
    /// Epoch whose state key sealed the last snapshot; 0 before the first commit.
    pub sealed_epoch: u64,
    /// Block of the last commit; 0 before the first.
    pub last_commit: u64,
    /// Signatures that a commit needs.
    pub signers: u8,
    /// Blocks to wait before an input is executed.
    pub depth: u8,
    /// Block in which the clock was held, and since when it stands still; 0 while it runs.
    pub paused_at: u64,
}

fn field(word: U256, shift: usize, bits: u32) -> u64 {
    let low = (word >> shift).as_limbs()[0];
    if bits >= 64 { low } else { low & ((1u64 << bits) - 1) }
}

impl<'a> EnigmaView<'a> {
    /// Reads `slots`, which were proven at `block`.
    pub const fn new(slots: &'a ProvenSlots, block: &'a Block) -> Self {
        Self { slots, block }
    }

    /// The block that this view is of.
    pub const fn block(&self) -> &Block {
        self.block
    }

    /// The network's identity as the contract stores it; zero before genesis.
    ///
    /// # Errors
    /// [`Missing`], here and below: the slots to prove.
    pub fn network(&self) -> Result<B256, Missing> {
        self.slots.read(layout::NETWORK).map(B256::from)
    }

    /// Epoch and parameters.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn epochs(&self) -> Result<Epochs, Missing> {
        let [epoch, parameters] = self.slots.read_all([layout::EPOCH, layout::PARAMETERS])?;
        let (stored, next_start) = (field(epoch, 0, 40), field(epoch, 80, 40));
        let rolled = next_start != 0 && self.block.number.saturating_add(1) >= next_start;
        Ok(Epochs {
            current: stored.saturating_add(u64::from(rolled)),
            start: if rolled { next_start } else { field(epoch, 40, 40) },
            next_seeded: next_start != 0 && !rolled,
            length: field(parameters, 0, 40),
            group_size: field(parameters, 40, 8) as u8,
            takeover: field(parameters, 48, 16),
            window: field(parameters, 72, 8),
        })
    }

    /// The epoch that had begun at the block itself.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn begun_epoch(&self) -> Result<u64, Missing> {
        let word = self.slots.read(layout::EPOCH)?;
        let (stored, next_start) = (field(word, 0, 40), field(word, 80, 40));
        Ok(stored.saturating_add(u64::from(next_start != 0 && self.block.number >= next_start)))
    }

    /// The seed of `epoch`, if it has a lottery: the current one from the second on, and the next one once its beacon is
    /// posted. Its place in the ring tells nothing of that: the seeds of other epochs lie there too.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn seed(&self, epoch: u64) -> Result<Option<B256>, Missing> {
        let epochs = self.epochs()?;
        let next = epochs.next_seeded && epoch == epochs.current.saturating_add(1);
        if epoch < 2 || !(next || epoch == epochs.current) {
            return Ok(None);
        }
        self.slots.read(layout::seed(epoch)).map(|seed| Some(seed.into()))
    }

    /// The worker whose signing key has this address, if it was ever admitted.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn worker(&self, signer: Address) -> Result<Option<Worker>, Missing> {
        let Some(id) = field(self.slots.read(layout::worker_id(signer))?, 0, 64).checked_sub(1) else {
            return Ok(None);
        };
        let word = self.slots.read(layout::worker(id, 0))?;
        Ok(Some(Worker { id, expiry: field(word, 160, 40) }))
    }

    /// Whether a worker is of a measurement that is not on the network's list, or on a platform that is barred.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn is_revoked(&self, worker: u64) -> Result<bool, Missing> {
        let [measurement, platform] =
            self.slots.read_all([layout::worker(worker, 2), layout::worker(worker, 4)])?;
        let [allowed, barred] = self
            .slots
            .read_all([layout::measurement(measurement.into()), layout::barred_platform(platform.into())])?;
        Ok(allowed.is_zero() || !barred.is_zero())
    }

    /// A secret contract; `None` if there is none at this address.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn secret_contract(&self, contract: Address) -> Result<Option<SecretContract>, Missing> {
        let [head, counters] = self
            .slots
            .read_all([layout::secret_contract(contract, 0), layout::secret_contract(contract, 1)])?;
        Ok((!head.is_zero()).then(|| SecretContract {
            state_head: head.into(),
            input_count: field(counters, 0, 64),
            cursor: field(counters, 64, 64),
            sealed_epoch: field(counters, 128, 32),
            last_commit: field(counters, 168, 40),
            signers: field(counters, 208, 8) as u8,
            depth: field(counters, 216, 8) as u8,
            paused_at: field(counters, 224, 32),
        }))
    }

    /// The input head after input `index`, if the ring still holds it.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn input_head(&self, contract: Address, index: u64) -> Result<B256, Missing> {
        self.slots.read(layout::head(contract, index)).map(B256::from)
    }

    /// The place of a worker in the order of `contract` in `epoch` (`protocol::clock`): no more is drawn than that takes.
    /// `None` if it has none, or the epoch has no lottery.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn position(
        &self,
        contract: Address,
        epoch: u64,
        worker: u64,
        group_size: u8,
    ) -> Result<Option<usize>, Missing> {
        let stored = Group::unpack(self.slots.read(layout::secret_contract(contract, 2))?);
        let current = stored.epoch == epoch && !stored.ids.is_empty();
        let silent = if current { stored.silent } else { 0 };
        let spoken = |ids: &[u64]| {
            let rank = ids.iter().position(|&id| id == worker).filter(|rank| silent >> rank & 1 == 0)?;
            Order { silent, count: ids.len() }.position(rank)
        };
        // The chain stores no more of a group than has been asked for.
        let stored = if current { stored.ids } else { Vec::new() };
        if let Some(position) = spoken(&stored) {
            return Ok(Some(position));
        }
        if stored.len() < group_size.into()
            && let Some(position) = spoken(&self.draw(contract, epoch, group_size.into())?)
        {
            return Ok(Some(position));
        }
        // Beyond the group, or passed over: then its place depends on how many there are.
        let all = self.draw(contract, epoch, SEQUENCE)?;
        let rank = all.iter().position(|&id| id == worker);
        Ok(rank.and_then(|rank| Order { silent, count: all.len() }.position(rank)))
    }

    /// The block that the last resume of the contract's clock, or the last skip, made it count from.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn clock_from(&self, contract: Address) -> Result<u64, Missing> {
        self.slots.read(layout::secret_contract(contract, 4)).map(|word| field(word, 160, 40))
    }

    /// The block since which the state of `contract` is declared lost; zero if it is not.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn lost_since(&self, contract: Address) -> Result<u64, Missing> {
        self.slots.read(layout::lost(contract, 0)).map(|word| field(word, 160, 40))
    }

    fn draw(&self, contract: Address, epoch: u64, count: usize) -> Result<Vec<u64>, Missing> {
        let Some(seed) = self.seed(epoch)? else {
            return Ok(Vec::new());
        };
        let drawn = lottery::sequence(self.slots, contract, epoch, seed, count)?;
        Ok(drawn.iter().map(|d: &Drawn| d.id).collect())
    }
}
