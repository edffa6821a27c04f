//! Storage words of one contract, each proven against a block's state root.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use enigma_protocol::{
    door::UntrustedFacts,
    lottery::Slots,
    wire::{Blob, List},
};

/// A proof does not hold. Carries the slot's place in the message; `u64::MAX` for the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("merkle proof {0} does not hold")]
pub struct BadProof(pub u64);

/// Storage words that were not proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} storage words were not proven", .0.len())]
pub struct Missing(pub Vec<B256>);

/// Words that were proven at one block.
#[derive(Clone, Debug, Default)]
pub struct ProvenSlots(BTreeMap<B256, U256>);

impl ProvenSlots {
    /// Checks every proof of `facts` about `contract` against `state_root`.
    ///
    /// # Errors
    /// [`BadProof`] for the first that does not hold.
    pub fn verify(facts: &UntrustedFacts, contract: Address, state_root: B256) -> Result<Self, BadProof> {
        let storage_root = storage_root(facts, contract, state_root).ok_or(BadProof(u64::MAX))?;
        let mut words = BTreeMap::new();
        for (place, fact) in facts.slots.0.iter().enumerate() {
            let (key, value) = (keccak256(fact.slot), alloy_rlp::encode(fact.value));
            // Zero is a word that is absent. Anvil keeps one that was set back as a leaf with a zero, which says the same
            // and is in no trie of Ethereum's.
            let absent = fact.value.is_zero() && holds(storage_root, key, None, &fact.proof);
            if !absent && !holds(storage_root, key, Some(value), &fact.proof) {
                return Err(BadProof(place as u64));
            }
            words.insert(fact.slot, fact.value);
        }
        Ok(Self(words))
    }

    /// The words of several slots at once, so that all that are missing are told together.
    ///
    /// # Errors
    /// [`Missing`] with every slot that was not proven.
    pub fn read_all<const N: usize>(&self, slots: [B256; N]) -> Result<[U256; N], Missing> {
        let missing: Vec<B256> = slots.iter().filter(|s| !self.0.contains_key(*s)).copied().collect();
        if missing.is_empty() {
            Ok(slots.map(|s| self.0.get(&s).copied().unwrap_or_default()))
        } else {
            Err(Missing(missing))
        }
    }
}

impl Slots for ProvenSlots {
    type Error = Missing;

    fn read(&self, slot: B256) -> Result<U256, Missing> {
        self.0.get(&slot).copied().ok_or_else(|| Missing(vec![slot]))
    }
}

fn storage_root(facts: &UntrustedFacts, contract: Address, state_root: B256) -> Option<B256> {
    let mut rlp = facts.account.0.as_slice();
    let account = TrieAccount::decode(&mut rlp).ok()?;
    let proven = holds(state_root, keccak256(contract), Some(facts.account.0.clone()), &facts.account_proof);
    (proven && rlp.is_empty()).then_some(account.storage_root)
}

fn holds<const N: usize, const M: usize>(
    root: B256,
    key: B256,
    value: Option<Vec<u8>>,
    proof: &List<Blob<N>, M>,
) -> bool {
    let nodes: Vec<Bytes> = proof.0.iter().map(|n| Bytes::copy_from_slice(&n.0)).collect();
    verify_proof(root, Nibbles::unpack(key), value, &nodes).is_ok()
}

#[cfg(test)]
mod tests {
    use alloy_trie::{HashBuilder, proof::ProofRetainer};
    use enigma_protocol::door::UntrustedSlot;

    use super::*;

    const CONTRACT: Address = Address::repeat_byte(9);

    /// A trie of `leaves`, its root and the proofs of `keys`.
    fn trie(leaves: &BTreeMap<B256, Vec<u8>>, keys: &[B256]) -> (B256, Vec<Vec<Blob<2_048>>>) {
        let mut builder = HashBuilder::default()
            .with_proof_retainer(ProofRetainer::new(keys.iter().map(Nibbles::unpack).collect()));
        for (key, value) in leaves {
            builder.add_leaf(Nibbles::unpack(key), value);
        }
        let root = builder.root();
        let nodes = builder.take_proof_nodes();
        let proofs = keys
            .iter()
            .map(|key| {
                let sorted = nodes.matching_nodes_sorted(&Nibbles::unpack(key));
                sorted.into_iter().map(|(_, n)| Blob(n.to_vec())).collect()
            })
            .collect();
        (root, proofs)
    }

