//! The worlds in memory, each known by the state head that the chain has for it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_evm::{World, WorldDelta};
use enigma_primitives::Encode;
use enigma_protocol::state::genesis_state_head;

use crate::facts::Ground;

/// Worlds kept in memory; the one unused for longest goes first.
const KEPT: usize = 64;

/// A world, and the change that a receipt made of it but the chain may not have taken yet.
struct Kept {
    head: B256,
    world: World,
    proposed: Option<(B256, Vec<WorldDelta>)>,
    used: u64,
}

/// Every world in memory.
#[derive(Default)]
pub(crate) struct Worlds {
    kept: BTreeMap<Address, Kept>,
    clock: u64,
}

impl Worlds {
    /// The world behind the state head that the chain records, if it is here: kept, or proposed and by now taken, or
    /// empty because nothing was ever committed.
    pub(crate) fn at(&mut self, ground: &Ground) -> Option<&mut World> {
        let head = ground.record.state_head;
        if head == genesis_state_head(ground.network, ground.contract) && !self.has(ground.contract, head) {
            self.keep(ground.contract, head, World::empty(ground.contract));
        }
        self.clock = self.clock.saturating_add(1);
        let kept = self.kept.get_mut(&ground.contract)?;
        kept.used = self.clock;
        if kept.head != head {
            let (after, deltas) = kept.proposed.take()?;
            if after != head {
                return None;
            }
            deltas.iter().for_each(|d| kept.world.apply(d));
            kept.head = head;
        }
        Some(&mut kept.world)
    }

    /// Remembers what a receipt would make of a kept world.
    pub(crate) fn propose(&mut self, contract: Address, after: B256, deltas: Vec<WorldDelta>) {
        if let Some(kept) = self.kept.get_mut(&contract) {
            kept.proposed = Some((after, deltas));
        }
    }

    /// Takes out the world that stands behind a head.
    pub(crate) fn take(&mut self, contract: Address, head: B256) -> Option<World> {
        self.has(contract, head).then(|| self.kept.remove(&contract)).flatten().map(|kept| kept.world)
    }

    fn has(&self, contract: Address, head: B256) -> bool {
        self.kept.get(&contract).is_some_and(|k| k.head == head)
    }

    /// Keeps a world that stands behind a head.
    pub(crate) fn keep(&mut self, contract: Address, head: B256, world: World) {
        self.clock = self.clock.saturating_add(1);
        self.kept.insert(contract, Kept { head, world, proposed: None, used: self.clock });
        if self.kept.len() > KEPT
            && let Some(oldest) = self.kept.iter().min_by_key(|(_, k)| k.used).map(|(c, _)| *c)
        {
            self.kept.remove(&oldest);
        }
    }
}

/// A world's bytes, for a snapshot.
pub(crate) fn encode(world: &World) -> enigma_primitives::Secret<Vec<u8>> {
    enigma_primitives::Secret::new(world.to_bytes())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{U256, keccak256};
    use enigma_evm::AccountDelta;
    use enigma_protocol::{peer::MAX_SNAPSHOT, state::sealed_len};

    use super::*;
    use crate::execute::MAX_WORLD;

    /// A world of `accounts` accounts with `slots` slots each, every number as long as can be.
    fn world(accounts: u64, slots: u64) -> World {
        let account = |n: u64| AccountDelta {
            address: Address::from_word(keccak256(n.to_be_bytes())),
            nonce: Some(u64::MAX),
            balance: Some(U256::MAX),
            code: None,
            storage: (0..slots).map(|s| (U256::MAX - U256::from(slots - s), U256::MAX)).collect(),
        };
        let mut delta = WorldDelta {
            inflow_seen: Some(U256::MAX),
            outbound_calls: Some(u64::MAX),
            task_nonce: None,
            accounts: (0..accounts).map(account).collect(),
        };
        delta.accounts.sort_unstable_by_key(|a| a.address);
        let mut world = World::empty(Address::ZERO);
        world.apply(&delta);
        world
    }

    #[test]
    fn the_largest_world_fits_a_snapshot() {
        for (accounts, slots) in [(MAX_WORLD / 64, 0), (1, MAX_WORLD / 64 - 1)] {
            let world = world(accounts, slots);
            assert_eq!(world.size(), MAX_WORLD);
            let sealed = sealed_len(encode(&world).expose(Vec::len));
            assert!(sealed <= MAX_SNAPSHOT, "{accounts} accounts, {slots} slots: {sealed} bytes");
            assert_eq!(sealed, MAX_SNAPSHOT, "no larger than it must be");
        }
    }
}
