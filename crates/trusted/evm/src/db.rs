//! What revm may read: one world and the deposits that a task brings.

use core::convert::Infallible;

use alloy_primitives::{Address, B256, U256};
use revm::{
    Database,
    bytecode::Bytecode,
    state::{Account as Loaded, AccountInfo},
};

use crate::{outbound::OUTBOUND, task::Task, world::World};

/// A world as a task finds it. Nothing is ever missing: what the world does not hold is empty.
#[derive(Clone, Copy)]
pub(crate) struct Base<'a> {
    pub(crate) world: &'a World,
    pub(crate) task: &'a Task<'a>,
    /// The root's balance with all deposits in it.
    pub(crate) root_balance: U256,
}

impl<'a> Base<'a> {
    pub(crate) fn new(world: &'a World, task: &'a Task<'a>, inflow: U256) -> Self {
        let deposit = inflow.saturating_sub(world.inflow_seen());
        Self { world, task, root_balance: world.balance(world.root()).saturating_add(deposit) }
    }

    /// Whether an account of a finished run may be part of the next world. The sender was there for the run only,
    /// unless it is a contract of this world; what waits at [`OUTBOUND`] has left.
    pub(crate) fn stays(&self, address: Address, loaded: &Loaded) -> bool {
        let guest =
            address == self.task.sender && !loaded.is_created() && self.world.account(address).is_none();
        !guest && address != OUTBOUND
    }
}

impl Database for Base<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        let mut info = self.world.account(address).map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code.hash_slow(),
            code: Some(account.code.clone()),
            ..AccountInfo::default()
        });
        if address == self.world.root() && !self.root_balance.is_zero() {
            info.get_or_insert_default().balance = self.root_balance;
        }
        Ok(info)
    }

    fn code_by_hash(&mut self, _: B256) -> Result<Bytecode, Infallible> {
        // Never asked: accounts come with their code.
        Ok(Bytecode::default())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.world.storage(address, slot))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        Ok(self.task.block_hashes.get(&number).copied().unwrap_or_default())
    }
}
