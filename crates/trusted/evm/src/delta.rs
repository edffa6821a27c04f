//! The change that a task makes to a world, in one canonical form.

use alloy_primitives::{Address, Bytes, U256};
use enigma_primitives::{Decode, DecodeError, Encode, Reader, Writer};

use crate::compact;

/// The longest deployed code (EIP-170), bytes.
pub const MAX_CODE: usize = revm::primitives::eip170::MAX_CODE_SIZE;

/// First byte of the encoding.
const VERSION: u8 = 2;

const INFLOW: u8 = 1;
const OUTBOUND_CALLS: u8 = 2;
const TASK_NONCE: u8 = 4;

const NONCE: u8 = 1;
const BALANCE: u8 = 2;
const CODE: u8 = 4;
const STORAGE: u8 = 8;

/// The difference between two worlds: only what differs, accounts and slots in ascending order. The same
/// change is always the same bytes.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct WorldDelta {
    /// The new `inflow_seen`, wei, if it grew.
    pub inflow_seen: Option<U256>,
    /// The new count of outbound calls, if it grew.
    pub outbound_calls: Option<u64>,
    /// Whose nonce of relayed tasks changed, and what it is now; 0 forgets the account.
    pub task_nonce: Option<(Address, u64)>,
    /// Accounts that differ, by ascending address.
    pub accounts: Vec<AccountDelta>,
}

/// The difference in one account. An account that ends with no nonce, balance or code leaves the world.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct AccountDelta {
    /// Whose.
    pub address: Address,
    /// The new nonce.
    pub nonce: Option<u64>,
    /// The new balance, wei.
    pub balance: Option<U256>,
    /// The new code.
    pub code: Option<Bytes>,
    /// Slots that differ with their new values, by ascending slot; zero clears a slot.
    pub storage: Vec<(U256, U256)>,
}

redacted!(WorldDelta, AccountDelta);

impl WorldDelta {
    /// Whether nothing differs.
    pub const fn is_empty(&self) -> bool {
        self.flags() == 0 && self.accounts.is_empty()
    }

    const fn flags(&self) -> u8 {
        flag(self.inflow_seen.is_some(), INFLOW)
            | flag(self.outbound_calls.is_some(), OUTBOUND_CALLS)
            | flag(self.task_nonce.is_some(), TASK_NONCE)
    }
}

impl AccountDelta {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.flags() == 0
    }

    fn flags(&self) -> u8 {
        flag(self.nonce.is_some(), NONCE)
            | flag(self.balance.is_some(), BALANCE)
            | flag(self.code.is_some(), CODE)
            | flag(!self.storage.is_empty(), STORAGE)
    }
}

const fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

impl Encode for WorldDelta {
    fn encode(&self, w: &mut Writer) {
        w.u8(VERSION).u8(self.flags());
        if let Some(inflow) = self.inflow_seen {
            compact::put(w, inflow);
        }
        if let Some(calls) = self.outbound_calls {
            compact::put_u64(w, calls);
        }
        if let Some((account, nonce)) = &self.task_nonce {
            w.put(account);
            compact::put_u64(w, *nonce);
        }
        compact::put_u64(w, self.accounts.len() as u64);
        for account in &self.accounts {
            account.encode(w);
        }
    }
}

impl Decode for WorldDelta {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        version(r, VERSION, "delta version")?;
        let flags = r.u8()?;
        if flags > (INFLOW | OUTBOUND_CALLS | TASK_NONCE) {
            return Err(DecodeError::UnknownTag { what: "delta flags", tag: flags.into() });
        }
        let inflow_seen = if flags & INFLOW != 0 { Some(compact::get(r)?) } else { None };
        let outbound_calls = if flags & OUTBOUND_CALLS != 0 { Some(compact::get_u64(r)?) } else { None };
        let task_nonce = if flags & TASK_NONCE != 0 { Some((r.get()?, compact::get_u64(r)?)) } else { None };
        // Address, flags and one changed byte at least.
        let count = compact::get_count(r, 22)?;
        let mut accounts: Vec<AccountDelta> = Vec::new();
        for _ in 0..count {
            let account = AccountDelta::decode(r)?;
            if accounts.last().is_some_and(|last| last.address >= account.address) {
                return Err(DecodeError::Invalid { what: "ascending list of accounts" });
            }
            accounts.push(account);
        }
        Ok(Self { inflow_seen, outbound_calls, task_nonce, accounts })
    }
}

impl Encode for AccountDelta {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.address).u8(self.flags());
        if let Some(nonce) = self.nonce {
            compact::put_u64(w, nonce);
        }
        if let Some(balance) = self.balance {
            compact::put(w, balance);
        }
        if let Some(code) = &self.code {
            w.bytes(code);
        }
        if !self.storage.is_empty() {
            put_slots(w, self.storage.len(), self.storage.iter().map(|(slot, value)| (*slot, *value)));
        }
    }
}

impl Decode for AccountDelta {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let address = r.get()?;
        let flags = r.u8()?;
        if flags == 0 || flags > (NONCE | BALANCE | CODE | STORAGE) {
            return Err(DecodeError::UnknownTag { what: "account flags", tag: flags.into() });
        }
        let nonce = if flags & NONCE != 0 { Some(compact::get_u64(r)?) } else { None };
        let balance = if flags & BALANCE != 0 { Some(compact::get(r)?) } else { None };
        let code = if flags & CODE != 0 { Some(get_code(r)?) } else { None };
        let mut storage = Vec::new();
        if flags & STORAGE != 0 {
            get_slots(r, |slot, value| {
                storage.push((slot, value));
                Ok(())
            })?;
            if storage.is_empty() {
                return Err(DecodeError::Invalid { what: "list of slots with at least one" });
            }
        }
        Ok(Self { address, nonce, balance, code, storage })
    }
}

/// Refuses any version but `known`.
pub(crate) fn version(r: &mut Reader<'_>, known: u8, what: &'static str) -> Result<(), DecodeError> {
    let tag = r.u8()?;
    if tag == known { Ok(()) } else { Err(DecodeError::UnknownTag { what, tag: tag.into() }) }
}

/// Reads code: bounded, and never starting with 0xEF (EIP-3541), which would be a delegation (EIP-7702).
pub(crate) fn get_code(r: &mut Reader<'_>) -> Result<Bytes, DecodeError> {
    let code = r.bytes(MAX_CODE)?;
    if code.first() == Some(&0xef) {
        return Err(DecodeError::Invalid { what: "code that does not start with 0xef" });
    }
    Ok(Bytes::copy_from_slice(code))
}

/// Appends a count and the slots.
pub(crate) fn put_slots(w: &mut Writer, count: usize, slots: impl Iterator<Item = (U256, U256)>) {
    compact::put_u64(w, count as u64);
    for (slot, value) in slots {
        compact::put(w, slot);
        compact::put(w, value);
    }
}

/// Reads slots in strictly ascending order into `keep`.
pub(crate) fn get_slots(
    r: &mut Reader<'_>,
    mut keep: impl FnMut(U256, U256) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let count = compact::get_count(r, 2)?;
    let mut last = None;
    for _ in 0..count {
        let slot = compact::get(r)?;
        if last.is_some_and(|last| last >= slot) {
            return Err(DecodeError::Invalid { what: "ascending list of slots" });
        }
        last = Some(slot);
        keep(slot, compact::get(r)?)?;
    }
    Ok(())
}
