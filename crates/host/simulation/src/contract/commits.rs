//! Receipts: what must be true of one, and who is paid for it.

use alloy_primitives::{B256, U256, keccak256};
use enigma_chain::{CommitEvent, Event, FoundEvent, TaskOutcome};
use enigma_protocol::{
    clock::Order,
    fees,
    network::RULESET,
    outbound::outbound_hash,
    receipt::Status,
    state::{fold_snapshot, next_state_head},
};
use enigma_worker::Signed;

use super::{Now, Record, Refused, Rules, State, digest, escrow, operator, signer, transaction, wei};
use crate::Bug;

impl State {
    pub(super) fn commit(
        &mut self,
        rules: &Rules,
        now: Now,
        signed: &Signed,
        hash_of: impl Fn(u64) -> Option<B256>,
    ) -> Result<Vec<Event>, Refused> {
        let receipt = &signed.executed.receipt;
        let contract = receipt.secret_contract;
        let record = self.contracts.get(&contract).cloned().ok_or("UnknownContract")?;
        let (epoch, _) = self.epoch_at(now.number);
        if receipt.network != rules.network {
            return Err("WrongNetwork");
        }
        if receipt.ruleset != RULESET {
            return Err("WrongRuleset");
        }
        if receipt.epoch != epoch {
            return Err("WrongEpoch");
        }
        let is_loose = rules.bug == Some(Bug::CommitsAgain) && receipt.first_index < record.cursor;
        let hashes = check_inputs(&record, signed, is_loose)?;
        if record.last_commit == now.number && !is_loose {
            return Err("AlreadyCommitted");
        }
        check_state(&record, signed, &hashes, is_loose)?;
        let anchor = receipt.anchor_number;
        if anchor >= now.number {
            return Err("AnchorInFuture");
        }
        if signed.inputs.last().is_none_or(|i| anchor < i.block_number) {
            return Err("AnchorBeforeInput");
        }
        if hash_of(anchor) != Some(receipt.anchor_hash) {
            return Err("ForeignAnchor");
        }
        let (signers, order) = self.check_signers(rules, now, &record, signed)?;

        let mut events = Vec::new();
        let stored = self.record(contract)?;
        stored.state_head = receipt.state_head_after;
        stored.cursor = receipt.last_index + 1;
        stored.sealed_epoch = epoch;
        stored.last_commit = now.number;
        stored.paused_at = 0;
        if !receipt.snapshot_hash.is_zero() {
            stored.snapshot_hash = receipt.snapshot_hash;
            if let Some(lost) = self.lost.remove(&contract) {
                self.credit(lost.declarer, lost.bond - lost.paid);
                let found =
                    FoundEvent { contract, snapshot_hash: receipt.snapshot_hash, block_number: now.number };
                events.push(Event::Found(found));
            }
        }
        self.pass_over(rules, now, contract, epoch, order.silent, &mut events);
        let signers = if is_loose { Vec::new() } else { signers };
        let outcomes = self.settle(rules, now, signed, &signers);
        events.push(Event::Commit(Box::new(CommitEvent {
            contract,
            first_index: receipt.first_index,
            last_index: receipt.last_index,
            epoch,
            state_head: receipt.state_head_after,
            snapshot_hash: receipt.snapshot_hash,
            outcomes,
            block_number: now.number,
            timestamp: now.number * 12,
            transaction: transaction(now),
        })));
        Ok(events)
    }

    /// The signers by position, and the order after them.
    fn check_signers(
        &self,
        rules: &Rules,
        now: Now,
        record: &Record,
        signed: &Signed,
    ) -> Result<(Vec<u64>, Order), Refused> {
        let receipt = &signed.executed.receipt;
        let (order, ids) = self.order(receipt.secret_contract, receipt.epoch);
        if ids.len() < usize::from(record.signers) {
            return Err("GroupTooSmall");
        }
        if signed.signatures.len() != usize::from(record.signers) {
            return Err("MissingSignature");
        }
        let digest = digest(receipt);
        let (mut next, mut ranks, mut signers) = (0, Vec::new(), Vec::new());
        for signature in &signed.signatures {
            let id = signer(digest, signature).ok_or("WrongSigner")?;
            let rank = ids.iter().position(|&i| i == id).ok_or("NotInGroup")?;
            let position = order.position(rank).ok_or("NotInGroup")?;
            if position < next {
                return Err("WrongSignerOrder");
            }
            next = position + 1;
            ranks.push(rank);
            signers.push(id);
        }
        let oldest = signed.inputs.first().map_or(0, |i| i.block_number);
        let elapsed = self.marks(record, oldest, now.number).elapsed(now.number);
        if elapsed < rules.terms(record.signers).wait(next - 1) && rules.bug != Some(Bug::ForgetsClock) {
            return Err("TurnNotCome");
        }
        Ok((signers, order.after(&ranks)))
    }

