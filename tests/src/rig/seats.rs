//! An enclave with what a host feeds it: headers and proofs.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, ChainBlock, Sender};
use enigma_crypto::sign::SigningKey;
use enigma_primitives::Secret;
use enigma_protocol::{
    door::{
        Identity, KeyEnclaveReply, Refusal, UntrustedFacts, UntrustedHeaders, UntrustedKeyRequest,
        UntrustedWorkerRequest, View, WorkerReply,
    },
    network::Descriptor,
};

use super::Refused;
use crate::sealed::{Entropy, KeyDoor, WorkerDoor, door::ROUNDS};

/// The chain's headers since the checkpoint.
pub(super) struct Headers {
    first: u64,
    hashes: Vec<B256>,
    blocks: Vec<ChainBlock>,
}

impl Headers {
    pub(super) fn new(descriptor: &Descriptor) -> Self {
        Self {
            first: descriptor.checkpoint_number,
            hashes: vec![descriptor.checkpoint_hash],
            blocks: Vec::new(),
        }
    }

    pub(super) fn tip(&self) -> u64 {
        self.first + self.blocks.len() as u64
    }

    /// Fetches what is new; drops what the chain has dropped. Returns whether it dropped anything.
    pub(super) async fn sync(&mut self, chain: &Chain) -> bool {
        let height = chain.height().await.expect("a height");
        let mut dropped = false;
        while let Some(last) = self.blocks.last() {
            if last.number <= height && chain.block(last.number).await.expect("a block").hash == last.hash {
                break;
            }
            self.blocks.pop();
            self.hashes.pop();
            dropped = true;
        }
        for number in self.tip() + 1..=height {
            let block = chain.block(number).await.expect("a block");
            self.hashes.push(block.hash);
            self.blocks.push(block);
        }
        dropped
    }
}

/// Facts that were fetched last: all enclaves are asked at one block, mostly for the same.
#[derive(Default)]
pub(super) struct Facts {
    usual: BTreeSet<B256>,
    last: Option<(u64, BTreeSet<B256>, UntrustedFacts)>,
}

impl Facts {
    /// Proofs, at block `number`, of `slots` and of what was asked for lately.
    pub(super) async fn bring(
        &mut self,
        chain: &Chain,
        number: u64,
        slots: &BTreeSet<B256>,
    ) -> UntrustedFacts {
        let wanted: BTreeSet<B256> = self.usual.union(slots).copied().collect();
        if let Some((at, had, facts)) = &self.last
            && *at == number
            && *had == wanted
        {
            return facts.clone();
        }
        let list: Vec<B256> = wanted.iter().copied().collect();
        let facts = chain.prove(&list, number).await.expect("proofs");
        self.last = Some((number, wanted, facts.clone()));
        facts
    }

    /// Remembers what an enclave turned out to need.
    pub(super) fn note(&mut self, slots: &[B256]) {
        if self.usual.len() > 96 {
            self.usual.clear();
        }
        self.usual.extend(slots);
    }
}

/// What an enclave has been fed.
#[derive(Default)]
struct Fed(Vec<B256>);

impl Fed {
    /// What the enclave lacks.
    fn next(&self, headers: &Headers) -> Option<UntrustedHeaders> {
        let common = self.0.iter().zip(&headers.hashes).take_while(|(a, b)| a == b).count().max(1);
        let new: Vec<_> = headers.blocks[common - 1..].iter().map(|b| b.rlp.clone().into()).collect();
        (!new.is_empty()).then(|| UntrustedHeaders { headers: new.into() })
    }

    fn took(&mut self, headers: &Headers, view: &View) {
        self.0.clone_from(&headers.hashes);
        assert_eq!((view.number, Some(&view.hash)), (headers.tip(), headers.hashes.last()));
    }
}

/// A worker enclave, and its host.
pub(super) struct WorkerSeat {
    pub(super) door: WorkerDoor,
    pub(super) id: u64,
    pub(super) signer: Address,
    pub(super) platform: B256,
    pub(super) operator: Sender,
    name: String,
    fed: Fed,
}

impl WorkerSeat {
    pub(super) fn new(door: WorkerDoor, name: &str, id: u64, identity: &Identity, operator: Sender) -> Self {
        let (signer, platform) = (identity.address, identity.platform);
        Self { door, id, signer, platform, operator, name: name.to_owned(), fed: Fed::default() }
    }

    pub(super) fn follow(&mut self, headers: &Headers) -> Refused<()> {
        let Some(new) = self.fed.next(headers) else { return Ok(()) };
        match self.door.ask(&UntrustedWorkerRequest::Headers(new)) {
            WorkerReply::View(view) => self.fed.took(headers, &view),
            WorkerReply::Refused(refusal) => return Err(refusal),
            other => panic!("expected a view, {other:?} came"),
        }
        Ok(())
    }

    /// The signing key, as whoever breaks the enclave open finds it: the first 32 bytes of its randomness.
    pub(super) fn broken_open(&self) -> SigningKey {
        let key =
            SigningKey::from_bytes(&Secret::from_bytes(Entropy::new(&self.name).word())).expect("a key");
        assert_eq!(key.address(), self.signer, "the identity is made of the first bytes drawn");
        key
    }
}

/// A key enclave, and its host.
pub(super) struct KeySeat {
    door: KeyDoor,
    fed: Fed,
}

impl KeySeat {
    pub(super) fn new(door: KeyDoor) -> Self {
        Self { door, fed: Fed::default() }
    }

    fn follow(&mut self, headers: &Headers) -> Refused<()> {
        let Some(new) = self.fed.next(headers) else { return Ok(()) };
        match self.door.ask(&UntrustedKeyRequest::Headers(new)) {
            KeyEnclaveReply::View(view) => self.fed.took(headers, &view),
            KeyEnclaveReply::Refused(refusal) => return Err(refusal),
            other => panic!("expected a view, {other:?} came"),
        }
        Ok(())
    }

    /// Asks at the newest block, bringing every proof that the enclave turns out to need.
    pub(super) async fn ask(
        &mut self,
        chain: &Chain,
        headers: &Headers,
        facts: &mut Facts,
        question: impl Fn(UntrustedFacts) -> UntrustedKeyRequest,
    ) -> Result<KeyEnclaveReply, Refusal> {
        self.follow(headers)?;
        let mut slots = BTreeSet::new();
        for _ in 0..ROUNDS {
            let proofs = facts.bring(chain, headers.tip(), &slots).await;
            match self.door.ask(&question(proofs)) {
                KeyEnclaveReply::Need(need) => {
                    facts.note(&need.slots.0);
                    slots.extend(need.slots.0);
                }
                KeyEnclaveReply::Refused(refusal) => return Err(refusal),
                answer => return Ok(answer),
            }
        }
        panic!("no end of facts");
    }
}
