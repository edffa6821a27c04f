//! The state of one secret contract and everything that it created.

use std::collections::{BTreeMap, btree_map::Entry};

use alloy_primitives::{Address, Bytes, U256};
use enigma_primitives::{Decode, DecodeError, Encode, Reader, Writer};
use revm::bytecode::Bytecode;

use crate::{
    compact,
    delta::{AccountDelta, WorldDelta, get_code, get_slots, put_slots, version},
};

/// First byte of the encoding.
const VERSION: u8 = 3;
/// What [`World::size`] counts for an account besides its code and slots.
const ACCOUNT_SIZE: u64 = 64;
/// What [`World::size`] counts for a slot.
const SLOT_SIZE: u64 = 64;

/// What [`World::size`] counts for an account that had tasks relayed.
const NONCE_SIZE: u64 = 64;

/// One account of the world.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Account {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code: Bytecode,
    /// Slots that are not zero.
    pub(crate) storage: BTreeMap<U256, U256>,
}

redacted!(Account, World);

impl Account {
    /// What EIP-161 calls empty: such an account does not exist. A contract has a nonce of at least 1.
    fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code.is_empty()
    }

    fn size(&self) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let slots = (self.storage.len() as u64).saturating_mul(SLOT_SIZE);
        ACCOUNT_SIZE.saturating_add(self.code.len() as u64).saturating_add(slots)
    }

    /// Makes the changes of `delta`.
    fn apply(&mut self, delta: &AccountDelta) {
        if let Some(nonce) = delta.nonce {
            self.nonce = nonce;
        }
        if let Some(balance) = delta.balance {
            self.balance = balance;
        }
        if let Some(code) = &delta.code {
            self.code = Bytecode::new_legacy(code.clone());
        }
        for (slot, value) in &delta.storage {
            if value.is_zero() {
                self.storage.remove(slot);
            } else {
                self.storage.insert(*slot, *value);
            }
        }
    }

    /// What takes `delta` back.
    fn undo(&self, delta: &AccountDelta) -> AccountDelta {
        let value = |slot: &U256| self.storage.get(slot).copied().unwrap_or_default();
        // An account that the change empties takes all of its slots along.
        let storage = if self.size_after(delta) == 0 {
            self.storage.iter().map(|(slot, value)| (*slot, *value)).collect()
        } else {
            delta.storage.iter().map(|(slot, _)| (*slot, value(slot))).collect()
        };
        AccountDelta {
            address: delta.address,
            nonce: delta.nonce.map(|_| self.nonce),
            balance: delta.balance.map(|_| self.balance),
            code: delta.code.as_ref().map(|_| self.code.original_bytes()),
            storage,
        }
    }

    /// The size after `delta`, without making it.
    fn size_after(&self, delta: &AccountDelta) -> u64 {
        let nonce = delta.nonce.unwrap_or(self.nonce);
        let balance = delta.balance.unwrap_or(self.balance);
        let code = delta.code.as_ref().map_or(self.code.len(), |code| code.len());
        if nonce == 0 && balance.is_zero() && code == 0 {
            return 0;
        }
        let mut slots = self.storage.len();
        for (slot, value) in &delta.storage {
            match (self.storage.contains_key(slot), value.is_zero()) {
                (true, true) => slots = slots.saturating_sub(1),
                (false, false) => slots = slots.saturating_add(1),
                _ => {}
            }
        }
        ACCOUNT_SIZE.saturating_add(code as u64).saturating_add((slots as u64).saturating_mul(SLOT_SIZE))
    }
}

/// The sealed world: the root contract, its creations, their money.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct World {
    root: Address,
    inflow_seen: U256,
    outbound_calls: u64,
    accounts: BTreeMap<Address, Account>,
    /// Relayed tasks that ran, by author; never zero. Authors are outside: they have no account here.
    task_nonces: BTreeMap<Address, u64>,
    /// Kept up to date, so that a limit on it costs nothing.
    size: u64,
}

impl World {
    /// A world in which nothing was deployed yet. `root` is the address of the portal.
    pub const fn empty(root: Address) -> Self {
        Self {
            root,
            inflow_seen: U256::ZERO,
            outbound_calls: 0,
            accounts: BTreeMap::new(),
            task_nonces: BTreeMap::new(),
            size: 0,
        }
    }