    fn settle(&mut self, rules: &Rules, now: Now, signed: &Signed, signers: &[u64]) -> Vec<TaskOutcome> {
        let executed = &signed.executed;
        let (mut for_commit, mut for_execution) = (0, 0);
        let mut outcomes = Vec::new();
        for (i, input) in signed.inputs.iter().enumerate() {
            let (result, output) = (&executed.receipt.results.0[i], &executed.outputs.0[i].0);
            let delta = &executed.deltas.0[i].0;
            let is_capped = rules.bug != Some(Bug::ChargesTheCap);
            let price =
                if is_capped { (now.base_fee + input.tip).min(input.price_cap) } else { input.price_cap };
            let bytes = (output.len() + delta.len()) as u64;
            let gas = fees::schedule(signed.inputs.len() as u64, bytes, 0);
            let commit = u128::from(gas) * price;
            let execution = u128::from(result.gas_charged / fees::EXECUTION_DIVISOR) * price;
            for_commit += commit;
            for_execution += execution;
            let pay = U256::from(commit + execution);
            outcomes.push(TaskOutcome {
                status: result.status,
                gas_charged: result.gas_charged,
                pay,
                output: output.clone(),
                delta: delta.clone(),
            });
            // A receipt that lands by mistake moves no money, so that it is found by what it is.
            if signers.is_empty() {
                continue;
            }
            let mut back = escrow(input) - wei(input.value) - commit - execution;
            if result.status == Status::Completed {
                self.delivered += wei(input.value);
            } else {
                back += wei(input.value);
            }
            self.credit(input.sender, back);
        }
        if signers.is_empty() {
            return outcomes;
        }
        let share = for_execution / signers.len() as u128;
        let first = for_commit + for_execution - share * (signers.len() as u128 - 1);
        for (i, &id) in signers.iter().enumerate() {
            let pay = if i == 0 { first } else { share };
            let parked = pay / u128::from(fees::UPKEEP_DIVISOR);
            self.credit(operator(id), pay - parked);
            *self.upkeep.entry(operator(id)).or_default() += parked;
        }
        outcomes
    }
}

fn check_inputs(record: &Record, signed: &Signed, is_loose: bool) -> Result<Vec<B256>, Refused> {
    let (receipt, count) = (&signed.executed.receipt, signed.inputs.len());
    if receipt.first_index != record.cursor && !is_loose {
        return Err("NotNextIndex");
    }
    if count == 0
        || receipt.first_index + count as u64 != receipt.last_index + 1
        || receipt.last_index >= record.inputs.len() as u64
    {
        return Err("WrongLastIndex");
    }
    let executed = &signed.executed;
    if [receipt.results.0.len(), executed.outputs.0.len(), executed.deltas.0.len()] != [count; 3] {
        return Err("WrongResultCount");
    }
    let mut hashes = Vec::new();
    for (index, input) in (receipt.first_index..).zip(&signed.inputs) {
        if *record.inputs[index as usize] != *input {
            return Err("WrongInputHead");
        }
        hashes.push(record.hashes[index as usize]);
    }
    if receipt.input_head != record.heads[receipt.last_index as usize] {
        return Err("WrongInputHead");
    }
    Ok(hashes)
}

fn check_state(record: &Record, signed: &Signed, hashes: &[B256], is_loose: bool) -> Result<(), Refused> {
    let (executed, receipt) = (&signed.executed, &signed.executed.receipt);
    let mut head = receipt.state_head_before;
    if head != record.state_head && !is_loose {
        return Err("StaleStateHead");
    }
    if is_loose {
        return Ok(());
    }
    if record.sealed_epoch != receipt.epoch {
        if receipt.snapshot_hash.is_zero() {
            return Err("SnapshotMissing");
        }
        head = fold_snapshot(head, receipt.snapshot_hash);
    } else if !receipt.snapshot_hash.is_zero() {
        return Err("SnapshotUnexpected");
    }
    for (i, hash) in hashes.iter().enumerate() {
        let (result, input) = (&receipt.results.0[i], &signed.inputs[i]);
        let (output, delta) = (&executed.outputs.0[i].0, &executed.deltas.0[i].0);
        if result.status == Status::ValueReturned && input.value.is_zero() {
            return Err("InvalidStatus");
        }
        if result.gas_charged > input.gas_limit {
            return Err("GasAboveLimit");
        }
        if keccak256(output) != result.output_hash {
            return Err("OutputHashMismatch");
        }
        if keccak256(delta) != result.delta_hash {
            return Err("DeltaHashMismatch");
        }
        if !fees::covers(input.commit_gas, (output.len() + delta.len()) as u64, 0) {
            return Err("CommitGasExceeded");
        }
        head = next_state_head(head, *hash, result.delta_hash);
    }
    if head != receipt.state_head_after {
        return Err("WrongStateHeadAfter");
    }
    if receipt.outbound_hash != outbound_hash(&[]) {
        return Err("OutboundHashMismatch");
    }
    Ok(())
}
