//! Who must have which money, from the events of the chain and who caused them, reckoned apart from the contract.
//!
//! Exact to the wei, after every block: what came in, what went to portals, what every account got (withdrawn or not),
//! what every worker has staked, what was burned. The contract's own account must balance as well: what it holds is what
//! it owes and what is in escrow.

use std::{collections::BTreeMap, fmt, sync::Arc};

use alloy_primitives::{Address, U256};
use enigma_chain::{ChunkEvent, CommitEvent, FoundEvent, InputEvent, LostEvent, SkipEvent, SlashEvent};
use enigma_protocol::{fees, input::Input, receipt::Status};

use crate::{
    chain::Block,
    check::{Checked, Invariant, Violation, require},
    contract::{Call, MAX_SLASHES, SLASH_DIVISOR, State, digest, escrow, operator, signer, wei},
};

/// Money as it must be.
#[derive(Clone)]
pub struct Books {
    taken: u128,
    delivered: u128,
    /// What accounts got.
    got: BTreeMap<Address, u128>,
    /// What of their work is for beacons and the committee.
    upkeep: BTreeMap<Address, u128>,
    /// What is held of inputs that are not final.
    held: u128,
    bonds: BTreeMap<Address, Bond>,
    stakes: Vec<u128>,
    burned: u128,
    /// Stake before an epoch's first slash, and the slashes in it, by worker and epoch.
    slashes: BTreeMap<(u64, u64), (u128, u8)>,
}

#[derive(Clone)]
struct Bond {
    declarer: Address,
    amount: u128,
    paid: u128,
}

impl Books {
    /// Before anything happened.
    pub fn new(state: &State) -> Self {
        Self {
            taken: 0,
            delivered: 0,
            got: BTreeMap::new(),
            upkeep: BTreeMap::new(),
            held: 0,
            bonds: BTreeMap::new(),
            stakes: state.workers.iter().map(|worker| worker.stake).collect(),
            burned: 0,
            slashes: BTreeMap::new(),
        }
    }

    fn give(&mut self, account: Address, amount: u128) {
        if amount > 0 {
            *self.got.entry(account).or_default() += amount;
        }
    }

    /// Work is paid, but for the share for beacons and the committee.
    fn earn(&mut self, account: Address, pay: u128) {
        let share = pay / u128::from(fees::UPKEEP_DIVISOR);
        *self.upkeep.entry(account).or_default() += share;
        self.give(account, pay - share);
    }

    /// An input is in escrow.
    pub fn input(&mut self, input: &Input) {
        self.taken += escrow(input);
        self.held += escrow(input);
    }

    /// Tasks are paid for: the first signer gets what the commit costs and what does not divide, all share the rest.
    pub fn commit(
        &mut self,
        block: &Block,
        call: &Call,
        e: &CommitEvent,
        inputs: &[Arc<InputEvent>],
    ) -> Checked {
        let Call::Commit(signed) = call else {
            return Err(Violation::new(Invariant::Money, "a commit that nobody sent"));
        };
        let (mut pay, mut execution) = (0, 0);
        for (told, outcome) in inputs.iter().zip(&e.outcomes) {
            let input = &told.input;
            let price = input.price_cap.min(block.base_fee + input.tip);
            let bytes = (outcome.output.len() + outcome.delta.len()) as u64;
            let schedule = fees::schedule(inputs.len() as u64, bytes, 0);
            let fee = fees::pay(input.commit_gas, schedule, outcome.gas_charged, price);
            let what = format_args!("index {} paid {} wei, not {fee}", told.index, outcome.pay);
            require(Invariant::Money, outcome.pay == fee, what)?;
            let (fee, value) = (wei(fee), wei(input.value));
            let is_delivered = outcome.status == Status::Completed;
            let kept = fee + if is_delivered { value } else { 0 };
            let Some(back) = escrow(input).checked_sub(kept) else {
                return Err(Violation::new(Invariant::Money, "a task costs more than was paid in"));
            };
            self.delivered += if is_delivered { value } else { 0 };
            self.held -= escrow(input);
            self.give(input.sender, back);
            pay += fee;
            execution += u128::from(outcome.gas_charged / fees::EXECUTION_DIVISOR) * price;
        }
        let digest = digest(&signed.executed.receipt);
        let signers: Vec<u64> = signed.signatures.iter().filter_map(|s| signer(digest, s)).collect();
        let share = execution / (signers.len() as u128).max(1);
        for id in signers.iter().skip(1) {
            self.earn(operator(*id), share);
            pay -= share;
        }
        signers.first().into_iter().for_each(|id| self.earn(operator(*id), pay));
        Ok(())
    }