    /// Address of the root contract, inside and (as portal) outside.
    pub const fn root(&self) -> Address {
        self.root
    }

    /// Whether the root contract exists.
    pub fn is_deployed(&self) -> bool {
        self.owns(self.root)
    }

    /// The portal's inflow that the root's balance already contains, wei.
    pub const fn inflow_seen(&self) -> U256 {
        self.inflow_seen
    }

    /// Calls that the outbound precompile has taken from this world so far, and so the number of the next one. Plain
    /// transfers do not count.
    pub const fn outbound_calls(&self) -> u64 {
        self.outbound_calls
    }

    /// The nonce of the next task that somebody relays for `account`: how many ran before. It has nothing to do with
    /// what `CREATE` counts, and no contract can see it.
    pub fn task_nonce(&self, account: Address) -> u64 {
        self.task_nonces.get(&account).copied().unwrap_or_default()
    }

    /// Memory that the state asks for, in bytes, roughly: 64 for an account, its code, 64 for a slot, 64 for an author
    /// of relayed tasks. The same for everybody, so that it can be limited.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Every account, by ascending address.
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.accounts.keys().copied()
    }

    /// Value of a slot; zero if there is none.
    pub fn storage(&self, address: Address, slot: U256) -> U256 {
        self.account(address).and_then(|a| a.storage.get(&slot)).copied().unwrap_or_default()
    }

    /// The slots of an account that are not zero, ascending.
    pub fn slots(&self, address: Address) -> impl Iterator<Item = (U256, U256)> + '_ {
        self.account(address).into_iter().flat_map(|a| a.storage.iter().map(|(slot, value)| (*slot, *value)))
    }

    /// Code of an account; empty if there is none.
    pub fn code(&self, address: Address) -> Bytes {
        self.account(address).map(|a| a.code.original_bytes()).unwrap_or_default()
    }

    /// Balance of an account, wei.
    pub fn balance(&self, address: Address) -> U256 {
        self.account(address).map(|a| a.balance).unwrap_or_default()
    }

    /// Nonce of an account.
    pub fn nonce(&self, address: Address) -> u64 {
        self.account(address).map(|a| a.nonce).unwrap_or_default()
    }

    /// Sum of all balances, wei.
    pub fn total_balance(&self) -> U256 {
        self.accounts.values().fold(U256::ZERO, |sum, a| sum.saturating_add(a.balance))
    }

    /// Makes the change of a task. For a delta that [`crate::execute()`] made for another world the result is
    /// meaningless but well-formed.
    pub fn apply(&mut self, delta: &WorldDelta) {
        self.size = self.size_after(delta);
        if let Some(inflow) = delta.inflow_seen {
            self.inflow_seen = inflow;
        }
        if let Some(calls) = delta.outbound_calls {
            self.outbound_calls = calls;
        }
        match delta.task_nonce {
            Some((author, 0)) => {
                self.task_nonces.remove(&author);
            }
            Some((author, nonce)) => {
                self.task_nonces.insert(author, nonce);
            }
            None => {}
        }
        for change in &delta.accounts {
            match self.accounts.entry(change.address) {
                Entry::Vacant(entry) => {
                    let mut account = Account::default();
                    account.apply(change);
                    if !account.is_empty() {
                        entry.insert(account);
                    }
                }
                Entry::Occupied(mut entry) => {
                    entry.get_mut().apply(change);
                    if entry.get().is_empty() {
                        entry.remove();
                    }
                }
            }
        }
    }

    /// The change that takes `delta` back: applied after it, it leaves the world as it is now. It costs as much as the
    /// change, where a copy of the world costs as much as the world.
    #[must_use]
    pub fn undo(&self, delta: &WorldDelta) -> WorldDelta {
        let none = Account::default();
        let accounts = delta.accounts.iter().map(|change| {
            let account = self.account(change.address).unwrap_or(&none);
            account.undo(change)
        });
        WorldDelta {
            inflow_seen: delta.inflow_seen.map(|_| self.inflow_seen),
            outbound_calls: delta.outbound_calls.map(|_| self.outbound_calls),
            task_nonce: delta.task_nonce.map(|(author, _)| (author, self.task_nonce(author))),
            accounts: accounts.collect(),
        }
    }

    /// [`World::size`] after `delta`, without making it.
    pub(crate) fn size_after(&self, delta: &WorldDelta) -> u64 {
        let none = Account::default();
        let size = match delta.task_nonce {
            Some((author, nonce)) => self
                .size
                .saturating_sub(nonce_size(self.task_nonce(author)))
                .saturating_add(nonce_size(nonce)),
            None => self.size,
        };
        delta.accounts.iter().fold(size, |size, change| {
            let account = self.account(change.address).unwrap_or(&none);
            size.saturating_sub(account.size()).saturating_add(account.size_after(change))
        })
    }

    /// Whether a contract of this world lives at `address`, or did its constructor leave it without code.
    pub(crate) fn owns(&self, address: Address) -> bool {
        self.account(address).is_some_and(|a| a.nonce != 0)
    }

    /// The account at `address`, if it exists.
    pub(crate) fn account(&self, address: Address) -> Option<&Account> {
        self.accounts.get(&address)
    }
}

