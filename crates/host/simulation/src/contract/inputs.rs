//! Inputs: deployments and tasks, in the order in which they come.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_chain::{CreatedEvent, Event, InputEvent};
use enigma_protocol::{
    fees,
    input::{Input, Kind, genesis_input_head, next_input_head},
    state::genesis_state_head,
};

use super::{MAX_PENDING, Now, Record, Refused, Rules, State, Task, escrow, transaction};

impl State {
    pub(super) fn deploy(
        &mut self,
        rules: &Rules,
        now: Now,
        from: Address,
        contract: Address,
        (signers, depth): (u8, u8),
        task: &Task,
    ) -> Result<Vec<Event>, Refused> {
        if signers == 0 || signers > rules.group_size {
            return Err("InvalidSigners");
        }
        if self.contracts.contains_key(&contract) {
            return Err("AlreadyDeployed");
        }
        let record = Record {
            signers,
            depth,
            inputs: Vec::new(),
            hashes: Vec::new(),
            heads: Vec::new(),
            cursor: 0,
            state_head: genesis_state_head(rules.network, contract),
            sealed_epoch: 0,
            last_commit: 0,
            clock_from: 0,
            paused_at: 0,
            snapshot_hash: B256::ZERO,
            group: (0, 0),
        };
        self.contracts.insert(contract, Arc::new(record));
        let created = CreatedEvent { contract, deployer: from, signers, depth, block_number: now.number };
        let mut events = vec![Event::Created(created)];
        events.extend(self.create(rules, now, from, contract, Kind::Deploy, task)?);
        Ok(events)
    }

    pub(super) fn create(
        &mut self,
        rules: &Rules,
        now: Now,
        from: Address,
        contract: Address,
        kind: Kind,
        task: &Task,
    ) -> Result<Vec<Event>, Refused> {
        let (epoch, _) = self.epoch_at(now.number);
        if task.price_cap < 2 * now.base_fee {
            return Err("PriceCapTooLow");
        }
        let record = self.record(contract)?;
        let index = record.inputs.len() as u64;
        if index - record.cursor >= MAX_PENDING {
            return Err("TooManyPending");
        }
        let input = Input {
            kind,
            sender: from,
            on_behalf_of: B256::ZERO,
            value: U256::from(task.value),
            gas_limit: 100_000,
            commit_gas: fees::commit_gas_for(2_000, 0),
            price_cap: task.price_cap,
            tip: 1,
            epoch: epoch.saturating_sub(task.age.min(rules.window)),
            inclusion_epoch: epoch,
            block_number: now.number,
            timestamp: now.number * 12,
            base_fee: now.base_fee,
            inflow: U256::ZERO,
            code_hash: if kind == Kind::Deploy { keccak256([]) } else { B256::ZERO },
            envelope_hash: keccak256(&task.envelope),
        };
        let before =
            record.heads.last().copied().unwrap_or_else(|| genesis_input_head(rules.network, contract));
        let hash = input.hash(contract, index);
        let head = next_input_head(before, hash);
        record.hashes.push(hash);
        record.heads.push(head);
        record.inputs.push(Arc::new(input.clone()));
        self.paid_in += escrow(&input);
        Ok(vec![Event::Input(Box::new(InputEvent {
            contract,
            index,
            head,
            input,
            envelope: task.envelope.clone(),
            code: Vec::new(),
            block_hash: now.hash,
            transaction: transaction(now),
        }))])
    }

    pub(super) fn oldest(&self, contract: Address, input: &Input) -> Result<B256, Refused> {
        let record = self.contracts.get(&contract).ok_or("UnknownContract")?;
        let oldest = record.inputs.get(record.cursor as usize).ok_or("NothingPending")?;
        if **oldest != *input {
            return Err("WrongInputHead");
        }
        record.hashes.get(record.cursor as usize).copied().ok_or("NothingPending")
    }
}