    /// A skipped input costs nothing.
    pub fn skip(&mut self, input: &Input, e: &SkipEvent) -> Checked {
        self.held -= escrow(input);
        self.give(input.sender, escrow(input));
        let is_all = e.refund == U256::from(escrow(input)) && e.sender == input.sender;
        require(
            Invariant::Money,
            is_all,
            format_args!("index {} was skipped, {} wei go back", e.index, e.refund),
        )
    }

    /// A bond is posted.
    pub fn declared_lost(&mut self, e: &LostEvent) {
        let amount = wei(e.bond);
        self.taken += amount;
        self.bonds.insert(e.contract, Bond { declarer: e.declarer, amount, paid: 0 });
    }

    /// Each chunk earns its part of the bond; the last one, with which all is found, the rest.
    pub fn chunk(&mut self, from: Address, call: &Call, e: &ChunkEvent) {
        let Call::PostChunk(_, manifest, ..) = call else { return };
        let Some(bond) = self.bonds.get_mut(&e.contract) else { return };
        let share = bond.amount / (manifest.hashes.0.len() as u128).max(1);
        bond.paid += share;
        self.give(from, share);
    }

    /// What is left of a bond: to who posted the last chunk, or back, since a new snapshot made it needless.
    pub fn found(&mut self, from: Address, call: &Call, e: &FoundEvent) {
        let Some(bond) = self.bonds.remove(&e.contract) else { return };
        let to = if matches!(call, Call::PostChunk(..)) { from } else { bond.declarer };
        self.give(to, bond.amount - bond.paid);
    }

    /// A hundredth of what a worker had before the epoch's first slash, at most ten times.
    pub fn slash(&mut self, e: &SlashEvent) -> Checked {
        let Some(stake) = self.stakes.get_mut(e.worker as usize) else {
            return Err(Violation::new(Invariant::Slashing, "nobody was slashed"));
        };
        let (base, count) = self.slashes.entry((e.worker, e.epoch)).or_insert((*stake, 0));
        *count += 1;
        let amount = (*base / SLASH_DIVISOR).min(*stake);
        let is_right = e.amount == U256::from(amount) && *count <= MAX_SLASHES;
        let what = format_args!("slash {count} of worker {} takes {}, not {amount}", e.worker, e.amount);
        require(Invariant::Slashing, is_right, what)?;
        *stake -= amount;
        self.burned += amount;
        Ok(())
    }

    /// Slashes of a worker in an epoch.
    pub fn slashes(&self, worker: u64, epoch: u64) -> u8 {
        self.slashes.get(&(worker, epoch)).map_or(0, |(_, count)| *count)
    }

    /// Whether the contract has the same in its books, and balances.
    pub fn agree(&self, state: &State) -> Checked {
        let bonds: u128 = self.bonds.values().map(|bond| bond.amount - bond.paid).sum();
        let open: u128 = state.lost.values().map(|lost| lost.bond - lost.paid).sum();
        let pending = state.contracts.values().flat_map(|r| &r.inputs[r.cursor as usize..]);
        let held: u128 = pending.map(|input| escrow(input)).sum();
        let credits: u128 = state.credits.values().sum();
        let gone: u128 = state.withdrawn.values().sum::<u128>() + state.delivered;
        let upkeep: u128 = state.upkeep.values().sum();
        let (here, owed) = (state.paid_in.saturating_sub(gone), credits + upkeep + held + open);
        money(here == owed, format_args!("{here} wei are there, {owed} are owed"))?;
        money(
            state.paid_in == self.taken,
            format_args!("{} wei came in, not {}", state.paid_in, self.taken),
        )?;
        money(state.delivered == self.delivered, format_args!("{} wei went to portals", state.delivered))?;
        money(held == self.held && open == bonds, format_args!("{held} and {open} wei are held"))?;
        for account in state.credits.keys().chain(state.withdrawn.keys()).chain(self.got.keys()) {
            let of = |map: &BTreeMap<Address, u128>| map.get(account).copied().unwrap_or_default();
            let (has, must) = (of(&state.credits) + of(&state.withdrawn), of(&self.got));
            money(has == must, format_args!("{account} got {has} wei, not {must}"))?;
        }
        money(state.upkeep == self.upkeep, format_args!("a share of pay is parked elsewhere"))?;
        let stakes = state.workers.iter().map(|worker| worker.stake);
        money(stakes.clone().eq(self.stakes.iter().copied()), format_args!("a stake is another"))?;
        let is_burned = state.burned == self.burned && state.staked == stakes.sum::<u128>() + state.burned;
        money(is_burned, format_args!("{} wei of ENG are burned, not {}", state.burned, self.burned))
    }
}

fn money(holds: bool, what: fmt::Arguments<'_>) -> Checked {
    require(Invariant::Money, holds, what)
}
