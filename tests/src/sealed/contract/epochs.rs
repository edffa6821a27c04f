//! Parameters, epochs, workers.

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    layout,
    lottery::{self, Drawn},
    network::ERA,
};

use super::{Enigma, field, from_b256, with_field, word};
use crate::sealed::stake::{Storage, set_weight};

impl Enigma {
    /// The constructor's parameters.
    pub fn set_parameters(&mut self, epoch_length: u64, group_size: u8, window: u8) {
        let parameters = [(0, epoch_length), (40, group_size.into()), (48, 3), (64, 2), (72, window.into())];
        self.chain.pending.set(layout::PARAMETERS, word(&parameters));
    }

    /// Allows a measurement, or no longer.
    pub fn allow(&mut self, measurement: B256, allowed: bool) {
        self.chain.pending.set(layout::measurement(measurement), U256::from(allowed));
        if !allowed {
            self.count_revocation();
        }
    }

    /// Bars a platform.
    pub fn bar(&mut self, platform: B256) {
        self.chain.pending.set(layout::barred_platform(platform), U256::from(1));
        self.count_revocation();
    }

    fn count_revocation(&mut self) {
        let word = self.chain.pending.get(layout::EPOCH);
        let more = U256::from(self.revocations() + 1);
        self.chain.pending.set(layout::EPOCH, with_field(word, 152, 16, more));
    }

    /// Platforms barred and measurements revoked so far.
    pub(super) fn revocations(&self) -> u64 {
        field(self.chain.pending.get(layout::EPOCH), 152, 16)
    }

    /// Epoch 1 begins.
    pub fn genesis(&mut self, network: B256, commitments_hash: B256) {
        let epoch = word(&[(0, 1), (40, self.now()), (120, ERA.into())]);
        self.chain.pending.set(layout::NETWORK, from_b256(network));
        self.chain.pending.set(layout::COMMITMENTS_HASH, from_b256(commitments_hash));
        self.chain.pending.set(layout::EPOCH, epoch);
        for place in 0..4 {
            self.chain.pending.set(layout::seed(place), U256::from(1));
        }
    }

    /// The network as the contract knows it; zero before genesis.
    pub fn network(&self) -> B256 {
        self.chain.pending.get(layout::NETWORK).into()
    }

    /// The epoch of the pending block.
    pub fn epoch(&self) -> u64 {
        self.epoch_at(self.now())
    }

    /// The epoch that block `number` would be in, as things stand.
    pub fn epoch_at(&self, number: u64) -> u64 {
        let word = self.chain.pending.get(layout::EPOCH);
        let next_start = field(word, 80, 40);
        field(word, 0, 40) + u64::from(next_start != 0 && number >= next_start)
    }

    /// Takes the seed of the next epoch; returns that epoch and its first block.
    ///
    /// # Panics
    /// The beacon of the next epoch is posted already.
    pub fn post_seed(&mut self, seed: B256) -> (u64, u64) {
        let now = self.now();
        let stored = self.chain.pending.get(layout::EPOCH);
        let (mut epoch, mut start, next_start) =
            (field(stored, 0, 40), field(stored, 40, 40), field(stored, 80, 40));
        if next_start != 0 {
            assert!(now >= next_start, "beacon already posted");
            (epoch, start) = (epoch + 1, next_start);
        }
        let length = field(self.chain.pending.get(layout::PARAMETERS), 0, 40);
        let scheduled = start + if epoch == 1 { 0 } else { length };
        let next_start = scheduled.max(now + 1);
        let revocations = self.revocations();
        let rolled =
            word(&[(0, epoch), (40, start), (80, next_start), (120, ERA.into()), (152, revocations)]);
        self.chain.pending.set(layout::EPOCH, rolled);
        self.chain.pending.set(layout::seed(epoch + 1), from_b256(seed));
        (epoch + 1, next_start)
    }

    /// Admits a worker, or renews its admission; returns its id.
    pub fn admit(&mut self, signer: Address, measurement: B256, platform: B256, expiry: u64) -> u64 {
        let checked = U256::from(self.revocations());
        let words = &mut self.chain.pending;
        let known = field(words.get(layout::worker_id(signer)), 0, 64);
        let count_slot = B256::from(U256::from(15));
        let id = known.checked_sub(1).unwrap_or_else(|| field(words.get(count_slot), 0, 64));
        if known == 0 {
            words.set(count_slot, U256::from(id + 1));
            words.set(layout::worker_id(signer), U256::from(id + 1));
        }
        let first = from_b256(signer.into_word());
        let admitted = with_field(first, 160, 40, U256::from(expiry));
        words.set(layout::worker(id, 0), with_field(admitted, 240, 16, checked));
        words.set(layout::worker(id, 1), U256::from(id + 1) << 160);
        words.set(layout::worker(id, 2), from_b256(measurement));
        words.set(layout::worker(id, 4), from_b256(platform));
        id
    }

    /// Logs a worker in with whole ENG at stake, or out with none: counts from the epoch after the next.
    pub fn login(&mut self, id: u64, weight: u32) {
        let epoch = self.epoch();
        let first = self.chain.pending.get(layout::worker(id, 0));
        let logged_in = U256::from(weight > 0);
        self.chain.pending.set(layout::worker(id, 0), with_field(first, 200, 8, logged_in));
        set_weight(&mut self.chain.pending, epoch, id, weight);
    }

    /// Ids of the workers that a contract has in an epoch, by rank.
    pub fn drawn(&self, contract: Address, epoch: u64) -> Vec<u64> {
        let words = &self.chain.pending;
        let size = field(words.get(layout::PARAMETERS), 40, 8) as usize;
        let seed = words.get(layout::seed(epoch)).into();
        let Ok(drawn) = lottery::sequence(words, contract, epoch, seed, size);
        drawn.iter().map(|d: &Drawn| d.id).collect()
    }
}
