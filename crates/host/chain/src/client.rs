//! Reads: blocks, headers, proofs, contract state, events.

use std::sync::Arc;

use alloy::{
    network::Ethereum,
    providers::{DynProvider, Provider},
};
use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    door::{UntrustedFacts, UntrustedSlot},
    network::Descriptor,
    wire::Blob,
};

use crate::{
    Error, Options, Result,
    bindings::{Enigma, epoch},
    endpoints::Endpoints,
    events::Span,
    view::View,
};

/// Largest node of a proof that is passed on, bytes: no honest one is larger.
const NODE: usize = 2_048;

/// A connection to one Enigma contract on one chain, through one or several endpoints. Cheap to clone; clones share what
/// they know of the endpoints.
#[derive(Clone, Debug)]
pub struct Chain {
    endpoints: Arc<Endpoints>,
    enigma: Address,
}

/// A block as the endpoint gives it.
#[derive(Clone, Debug)]
pub struct ChainBlock {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of its parent.
    pub parent: B256,
    /// Unix seconds.
    pub timestamp: u64,
    /// Wei per gas.
    pub base_fee: u64,
    /// The same of the block after it, by Ethereum's rule.
    pub next_base_fee: u64,
    /// The header, RLP-encoded.
    pub rlp: Vec<u8>,
}

/// Where the network stands.
#[derive(Clone, Copy, Debug)]
pub struct NetworkState {
    /// Current epoch.
    pub epoch: u64,
    /// Epoch as last stored.
    pub stored_epoch: u64,
    /// First block of the stored epoch.
    pub start: u64,
    /// First block of the next epoch, or 0 while its beacon is missing.
    pub next_start: u64,
    /// The network's identity; zero before genesis.
    pub network: B256,
}

impl NetworkState {
    /// Whether the seed of the epoch after the current one is known.
    pub const fn next_seeded(&self) -> bool {
        self.epoch == self.stored_epoch && self.next_start != 0
    }
}

impl Chain {
    /// Connects to the endpoint at `url`; nothing is asked yet.
    ///
    /// # Errors
    /// The URL is none of HTTP.
    pub fn connect(url: &str, enigma: Address) -> Result<Self> {
        Self::connect_all(&[url], enigma, Options::default())
    }

    /// Connects to several endpoints of one chain, the preferred one first; nothing is asked yet.
    ///
    /// # Errors
    /// A URL is none of HTTP; there are none, or more than 16.
    pub fn connect_all(urls: &[impl AsRef<str>], enigma: Address, options: Options) -> Result<Self> {
        Ok(Self { endpoints: Arc::new(Endpoints::new(urls, options)?), enigma })
    }

    /// The Enigma contract's address.
    pub const fn enigma(&self) -> Address {
        self.enigma
    }

    /// The same connection, to another Enigma contract.
    #[must_use]
    pub fn with_enigma(&self, enigma: Address) -> Self {
        Self { endpoints: self.endpoints.clone(), enigma }
    }

    /// Tells that the answer which was taken last is proven wrong: an enclave has refused it. Its endpoint rests, and
    /// others are asked first. Whether there is another one that does not rest: then asking again is worth while.
    pub fn distrust(&self) -> bool {
        self.endpoints.distrust()
    }

    /// The endpoints, for this crate's other rooms.
    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What a view of the contract answers.
    pub(crate) async fn read<T, F>(
        &self,
        work: impl Fn(Enigma::EnigmaInstance<DynProvider<Ethereum>>) -> F,
    ) -> Result<T>
    where
        F: Future<Output = alloy::contract::Result<T>>,
    {
        let work = |view: View| {
            let answer = work(view.contract(self.enigma));
            async move { Ok(answer.await?) }
        };
        self.endpoints.ask(work).await
    }

    /// The chain's id.
    ///
    /// # Errors
    /// The endpoints failed, here and below.
    pub async fn chain_id(&self) -> Result<u64> {
        self.endpoints.ask(|view| async move { Ok(view.provider().get_chain_id().await?) }).await
    }

    /// Number of the newest block. With several endpoints, one that lags behind the others is left for another; the
    /// height falls back only if all have fallen back.
    ///
    /// # Errors
    /// The endpoints failed.
    pub async fn height(&self) -> Result<u64> {
        self.endpoints.height().await
    }

    /// A block by number, its hash recomputed from its header.
    ///
    /// # Errors
    /// [`Error::NoBlock`]; a header that does not hash to the block's hash.
    pub async fn block(&self, number: u64) -> Result<ChainBlock> {
        self.endpoints.ask(|view| async move { view.block(number).await }).await
    }

    /// The blocks `from` to `to`, each the parent of the next, from one endpoint.
    ///
    /// # Errors
    /// As [`Chain::block`]; [`Error::Reorganised`].
    pub async fn blocks(&self, from: u64, to: u64) -> Result<Vec<ChainBlock>> {
        if from > to {
            return Ok(Vec::new());
        }
        self.endpoints.ask_long(|view| async move { view.blocks(from, to).await }).await
    }

