//! The worlds in memory, each known by the state head that the chain has for it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, keccak256};
use enigma_evm::{World, WorldDelta};
use enigma_primitives::{Decode, Encode};
use enigma_protocol::{
    door::{Code, Refusal, UntrustedState},
    input::context,
    state::{StateKey, fold_snapshot, genesis_state_head, next_state_head},
};

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

    /// Rebuilds a world from a snapshot and the deltas since, all sealed under `key`. The chain of heads from the
    /// snapshot must end in the head that the chain records: that, not the cipher, makes it the right state.
    ///
    /// # Errors
    /// `WrongState`.
    pub(crate) fn restore(
        &mut self,
        ground: &Ground,
        label: &[u8],
        key: &StateKey,
        state: &UntrustedState,
    ) -> Result<(), Refusal> {
        let wrong = Code::WrongState;
        let mut head = fold_snapshot(state.head_before, keccak256(&state.snapshot.0));
        for delta in &state.deltas.0 {
            head = next_state_head(head, delta.input_hash, keccak256(&delta.delta.0));
        }
        if head != ground.record.state_head {
            return Err(wrong.into());
        }
        let snapshot = key.open_snapshot(label, state.head_before, &state.snapshot.0).map_err(|_| wrong)?;
        let mut world = snapshot.expose(|bytes| World::from_bytes(bytes)).map_err(|_| wrong)?;
        for delta in &state.deltas.0 {
            let ctx = context(delta.input_head, delta.block_hash);
            let bytes = key.open_delta(label, ctx, &delta.delta.0).map_err(|_| wrong)?;
            world.apply(&bytes.expose(|b| WorldDelta::from_bytes(b)).map_err(|_| wrong)?);
        }
        self.keep(ground.contract, head, world);
        Ok(())
    }

    fn has(&self, contract: Address, head: B256) -> bool {
        self.kept.get(&contract).is_some_and(|k| k.head == head)
    }

    fn keep(&mut self, contract: Address, head: B256, world: World) {
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
        let mut delta =
            WorldDelta { inflow_seen: Some(U256::MAX), accounts: (0..accounts).map(account).collect() };
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
