//! Typed reads of the Enigma contract's storage, through proofs.

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
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
    /// Whether the seed of the epoch after it is known.
    pub next_seeded: bool,
    /// Epochs before the current one to which envelopes may be encrypted.
    pub window: u64,
    /// Workers in a group.
    pub group_size: u8,
}

/// An admitted worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its id, which is its seat.
    pub id: u64,
    /// Unix seconds until which it is admitted.
    pub expiry: u64,
    /// What runs there.
    pub measurement: B256,
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
    /// Signatures that a commit needs.
    pub signers: u8,
    /// Blocks to wait before an input is executed.
    pub depth: u8,
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
            next_seeded: next_start != 0 && !rolled,
            window: field(parameters, 72, 8),
            group_size: field(parameters, 40, 8) as u8,
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

    /// The seed of `epoch`; zero if it has none.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn seed(&self, epoch: u64) -> Result<B256, Missing> {
        self.slots.read(layout::seed(epoch)).map(B256::from)
    }

    /// The worker whose signing key has this address, if it was ever admitted.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn worker(&self, signer: Address) -> Result<Option<Worker>, Missing> {
        let Some(id) = field(self.slots.read(layout::worker_id(signer))?, 0, 64).checked_sub(1) else {
            return Ok(None);
        };
        let [first, measurement] = self.slots.read_all([layout::worker(id, 0), layout::worker(id, 2)])?;
        Ok(Some(Worker { id, expiry: field(first, 160, 40), measurement: measurement.into() }))
    }

    /// Whether enclaves of this measurement may serve.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn measurement_allowed(&self, measurement: B256) -> Result<bool, Missing> {
        self.slots.read(layout::measurement(measurement)).map(|w| !w.is_zero())
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
            sealed_epoch: field(counters, 128, 40),
            signers: field(counters, 208, 8) as u8,
            depth: field(counters, 216, 8) as u8,
        }))
    }

    /// The input head after input `index`, if the ring still holds it.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn input_head(&self, contract: Address, index: u64) -> Result<B256, Missing> {
        self.slots.read(layout::head(contract, index)).map(B256::from)
    }

    /// The group of `contract` in `epoch`: from the chain's slot if it was drawn already, else drawn here.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn group(&self, contract: Address, epoch: u64, size: u8) -> Result<Vec<u64>, Missing> {
        let stored = Group::unpack(self.slots.read(layout::secret_contract(contract, 2))?);
        if stored.epoch == epoch && !stored.ids.is_empty() {
            return Ok(stored.ids);
        }
        let seed = self.seed(epoch)?;
        if seed.is_zero() {
            return Ok(Vec::new());
        }
        let drawn = lottery::sequence(self.slots, contract, epoch, seed, size.into())?;
        Ok(drawn.iter().map(|d: &Drawn| d.id).collect())
    }
}
