//! Whose turn it is, who was passed over, what is skipped, and what is declared lost.

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    clock::{self, Marks, Order, SEQUENCE},
    door::{UntrustedSkip, UntrustedStep},
    input::Input,
    layout,
    lottery::{self, Group},
    state::next_state_head,
};

use super::{Enigma, commit::Rejected, field, from_b256, with_field};
use crate::sealed::stake::Storage;

/// The workers of a contract in the pending block's epoch.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Ids by rank, as many as there are.
    pub ids: Vec<u64>,
    /// Bit r: rank r was passed over.
    pub silent: u8,
    /// Ids that the chain's word holds; 0 if the epoch has none yet.
    stored: usize,
}

impl Standing {
    /// Their order.
    pub const fn order(&self) -> Order {
        Order { silent: self.silent, count: self.ids.len() }
    }

    /// Their ids by position.
    pub fn line(&self) -> Vec<u64> {
        self.order().ranks().into_iter().map(|rank| self.ids[rank]).collect()
    }
}

impl Enigma {
    /// The workers of a contract in the current epoch.
    pub fn standing(&self, contract: Address) -> Standing {
        let (words, epoch) = (&self.chain.pending, self.epoch());
        let Ok(drawn) =
            lottery::sequence(words, contract, epoch, words.get(layout::seed(epoch)).into(), SEQUENCE);
        let group = Group::unpack(words.get(layout::secret_contract(contract, 2)));
        let (silent, stored) = if group.epoch == epoch { (group.silent, group.ids.len()) } else { (0, 0) };
        Standing { ids: drawn.iter().map(|d| d.id).collect(), silent, stored }
    }

    /// How long each position waits.
    pub fn terms(&self, contract: Address) -> clock::Terms {
        let parameters = self.chain.pending.get(layout::PARAMETERS);
        clock::Terms {
            signers: field(self.counters(contract), 208, 8) as u8,
            group_size: field(parameters, 40, 8) as u8,
            takeover: field(parameters, 48, 16),
        }
    }

    /// The oldest input that waits.
    pub fn oldest(&self, contract: Address) -> Option<Input> {
        let inputs = &self.events.get(&contract)?.inputs;
        inputs.get(self.cursor(contract) as usize).map(|i| i.input.clone())
    }

    /// The block from which the worker at `position` may sign; none while the clock is held.
    ///
    /// # Panics
    /// Nothing is pending.
    pub fn turn(&self, contract: Address, position: usize) -> u64 {
        self.marks(contract).reaches(self.terms(contract).wait(position)).unwrap_or(u64::MAX)
    }

    fn marks(&self, contract: Address) -> Marks {
        let (counters, epoch) = (self.counters(contract), self.chain.pending.get(layout::EPOCH));
        let next_start = field(epoch, 80, 40);
        let rolled = next_start != 0 && self.now() >= next_start;
        Marks {
            oldest_input: self.oldest(contract).expect("a pending input").block_number
                + field(counters, 216, 8),
            epoch_start: if rolled { next_start } else { field(epoch, 40, 40) },
            last_commit: field(counters, 168, 40),
            clock_from: field(self.chain.pending.get(layout::secret_contract(contract, 4)), 160, 40),
            paused_at: field(counters, 224, 32),
        }
    }

    /// Ranks and positions of signers, in their order, if their turns have come.
    pub(super) fn ranks_of(&self, contract: Address, signers: &[u64]) -> Result<Vec<usize>, Rejected> {
        let standing = self.standing(contract);
        let (mut ranks, mut last) = (Vec::new(), None);
        for id in signers {
            let rank = standing.ids.iter().position(|drawn| drawn == id).ok_or("WrongSigner")?;
            let position = standing.order().position(rank);
            if last >= position {
                return Err("WrongSignerOrder");
            }
            if self.now() < self.turn(contract, position.expect("a rank that there is")) {
                return Err("TurnNotCome");
            }
            last = position;
            ranks.push(rank);
        }
        Ok(ranks)
    }

    /// Writes the group with whoever the signers of a commit have passed over; those newly silent are slashed.
    pub(super) fn pass_over(&mut self, contract: Address, signers: &[usize]) {
        let standing = self.standing(contract);
        let silent = standing.order().after(signers).silent;
        let needed = signers.iter().map(|rank| rank + 1).max().unwrap_or_default();
        self.write_group(contract, &standing, silent, needed);
    }

