//! One encapsulation for each contract, epoch and sender as hosts see it: zero for reads.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_crypto::{bls::PublicKey, ibe, scalar::Scalar};
use enigma_primitives::Secret;
use enigma_protocol::network::{ERA, key_message};

use crate::{Error, Result};

/// Sessions kept; more than one account needs at once.
const KEPT: usize = 64;

/// The sessions of one account.
pub(crate) struct Sessions {
    network: B256,
    public_key: PublicKey,
    open: BTreeMap<(Address, u64, Address), ibe::Session>,
}

impl Sessions {
    pub(crate) fn new(network: B256, public_key: PublicKey) -> Self {
        Self { network, public_key, open: BTreeMap::new() }
    }

    /// The session of (contract, epoch, sender), made now if there is none.
    pub(crate) fn get(&mut self, contract: Address, epoch: u64, sender: Address) -> Result<&ibe::Session> {
        let name = (contract, epoch, sender);
        if self.open.len() >= KEPT && !self.open.contains_key(&name) {
            self.open.clear();
        }
        match self.open.entry(name) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let r = Scalar::from_uniform(&random::<64>()?).map_err(|_| Error::Randomness)?;
                let message = key_message(self.network, ERA, contract, epoch);
                Ok(entry.insert(ibe::Session::for_input(&r, &self.public_key, &message)))
            }
        }
    }
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>() -> Result<Secret<[u8; N]>> {
    Secret::try_fill(|bytes| getrandom::fill(bytes)).map_err(|_| Error::Randomness)
}
