//! `commit`, as far as enclaves are concerned: every check of `contracts/src/ReceiptChecks.sol`.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_crypto::sign::recover;
use enigma_protocol::{
    door::{Executed, UntrustedBase, UntrustedDelta, UntrustedFold, UntrustedStep},
    fees,
    input::{RING, context, genesis_input_head, next_input_head},
    layout,
    network::RULESET,
    outbound::{outbound_gas, outbound_hash},
    receipt::{Receipt, Status, domain_separator},
    snapshot::snapshot_hash,
    state::{fold_snapshot, next_state_head},
};

use super::{Enigma, field, from_b256, with_field};
use crate::sealed::{chain::Chain, stake::Storage};

/// Why a receipt does not land: the name of the contract's error.
pub type Rejected = &'static str;

impl Enigma {
    /// Lands a receipt in the pending block, or says why not; then nothing has changed. `signatures` come in the order of
    /// the signers' positions.
    ///
    /// # Errors
    /// The name of the contract's error.
    pub fn commit(&mut self, executed: &Executed, signatures: &[[u8; 65]]) -> Result<(), Rejected> {
        let receipt = &executed.receipt;
        if receipt.network != self.network() {
            return Err("WrongNetwork");
        }
        if receipt.ruleset != RULESET || receipt.outbound_hash != outbound_hash(&executed.outbound.0) {
            return Err("WrongRuleset");
        }
        if !self.events.contains_key(&receipt.secret_contract) {
            return Err("UnknownContract");
        }
        if receipt.epoch != self.epoch() {
            return Err("WrongEpoch");
        }
        let hashes = self.check_inputs(executed)?;
        self.check_state(executed, &hashes)?;
        self.check_anchor(receipt)?;
        let ranks = self.check_signers(receipt, signatures)?;
        self.land(executed, &hashes, &ranks);
        Ok(())
    }

    pub(super) fn counters(&self, contract: Address) -> U256 {
        self.chain.pending.get(layout::secret_contract(contract, 1))
    }

    fn check_inputs(&self, executed: &Executed) -> Result<Vec<B256>, Rejected> {
        let receipt = &executed.receipt;
        let contract = receipt.secret_contract;
        if receipt.first_index != self.cursor(contract) {
            return Err("NotNextIndex");
        }
        if field(self.counters(contract), 168, 40) == self.now() {
            return Err("AlreadyCommitted");
        }
        let count = receipt.results.0.len() as u64;
        let pending = field(self.counters(contract), 0, 64);
        if count == 0
            || receipt.first_index + count != receipt.last_index + 1
            || receipt.last_index >= pending
        {
            return Err("WrongLastIndex");
        }
        if executed.outputs.0.len() as u64 != count || executed.deltas.0.len() as u64 != count {
            return Err("WrongResultCount");
        }
        let mut head = self.input_head(contract, receipt.first_index.wrapping_sub(1));
        let mut hashes = Vec::new();
        for index in receipt.first_index..=receipt.last_index {
            let hash = self.events[&contract].inputs[index as usize].input.hash(contract, index);
            head = next_input_head(head, hash);
            hashes.push(hash);
        }
        if head != receipt.input_head || head != self.input_head(contract, receipt.last_index) {
            return Err("WrongInputHead");
        }
        Ok(hashes)
    }

    fn check_state(&self, executed: &Executed, hashes: &[B256]) -> Result<(), Rejected> {
        let receipt = &executed.receipt;
        let contract = receipt.secret_contract;
        let mut head = self.state_head(contract);
        if receipt.state_head_before != head {
            return Err("StaleStateHead");
        }
        let needed = self.sealed_epoch(contract) != receipt.epoch;
        if needed != executed.snapshot.is_some() || needed == receipt.snapshot_hash.is_zero() {
            return Err("SnapshotMissing");
        }
        if let Some(snapshot) = &executed.snapshot {
            if snapshot_hash(&snapshot.0) != receipt.snapshot_hash {
                return Err("SnapshotHashMismatch");
            }
            head = fold_snapshot(head, receipt.snapshot_hash);
        }
        for (place, hash) in hashes.iter().enumerate() {
            let (result, output, delta) =
                (&receipt.results.0[place], &executed.outputs.0[place].0, &executed.deltas.0[place].0);
            let input = &self.events[&contract].inputs[receipt.first_index as usize + place].input;
            if result.status == Status::ValueReturned && input.value.is_zero() {
                return Err("InvalidStatus");
            }
            if result.gas_charged > input.gas_limit {
                return Err("GasAboveLimit");
            }
            if keccak256(output) != result.output_hash || keccak256(delta) != result.delta_hash {
                return Err("HashMismatch");
            }
            let index = receipt.first_index + place as u64;
            let outbound: Vec<_> = executed.outbound.0.iter().filter(|c| c.index == index).cloned().collect();
            if !fees::covers(input.commit_gas, (output.len() + delta.len()) as u64, outbound_gas(&outbound)) {
                return Err("CommitGasExceeded");
            }
            head = next_state_head(head, *hash, result.delta_hash);
        }
        if head == receipt.state_head_after { Ok(()) } else { Err("WrongStateHeadAfter") }
    }

