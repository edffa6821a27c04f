//! The clock and whose turn it is: epochs, the draw, holds, skips, and who is passed over.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_chain::{Event, SkipEvent, SlashEvent, TakeoverEvent};
use enigma_protocol::{
    clock::{Marks, Order, SEQUENCE},
    input::Input,
    state::next_state_head,
};

use super::{Now, Record, Refused, Rules, Staker, State, escrow, transaction};
use crate::Bug;

impl State {
    /// The epoch of a block, and its start.
    pub const fn epoch_at(&self, number: u64) -> (u64, u64) {
        if self.next_start != 0 && number >= self.next_start {
            (self.epoch + 1, self.next_start)
        } else {
            (self.epoch, self.start)
        }
    }

    /// Whether the epoch after that of `number` is seeded.
    pub const fn next_seeded(&self, number: u64) -> bool {
        self.next_start != 0 && number < self.next_start
    }

    pub(super) fn beacon(&mut self, rules: &Rules, now: Now, epoch: u64) -> Result<Vec<Event>, Refused> {
        if self.next_start != 0 {
            if now.number < self.next_start {
                return Err("BeaconAlreadyPosted");
            }
            (self.epoch, self.start, self.next_start) = (self.epoch + 1, self.next_start, 0);
        }
        if epoch != self.epoch + 1 {
            return Err("WrongBeaconEpoch");
        }
        self.next_start = (self.start + rules.epoch_length).max(now.number + 1);
        Ok(Vec::new())
    }

    /// The sequence of a contract's workers in an epoch. Its seed is the same on every fork, as a beacon is.
    pub fn draw(&self, contract: Address, epoch: u64) -> Vec<u64> {
        let weight = |w: &Staker| w.weights.range(..=epoch).next_back().map_or(0, |(_, w)| *w);
        let mut left: Vec<(u64, u64)> =
            self.workers.iter().enumerate().map(|(id, w)| (id as u64, weight(w))).collect();
        let mut drawn = Vec::new();
        for place in 0..SEQUENCE as u64 {
            let total: u64 = left.iter().map(|(_, w)| w).sum();
            if total == 0 {
                break;
            }
            let seed = [contract.as_slice(), &epoch.to_be_bytes(), &place.to_be_bytes()].concat();
            let hash = keccak256(seed);
            let mut point = u64::from_be_bytes(hash[..8].try_into().unwrap_or_default()) % total;
            let hit = left.iter().position(|(_, w)| {
                let falls = point < *w;
                point = point.saturating_sub(*w);
                falls
            });
            drawn.push(left.remove(hit.unwrap_or_default()).0);
        }
        drawn
    }

    /// Who was passed over in an epoch, and the sequence.
    pub fn order(&self, contract: Address, epoch: u64) -> (Order, Vec<u64>) {
        let ids = self.draw(contract, epoch);
        let silent = self.contracts.get(&contract).filter(|r| r.group.0 == epoch).map_or(0, |r| r.group.1);
        (Order { silent, count: ids.len() }, ids)
    }

    /// What the clock of a contract, whose oldest pending input is of block `oldest_input`, starts from at block `number`.
    pub fn marks(&self, record: &Record, oldest_input: u64, number: u64) -> Marks {
        Marks {
            oldest_input: oldest_input + u64::from(record.depth),
            epoch_start: self.epoch_at(number).1,
            last_commit: record.last_commit,
            clock_from: record.clock_from,
            paused_at: record.paused_at,
        }
    }

    pub(super) fn hold(
        &mut self,
        rules: &Rules,
        now: Now,
        contract: Address,
        input: &Input,
    ) -> Result<Vec<Event>, Refused> {
        self.oldest(contract, input)?;
        let record = self.record(contract)?;
        if record.paused_at != 0 {
            return Err("ClockIsHeld");
        }
        if now.base_fee <= input.price_cap {
            return Err("CapNotExceeded");
        }
        if rules.bug == Some(Bug::HoldsBeginAnew) {
            record.clock_from = now.number;
        } else {
            record.paused_at = now.number;
        }
        Ok(Vec::new())
    }

    pub(super) fn resume(
        &mut self,
        now: Now,
        contract: Address,
        input: &Input,
    ) -> Result<Vec<Event>, Refused> {
        self.oldest(contract, input)?;
        let record = self.contracts.get(&contract).ok_or("UnknownContract")?;
        if record.paused_at == 0 {
            return Err("ClockRuns");
        }
        if now.base_fee > input.price_cap {
            return Err("CapExceeded");
        }
        let counted = self.marks(record, input.block_number, now.number).elapsed(now.number);
        let record = self.record(contract)?;
        (record.clock_from, record.paused_at) = (now.number - counted, 0);
        Ok(Vec::new())
    }

    pub(super) fn skip(
        &mut self,
        rules: &Rules,
        now: Now,
        contract: Address,
        input: &Input,
    ) -> Result<Vec<Event>, Refused> {
        let input_hash = self.oldest(contract, input)?;
        let record = self.contracts[&contract].clone();
        let (marks, terms) =
            (self.marks(&record, input.block_number, now.number), rules.terms(record.signers));
        if now.number < marks.skip_from(&terms, rules.skip_after()) {
            return Err("TooEarlyToSkip");
        }
        let state_head = next_state_head(record.state_head, input_hash, B256::ZERO);
        let refund = escrow(input);
        self.credit(input.sender, refund);
        if rules.bug == Some(Bug::RefundsTwice) {
            self.credit(input.sender, refund);
        }
        let stored = self.record(contract)?;
        stored.state_head = state_head;
        stored.cursor += 1;
        (stored.clock_from, stored.paused_at) = (now.number, 0);
        let mut events = vec![Event::Skipped(SkipEvent {
            contract,
            index: record.cursor,
            state_head,
            sender: input.sender,
            refund: U256::from(refund),
            block_number: now.number,
            timestamp: now.number * 12,
            transaction: transaction(now),
        })];
        if marks.elapsed(now.number) >= terms.whole() {
            let (epoch, _) = self.epoch_at(now.number);
            let (order, ids) = self.order(contract, epoch);
            // With fewer than the contract needs signers, nobody could have signed.
            if ids.len() >= usize::from(record.signers) {
                let group = ids.len().min(usize::from(rules.group_size));
                let silent = order.silent | ((1u16 << group) - 1) as u8;
                self.pass_over(rules, now, contract, epoch, silent, &mut events);
            }
        }
        Ok(events)
    }

    /// Marks ranks as silent and slashes those that were not.
    pub(super) fn pass_over(
        &mut self,
        rules: &Rules,
        now: Now,
        contract: Address,
        epoch: u64,
        silent: u8,
        events: &mut Vec<Event>,
    ) {
        let (before, ids) = self.order(contract, epoch);
        let added = silent & !before.silent;
        if let Ok(record) = self.record(contract) {
            record.group = (epoch, if rules.bug == Some(Bug::ForgetsSilent) { 0 } else { silent });
        }
        if added == 0 {
            return;
        }
        events.push(Event::TakenOver(TakeoverEvent { contract, epoch, silent, block_number: now.number }));
        for (rank, &worker) in ids.iter().enumerate() {
            if added >> rank & 1 == 1
                && let Some(amount) = self.slash(rules, now, worker, epoch)
            {
                events.push(Event::Slashed(SlashEvent {
                    worker,
                    contract,
                    epoch,
                    amount: U256::from(amount),
                    block_number: now.number,
                }));
            }
        }
    }
}