    fn write_group(&mut self, contract: Address, standing: &Standing, silent: u8, needed: usize) {
        let terms = self.terms(contract);
        let (signers, size) = (usize::from(terms.signers), usize::from(terms.group_size));
        // No more of the order is drawn than it takes to tell who signs: the first signers, the group, all.
        let drawn = [signers, size].into_iter().find(|drawn| needed <= *drawn).unwrap_or(SEQUENCE);
        let count = drawn.max(standing.stored).min(standing.ids.len());
        let mut packed = U256::from(self.epoch()) | U256::from(count) << 40 | U256::from(silent) << 48;
        for (rank, id) in standing.ids.iter().take(count).enumerate() {
            packed |= U256::from(*id) << (56 + 24 * rank);
        }
        let epoch = self.epoch();
        let fallen =
            (0..standing.ids.len()).filter(|r| silent >> r & 1 == 1 && standing.silent >> r & 1 == 0);
        let slashed: Vec<(u64, u64)> = fallen.map(|rank| (epoch, standing.ids[rank])).collect();
        self.events.get_mut(&contract).expect("a secret contract").slashed.extend(slashed);
        self.chain.pending.set(layout::secret_contract(contract, 2), packed);
    }

    /// Skips the oldest input in the pending block, or says why not.
    ///
    /// # Errors
    /// The name of the contract's error.
    pub fn skip(&mut self, contract: Address) -> Result<(), Rejected> {
        let input = self.oldest(contract).ok_or("NothingPending")?;
        let parameters = self.chain.pending.get(layout::PARAMETERS);
        let deadline = field(parameters, 64, 8) * field(parameters, 0, 40);
        let (marks, terms) = (self.marks(contract), self.terms(contract));
        if self.now() < marks.skip_from(&terms, deadline) {
            return Err("TooEarlyToSkip");
        }
        if marks.elapsed(self.now()) >= terms.whole() {
            let standing = self.standing(contract);
            let size = usize::from(terms.group_size);
            let group = (0..size.min(standing.ids.len())).fold(0u8, |mask, rank| mask | 1 << rank);
            self.write_group(contract, &standing, standing.silent | group, size);
        }
        self.start_after(contract, 0);
        let index = self.cursor(contract);
        let input_hash = input.hash(contract, index);
        let head = next_state_head(self.state_head(contract), input_hash, B256::ZERO);
        let counters = with_field(self.counters(contract), 64, 64, U256::from(index + 1));
        let words = &mut self.chain.pending;
        words.set(layout::secret_contract(contract, 0), from_b256(head));
        words.set(layout::secret_contract(contract, 1), counters);
        let events = self.events.get_mut(&contract).expect("a secret contract");
        events.steps.push(UntrustedStep::Skipped(UntrustedSkip { input_hash }));
        events.outputs.push(Vec::new());
        Ok(())
    }

    /// Somebody shows in the pending block that the base fee is above the oldest input's price cap.
    pub fn hold(&mut self, contract: Address) {
        let now = U256::from(self.now());
        let word = with_field(self.counters(contract), 224, 32, now);
        self.chain.pending.set(layout::secret_contract(contract, 1), word);
    }

    /// Somebody shows in the pending block that it is not any more.
    pub fn resume(&mut self, contract: Address) {
        self.start_after(contract, self.marks(contract).elapsed(self.now()));
    }

    /// The clock runs from the pending block on, and has counted `counted` blocks.
    fn start_after(&mut self, contract: Address, counted: u64) {
        let (slot, from) = (layout::secret_contract(contract, 4), U256::from(self.now() - counted));
        let word = with_field(self.chain.pending.get(slot), 160, 40, from);
        self.chain.pending.set(slot, word);
        let word = with_field(self.counters(contract), 224, 32, U256::ZERO);
        self.chain.pending.set(layout::secret_contract(contract, 1), word);
    }

    /// A worker declares the state lost in the pending block, or no longer: it was found.
    pub fn declare_lost(&mut self, contract: Address, lost: bool) {
        let since = if lost { U256::from(self.now()) << 160 } else { U256::ZERO };
        let declarer = if lost { U256::from(0xdec1a4e4u64) } else { U256::ZERO };
        self.chain.pending.set(layout::lost(contract, 0), since | declarer);
    }
}