    fn check_anchor(&self, receipt: &Receipt) -> Result<(), Rejected> {
        let number = receipt.anchor_number;
        if number >= self.now() {
            return Err("AnchorInFuture");
        }
        let last = &self.events[&receipt.secret_contract].inputs[receipt.last_index as usize].input;
        if number < last.block_number {
            return Err("AnchorBeforeInput");
        }
        if self.chain.block(number).hash != receipt.anchor_hash {
            return Err("ForeignAnchor");
        }
        Ok(())
    }

    fn check_signers(&self, receipt: &Receipt, signatures: &[[u8; 65]]) -> Result<Vec<usize>, Rejected> {
        let contract = receipt.secret_contract;
        if signatures.len() != usize::from(self.terms(contract).signers) {
            return Err("MissingSignature");
        }
        let digest = receipt.digest(domain_separator(self.chain_id, self.address));
        let mut ids = Vec::new();
        for signature in signatures {
            let words = &self.chain.pending;
            let signer = recover(digest, signature).map_err(|_| "WrongSigner")?;
            let id =
                field(words.get(layout::worker_id(signer)), 0, 64).checked_sub(1).ok_or("WrongSigner")?;
            if field(words.get(layout::worker(id, 0)), 160, 40) <= Chain::time(self.now()) {
                return Err("AdmissionExpired");
            }
            if field(words.get(layout::worker(id, 0)), 240, 16) != self.revocations() {
                return Err("AdmissionUnchecked");
            }
            ids.push(id);
        }
        self.ranks_of(contract, &ids)
    }

    fn land(&mut self, executed: &Executed, hashes: &[B256], ranks: &[usize]) {
        let receipt = &executed.receipt;
        let contract = receipt.secret_contract;
        self.pass_over(contract, ranks);
        let mut counters = self.counters(contract);
        let now = U256::from(self.now());
        counters = with_field(counters, 64, 64, U256::from(receipt.last_index + 1));
        counters = with_field(counters, 128, 40, U256::from(receipt.epoch));
        counters = with_field(counters, 168, 40, now);
        counters = with_field(counters, 224, 32, U256::ZERO);
        let words = &mut self.chain.pending;
        words.set(layout::secret_contract(contract, 0), from_b256(receipt.state_head_after));
        words.set(layout::secret_contract(contract, 1), counters);
        if !receipt.snapshot_hash.is_zero() {
            words.set(layout::secret_contract(contract, 5), from_b256(receipt.snapshot_hash));
        }

        let deltas = self.deltas(executed, hashes);
        let events = self.events.entry(contract).or_default();
        if let Some(snapshot) = &executed.snapshot {
            let (epoch, snapshot_hash) = (receipt.epoch, receipt.snapshot_hash);
            events.steps.push(UntrustedStep::Folded(UntrustedFold { epoch, snapshot_hash }));
            let head_before = receipt.state_head_before;
            let base = UntrustedBase { head_before, epoch, snapshot: snapshot.clone() };
            events.bases.push((base, events.steps.len()));
        }
        events.steps.extend(deltas.iter().cloned().map(UntrustedStep::Delta));
        events.deltas.extend(deltas);
        events.outputs.extend(executed.outputs.0.iter().map(|o| o.0.clone()));
        for (place, result) in receipt.results.0.iter().enumerate() {
            if result.status == Status::Completed {
                let value = events.inputs[receipt.first_index as usize + place].input.value;
                events.portal = (events.portal.0 + value, events.portal.1 + value);
            }
        }
    }

    /// The deltas as a successor will need them.
    fn deltas(&self, executed: &Executed, hashes: &[B256]) -> Vec<UntrustedDelta> {
        let receipt = &executed.receipt;
        let contract = receipt.secret_contract;
        let mut head = self.input_head(contract, receipt.first_index.wrapping_sub(1));
        (receipt.first_index..)
            .zip(hashes)
            .zip(&executed.deltas.0)
            .map(|((index, hash), delta)| {
                head = next_input_head(head, *hash);
                let block = self.events[&contract].inputs[index as usize].input.block_number;
                UntrustedDelta {
                    input_hash: *hash,
                    input_head: head,
                    block_hash: self.chain.block(block).hash,
                    delta: delta.clone(),
                }
            })
            .collect()
    }

    /// The context of a logged input that is in a mined block.
    pub fn context(&self, contract: Address, index: u64) -> B256 {
        let inputs = &self.events[&contract].inputs;
        let block = inputs[index as usize].input.block_number;
        let mut head = self.input_head(contract, index);
        if index + RING <= inputs.len() as u64 {
            // The ring has moved on.
            head = genesis_input_head(self.network(), contract);
            for (at, untrusted) in (0..=index).zip(inputs) {
                head = next_input_head(head, untrusted.input.hash(contract, at));
            }
        }
        context(head, self.chain.block(block).hash)
    }
}