    /// Merkle proofs of storage of the Enigma contract at a block.
    ///
    /// # Errors
    /// The endpoints failed, or answered about something else.
    pub async fn prove(&self, slots: &[B256], number: u64) -> Result<UntrustedFacts> {
        let prove = |view: View| async move {
            let proof = view.provider().get_proof(self.enigma, slots.to_vec()).number(number).await?;
            let keys = proof.storage_proof.iter().map(|s| s.key.as_b256());
            if proof.address != self.enigma || !keys.eq(slots.iter().copied()) {
                return Err(Error::Inconsistent("proofs of other slots"));
            }
            let rlp = alloy_rlp::encode(alloy::consensus::TrieAccount {
                nonce: proof.nonce,
                balance: proof.balance,
                storage_root: proof.storage_hash,
                code_hash: proof.code_hash,
            });
            let slot = |s: alloy::rpc::types::EIP1186StorageProof| {
                Ok(UntrustedSlot { slot: s.key.as_b256(), value: s.value, proof: nodes(s.proof)?.into() })
            };
            let slots = proof.storage_proof.into_iter().map(slot).collect::<Result<Vec<_>>>()?;
            Ok(UntrustedFacts {
                account: rlp.into(),
                account_proof: nodes(proof.account_proof)?.into(),
                slots: slots.into(),
            })
        };
        self.endpoints.ask(prove).await
    }

    /// Epoch and identity of the network at the newest block.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn network_state(&self) -> Result<NetworkState> {
        let state = |view: View| async move {
            let contract = view.contract(self.enigma);
            let (word, current, network) =
                (contract.epochWord(), contract.currentEpoch(), contract.network());
            let answers =
                tokio::try_join!(async { word.call().await }, async { current.call().await }, async {
                    network.call().await
                });
            Ok(answers?)
        };
        let (word, current, network) = self.endpoints.ask(state).await?;
        Ok(NetworkState {
            epoch: current.to(),
            stored_epoch: word.epoch.to(),
            start: word.start.to(),
            next_start: word.nextStart.to(),
            network,
        })
    }

    /// The descriptor as the contract tells it, with the public key that `public_key` claims.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn descriptor(&self, public_key: [u8; 96]) -> Result<Descriptor> {
        let d = self.read(|c| async move { c.descriptor().call().await }).await?;
        Ok(Descriptor {
            chain_id: d.chainId.saturating_to(),
            enigma: d.enigma,
            checkpoint_number: d.checkpointNumber.saturating_to(),
            checkpoint_hash: d.checkpointHash,
            verifier: d.verifier,
            attestation_root: d.attestationRoot,
            ruleset: d.ruleset,
            public_key,
        })
    }

    /// The first `count` workers of a contract's sequence in `at_epoch`.
    ///
    /// # Errors
    /// The endpoint failed, or the epoch has no lottery.
    pub async fn sequence(&self, contract: Address, at_epoch: u64, count: u64) -> Result<Vec<u64>> {
        let ids = self
            .read(|c| async move { c.sequence(contract, epoch(at_epoch), U256::from(count)).call().await })
            .await?;
        Ok(ids.into_iter().map(|id| id.saturating_to()).collect())
    }

    /// The id of the worker with this signing key's address.
    ///
    /// # Errors
    /// The endpoint failed; the contract knows no such worker.
    pub async fn worker_id(&self, signer: Address) -> Result<u64> {
        Ok(self.read(|c| async move { c.workerId(signer).call().await }).await?.saturating_to())
    }

    /// What Ethereum records of a secret contract as of block `number`.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn secret_contract_at(&self, contract: Address, number: u64) -> Result<Enigma::SecretContract> {
        self.read(|c| async move { c.secretContract(contract).block(number.into()).call().await }).await
    }

    /// A secret contract's record; its deployer is zero if there is none.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn secret_contract(&self, contract: Address) -> Result<Enigma::SecretContract> {
        self.read(|c| async move { c.secretContract(contract).call().await }).await
    }

    /// What the contract owes an account, wei.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn credits(&self, account: Address) -> Result<U256> {
        self.read(|c| async move { c.credits(account).call().await }).await
    }

    /// The address that a deployer's secret contract with this salt gets.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn portal_address(&self, deployer: Address, salt: B256) -> Result<Address> {
        self.read(|c| async move { c.portalAddress(deployer, salt).call().await }).await
    }

    /// The events of the blocks `from` to `to`, and the block `to` that they belong to: it was the same before and after
    /// they were read, on one endpoint.
    ///
    /// # Errors
    /// No endpoint has block `to`, or shows a history that is consistent; [`Error::Reorganised`].
    pub async fn events(&self, from: u64, to: u64) -> Result<Span> {
        let question = &self.all_events();
        let (last, events) = self
            .endpoints
            .ask_long(|view| async move { view.span(question, from.min(to), to).await })
            .await?;
        Ok(Span { last, events })
    }
}

fn nodes(proof: Vec<alloy_primitives::Bytes>) -> Result<Vec<Blob<NODE>>> {
    if proof.iter().any(|node| node.len() > NODE) {
        return Err(Error::Inconsistent("a proof with a node that is too large"));
    }
    Ok(proof.into_iter().map(|n| n.to_vec().into()).collect())
}