/// What an author's nonce counts for.
const fn nonce_size(nonce: u64) -> u64 {
    if nonce == 0 { 0 } else { NONCE_SIZE }
}

impl Encode for World {
    fn encode(&self, w: &mut Writer) {
        w.u8(VERSION).put(&self.root);
        compact::put(w, self.inflow_seen);
        compact::put_u64(w, self.outbound_calls);
        compact::put_u64(w, self.accounts.len() as u64);
        for (address, account) in &self.accounts {
            w.put(address);
            compact::put_u64(w, account.nonce);
            compact::put(w, account.balance);
            w.bytes(account.code.original_byte_slice());
            put_slots(w, account.storage.len(), account.storage.iter().map(|(slot, value)| (*slot, *value)));
        }
        compact::put_u64(w, self.task_nonces.len() as u64);
        for (author, nonce) in &self.task_nonces {
            w.put(author);
            compact::put_u64(w, *nonce);
        }
    }
}

impl Decode for World {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        version(r, VERSION, "world version")?;
        let mut world = Self::empty(r.get()?);
        world.inflow_seen = compact::get(r)?;
        world.outbound_calls = compact::get_u64(r)?;
        // Address, nonce, balance, length of code, count of slots.
        let count = compact::get_count(r, 27)?;
        for _ in 0..count {
            let address = r.get()?;
            if world.accounts.last_key_value().is_some_and(|(last, _)| *last >= address) {
                return Err(DecodeError::Invalid { what: "ascending list of accounts" });
            }
            let account = decode_account(r)?;
            world.size = world.size.saturating_add(account.size());
            world.accounts.insert(address, account);
        }
        world.task_nonces = decode_nonces(r)?;
        let authors = world.task_nonces.len() as u64;
        world.size = world.size.saturating_add(authors.saturating_mul(NONCE_SIZE));
        Ok(world)
    }
}

fn decode_nonces(r: &mut Reader<'_>) -> Result<BTreeMap<Address, u64>, DecodeError> {
    // Address, length of the nonce and a byte of it.
    let count = compact::get_count(r, 22)?;
    let mut nonces = BTreeMap::new();
    for _ in 0..count {
        let author: Address = r.get()?;
        let nonce = compact::get_u64(r)?;
        if nonce == 0 || nonces.last_key_value().is_some_and(|(last, _)| *last >= author) {
            return Err(DecodeError::Invalid {
                what: "ascending list of authors with nonces that are not zero",
            });
        }
        nonces.insert(author, nonce);
    }
    Ok(nonces)
}

fn decode_account(r: &mut Reader<'_>) -> Result<Account, DecodeError> {
    let mut account = Account {
        nonce: compact::get_u64(r)?,
        balance: compact::get(r)?,
        code: Bytecode::new_legacy(get_code(r)?),
        storage: BTreeMap::new(),
    };
    get_slots(r, |slot, value| {
        if value.is_zero() {
            return Err(DecodeError::Invalid { what: "slot that is not zero" });
        }
        account.storage.insert(slot, value);
        Ok(())
    })?;
    let bare = account.code.is_empty() && account.storage.is_empty();
    if account.is_empty() || (account.nonce == 0 && !bare) {
        return Err(DecodeError::Invalid { what: "account that can exist" });
    }
    Ok(account)
}
