//! A chain that is a map of storage words: real headers, real tries, no machine.

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{HashBuilder, Nibbles, TrieAccount, proof::ProofRetainer};
use enigma_protocol::{
    door::{UntrustedFacts, UntrustedHeaders, UntrustedSlot},
    lottery::Slots,
    wire::Blob,
};

use super::stake::Storage;

/// Time of block 0, unix seconds; every block takes one second.
pub const START: u64 = 1_700_000_000;
/// Base fee of every block, wei.
pub const BASE_FEE: u64 = 7;

/// The storage of the Enigma contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub BTreeMap<B256, U256>);

impl Storage for Words {
    fn get(&self, slot: B256) -> U256 {
        self.0.get(&slot).copied().unwrap_or_default()
    }

    fn set(&mut self, slot: B256, word: U256) {
        if word.is_zero() {
            self.0.remove(&slot);
        } else {
            self.0.insert(slot, word);
        }
    }
}

impl Slots for Words {
    type Error = std::convert::Infallible;

    fn read(&self, slot: B256) -> Result<U256, Self::Error> {
        Ok(self.get(slot))
    }
}

/// A mined block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its hash.
    pub hash: B256,
    /// Its header, RLP-encoded.
    pub rlp: Vec<u8>,
    /// Storage after it.
    pub words: Words,
}

/// A chain with one contract that matters.
#[derive(Clone, Debug)]
pub struct Chain {
    enigma: Address,
    blocks: Vec<Block>,
    /// Storage as the block to be mined next leaves it.
    pub pending: Words,
    /// Makes the headers of a fork its own.
    salt: Vec<u8>,
}

impl Chain {
    /// Blocks 0 and 1, with nothing in storage. Block 1 is the checkpoint.
    pub fn new(enigma: Address) -> Self {
        let mut chain = Self { enigma, blocks: Vec::new(), pending: Words::default(), salt: Vec::new() };
        chain.mine();
        chain.mine();
        chain
    }

    /// Number of the newest block.
    pub fn height(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    /// A block.
    ///
    /// # Panics
    /// It was not mined.
    pub fn block(&self, number: u64) -> &Block {
        &self.blocks[number as usize]
    }

    /// Time of block `number`.
    pub const fn time(number: u64) -> u64 {
        START + number
    }

    /// Mines the pending block; returns its number.
    pub fn mine(&mut self) -> u64 {
        let number = self.blocks.len() as u64;
        let storage = storage_trie(&self.pending, &[]);
        let header = Header {
            number,
            parent_hash: self.blocks.last().map(|b| b.hash).unwrap_or_default(),
            state_root: account_trie(self.enigma, storage.root).0.root,
            timestamp: Self::time(number),
            base_fee_per_gas: Some(BASE_FEE),
            gas_limit: 30_000_000,
            extra_data: Bytes::copy_from_slice(&self.salt),
            ..Header::default()
        };
        let rlp = alloy_rlp::encode(&header);
        self.blocks.push(Block { hash: keccak256(&rlp), rlp, words: self.pending.clone() });
        number
    }

    /// Mines until block `number` is there.
    pub fn mine_to(&mut self, number: u64) {
        while self.height() < number {
            self.mine();
        }
    }

    /// The same chain up to block `number`; what is mined on it from there has other hashes.
    pub fn fork(&self, number: u64) -> Self {
        let mut fork = self.clone();
        fork.blocks.truncate(number as usize + 1);
        fork.pending = fork.block(number).words.clone();
        fork.salt.push(b'f');
        fork
    }

    /// The headers of blocks `from` to `to`.
    pub fn headers(&self, from: u64, to: u64) -> UntrustedHeaders {
        let headers: Vec<_> = (from..=to).map(|n| Blob(self.block(n).rlp.clone())).collect();
        UntrustedHeaders { headers: headers.into() }
    }

    /// Proofs of `slots` at block `number`.
    pub fn prove(&self, number: u64, slots: &BTreeSet<B256>) -> UntrustedFacts {
        let words = &self.block(number).words;
        let keys: Vec<B256> = slots.iter().map(keccak256).collect();
        let storage = storage_trie(words, &keys);
        let (accounts, account) = account_trie(self.enigma, storage.root);
        let slots: Vec<UntrustedSlot> = slots
            .iter()
            .zip(storage.proofs)
            .map(|(slot, proof)| UntrustedSlot { slot: *slot, value: words.get(*slot), proof: proof.into() })
            .collect();
        UntrustedFacts {
            account: account.into(),
            account_proof: accounts.proofs.into_iter().next().unwrap_or_default().into(),
            slots: slots.into(),
        }
    }
}

struct Trie {
    root: B256,
    proofs: Vec<Vec<Blob<2_048>>>,
}

fn trie(leaves: &BTreeMap<B256, Vec<u8>>, keys: &[B256]) -> Trie {
    let targets = keys.iter().map(Nibbles::unpack).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(targets));
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proof = |key: &B256| {
        let path = nodes.matching_nodes_sorted(&Nibbles::unpack(key));
        path.into_iter().map(|(_, node)| Blob(node.to_vec())).collect()
    };
    Trie { root, proofs: keys.iter().map(proof).collect() }
}

fn storage_trie(words: &Words, keys: &[B256]) -> Trie {
    let leaves = words.0.iter().map(|(slot, word)| (keccak256(slot), alloy_rlp::encode(word))).collect();
    trie(&leaves, keys)
}

/// The accounts: the Enigma contract among a few others. Returns its RLP too.
fn account_trie(enigma: Address, storage_root: B256) -> (Trie, Vec<u8>) {
    let account = alloy_rlp::encode(TrieAccount { storage_root, nonce: 1, ..TrieAccount::default() });
    let mut accounts = BTreeMap::from([(keccak256(enigma), account.clone())]);
    for other in 0..20u8 {
        let balance = U256::from(other);
        accounts
            .insert(keccak256([other]), alloy_rlp::encode(TrieAccount { balance, ..TrieAccount::default() }));
    }
    (trie(&accounts, &[keccak256(enigma)]), account)
}