    fn fixture() -> (UntrustedFacts, B256, Vec<(B256, U256)>) {
        let words: Vec<(B256, U256)> =
            (0..50u64).map(|i| (B256::from(U256::from(i)), U256::from(i * i * 1_000 + 1))).collect();
        let leaves = words.iter().map(|(s, v)| (keccak256(s), alloy_rlp::encode(v))).collect();
        let absent = B256::from(U256::from(999));
        let mut asked: Vec<(B256, U256)> = vec![words[3], words[17], (absent, U256::ZERO)];
        let keys: Vec<B256> = asked.iter().map(|(s, _)| keccak256(s)).collect();
        let (storage_root, proofs) = trie(&leaves, &keys);
        let slots = asked
            .iter()
            .zip(proofs)
            .map(|((slot, value), proof)| UntrustedSlot { slot: *slot, value: *value, proof: proof.into() })
            .collect::<Vec<_>>();
        let account = alloy_rlp::encode(TrieAccount { storage_root, nonce: 1, ..TrieAccount::default() });
        let mut accounts = BTreeMap::from([(keccak256(CONTRACT), account.clone())]);
        for i in 0..40u8 {
            accounts.insert(keccak256([i]), alloy_rlp::encode(TrieAccount::default()));
        }
        let (state_root, proofs) = trie(&accounts, &[keccak256(CONTRACT)]);
        asked.truncate(3);
        let facts = UntrustedFacts {
            account: account.into(),
            account_proof: proofs.into_iter().next().unwrap().into(),
            slots: slots.into(),
        };
        (facts, state_root, asked)
    }

    #[test]
    fn proven_words_are_read_and_others_are_missing() {
        let (facts, root, asked) = fixture();
        let slots = ProvenSlots::verify(&facts, CONTRACT, root).unwrap();
        for (slot, value) in asked {
            assert_eq!(slots.read(slot), Ok(value));
        }
        let other = B256::repeat_byte(1);
        assert_eq!(slots.read(other), Err(Missing(vec![other])));
    }

    #[test]
    fn a_word_that_was_set_back_to_zero_is_zero_whether_it_is_absent_or_a_leaf() {
        let (slot, five) = (B256::repeat_byte(1), U256::from(5));
        let key = keccak256(slot);
        for (leaf, told, holds) in [
            (U256::ZERO, U256::ZERO, true),
            (U256::ZERO, five, false),
            (five, U256::ZERO, false),
            (five, five, true),
        ] {
            let neighbour = (keccak256([9]), alloy_rlp::encode(U256::from(9)));
            let leaves = BTreeMap::from([(key, alloy_rlp::encode(leaf)), neighbour]);
            let (storage_root, proofs) = trie(&leaves, &[key]);
            let account = alloy_rlp::encode(TrieAccount { storage_root, ..TrieAccount::default() });
            let accounts = BTreeMap::from([(keccak256(CONTRACT), account.clone())]);
            let (state_root, account_proof) = trie(&accounts, &[keccak256(CONTRACT)]);
            let proof = proofs.into_iter().next().unwrap().into();
            let facts = UntrustedFacts {
                account: account.into(),
                account_proof: account_proof.into_iter().next().unwrap().into(),
                slots: vec![UntrustedSlot { slot, value: told, proof }].into(),
            };
            let slots = ProvenSlots::verify(&facts, CONTRACT, state_root);
            assert_eq!(slots.is_ok(), holds, "{leaf} told as {told}");
            assert!(slots.map_or(true, |slots| slots.read(slot) == Ok(told)));
        }
    }

    #[test]
    fn a_changed_value_slot_contract_or_root_is_refused() {
        let (facts, root, _) = fixture();
        for place in 0..3 {
            let mut changed = facts.clone();
            changed.slots.0[place].value += U256::from(1);
            assert_eq!(ProvenSlots::verify(&changed, CONTRACT, root).unwrap_err(), BadProof(place as u64));
            let mut zeroed = facts.clone();
            zeroed.slots.0[place].value = U256::ZERO;
            assert_eq!(ProvenSlots::verify(&zeroed, CONTRACT, root).is_ok(), place == 2);
            let mut moved = facts.clone();
            moved.slots.0[place].slot = B256::from(U256::from(4));
            assert!(ProvenSlots::verify(&moved, CONTRACT, root).is_err());
        }
        assert_eq!(ProvenSlots::verify(&facts, Address::ZERO, root).unwrap_err(), BadProof(u64::MAX));
        assert_eq!(ProvenSlots::verify(&facts, CONTRACT, B256::ZERO).unwrap_err(), BadProof(u64::MAX));
    }

    #[test]
    fn every_flipped_byte_of_a_proof_is_refused() {
        let (facts, root, _) = fixture();
        for place in 0..3 {
            for node in 0..facts.slots.0[place].proof.0.len() {
                for byte in 0..facts.slots.0[place].proof.0[node].0.len() {
                    let mut changed = facts.clone();
                    changed.slots.0[place].proof.0[node].0[byte] ^= 1;
                    assert!(ProvenSlots::verify(&changed, CONTRACT, root).is_err());
                }
            }
        }
        for byte in 0..facts.account.0.len() {
            let mut changed = facts.clone();
            changed.account.0[byte] ^= 1;
            assert!(ProvenSlots::verify(&changed, CONTRACT, root).is_err());
        }
    }
}
