//! Reads: blocks, headers, proofs, contract state, events.

use std::collections::BTreeMap;

use alloy::{
    eips::BlockNumberOrTag,
    network::Ethereum,
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_protocol::{
    door::{UntrustedFacts, UntrustedSlot},
    input::Input,
    network::Descriptor,
    wire::Blob,
};

use crate::{
    Error, Result,
    bindings::{Enigma, epoch},
    events::{CommitEvent, CreatedEvent, Event, InputEvent, TaskOutcome, kind, status},
};

/// A connection to one Enigma contract on one chain. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chain {
    provider: DynProvider<Ethereum>,
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
    /// The URL is none.
    pub fn connect(url: &str, enigma: Address) -> Result<Self> {
        let url = url.parse().map_err(|_| Error::Rpc(format!("{url} is no URL")))?;
        Ok(Self { provider: ProviderBuilder::new().connect_http(url).erased(), enigma })
    }

    /// The Enigma contract's address.
    pub const fn enigma(&self) -> Address {
        self.enigma
    }

    /// The same connection, to another Enigma contract.
    #[must_use]
    pub fn with_enigma(&self, enigma: Address) -> Self {
        Self { provider: self.provider.clone(), enigma }
    }

    /// The provider, for this crate's other rooms.
    pub(crate) const fn provider(&self) -> &DynProvider<Ethereum> {
        &self.provider
    }

    pub(crate) fn contract(&self) -> Enigma::EnigmaInstance<DynProvider<Ethereum>> {
        Enigma::new(self.enigma, self.provider.clone())
    }

    /// The chain's id.
    ///
    /// # Errors
    /// The endpoint failed, here and below.
    pub async fn chain_id(&self) -> Result<u64> {
        Ok(self.provider.get_chain_id().await?)
    }

    /// Number of the newest block.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn height(&self) -> Result<u64> {
        Ok(self.provider.get_block_number().await?)
    }

    /// A block by number, its hash recomputed from its header.
    ///
    /// # Errors
    /// No such block; a header that does not hash to the block's hash.
    pub async fn block(&self, number: u64) -> Result<ChainBlock> {
        let block = self
            .provider
            .get_block_by_number(BlockNumberOrTag::Number(number))
            .await?
            .ok_or(Error::Inconsistent("no block where one was announced"))?;
        let header = &block.header.inner;
        let rlp = alloy_rlp::encode(header);
        if keccak256(&rlp) != block.header.hash || header.number != number {
            return Err(Error::Inconsistent("a header that does not hash to its block's hash"));
        }
        Ok(ChainBlock {
            number,
            hash: block.header.hash,
            parent: header.parent_hash,
            timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            rlp,
        })
    }

    /// Merkle proofs of storage of the Enigma contract at a block.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn prove(&self, slots: &[B256], number: u64) -> Result<UntrustedFacts> {
        let proof = self.provider.get_proof(self.enigma, slots.to_vec()).number(number).await?;
        let rlp = alloy_rlp::encode(alloy::consensus::TrieAccount {
            nonce: proof.nonce,
            balance: proof.balance,
            storage_root: proof.storage_hash,
            code_hash: proof.code_hash,
        });
        let slots = proof
            .storage_proof
            .into_iter()
            .map(|s| UntrustedSlot { slot: s.key.as_b256(), value: s.value, proof: nodes(s.proof).into() })
            .collect::<Vec<_>>();
        Ok(UntrustedFacts {
            account: rlp.into(),
            account_proof: nodes(proof.account_proof).into(),
            slots: slots.into(),
        })
    }

    /// Epoch and identity of the network at the newest block.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn network_state(&self) -> Result<NetworkState> {
        let contract = self.contract();
        let (word, current, network) = (contract.epochWord(), contract.currentEpoch(), contract.network());
        let (word, current, network) =
            tokio::try_join!(async { word.call().await }, async { current.call().await }, async {
                network.call().await
            })?;
        Ok(NetworkState {
            epoch: current.to(),
            stored_epoch: word.epoch.to(),
            start: word.start.to(),
            next_start: word.nextStart.to(),
            network,
        })
    }

    /// The epoch of the block after `number`, as the state after `number` has it: what an enclave at that block goes by,
    /// and what a transaction will meet. The newest block's own epoch may be the one before.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn epoch_after(&self, number: u64) -> Result<u64> {
        let word = self.contract().epochWord().block(number.into()).call().await?;
        let (stored, next_start): (u64, u64) = (word.epoch.to(), word.nextStart.to());
        Ok(stored + u64::from(next_start != 0 && number >= next_start.saturating_sub(1)))
    }

    /// The descriptor as the contract tells it, with the public key that `public_key` claims.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn descriptor(&self, public_key: [u8; 96]) -> Result<Descriptor> {
        let d = self.contract().descriptor().call().await?;
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
        let ids = self.contract().sequence(contract, epoch(at_epoch), U256::from(count)).call().await?;
        Ok(ids.into_iter().map(|id| id.saturating_to()).collect())
    }

    /// The id of the worker with this signing key's address.
    ///
    /// # Errors
    /// The endpoint failed; the contract knows no such worker.
    pub async fn worker_id(&self, signer: Address) -> Result<u64> {
        Ok(self.contract().workerId(signer).call().await?.saturating_to())
    }

    /// A secret contract's record; its deployer is zero if there is none.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn secret_contract(&self, contract: Address) -> Result<Enigma::SecretContract> {
        Ok(self.contract().secretContract(contract).call().await?)
    }

    /// What the contract owes an account, wei.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn credits(&self, account: Address) -> Result<U256> {
        Ok(self.contract().credits(account).call().await?)
    }

    /// The address that a deployer's secret contract with this salt gets.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn portal_address(&self, deployer: Address, salt: B256) -> Result<Address> {
        Ok(self.contract().portalAddress(deployer, salt).call().await?)
    }

    /// Inputs and commits of the blocks `from` to `to`, each kind in the chain's order.
    ///
    /// # Errors
    /// The endpoint failed, or its logs make no sense.
    pub async fn events(&self, from: u64, to: u64) -> Result<(Vec<InputEvent>, Vec<CommitEvent>)> {
        let topics = vec![Enigma::InputCreated::SIGNATURE_HASH, Enigma::Committed::SIGNATURE_HASH];
        let filter = self.logs().event_signature(topics).from_block(from).to_block(to);
        let (mut inputs, mut commits) = (Vec::new(), Vec::new());
        for event in self.read_events(&filter).await? {
            match event {
                Event::Input(input) => inputs.push(*input),
                Event::Commit(commit) => commits.push(*commit),
                Event::Created(_) => {}
            }
        }
        Ok((inputs, commits))
    }

    /// A filter for logs of the contract.
    pub(crate) fn logs(&self) -> Filter {
        Filter::new().address(self.enigma)
    }

    /// The events that a filter finds, in the chain's order.
    pub(crate) async fn read_events(&self, filter: &Filter) -> Result<Vec<Event>> {
        self.decode_logs(&self.provider.get_logs(filter).await?).await
    }

    /// What logs say, each with what its block adds to it.
    pub(crate) async fn decode_logs(&self, logs: &[Log]) -> Result<Vec<Event>> {
        let mut blocks: BTreeMap<u64, ChainBlock> = BTreeMap::new();
        let mut events = Vec::with_capacity(logs.len());
        for log in logs {
            let number = log.block_number.ok_or(Error::Inconsistent("a log without a block"))?;
            if let std::collections::btree_map::Entry::Vacant(vacant) = blocks.entry(number) {
                vacant.insert(self.block(number).await?);
            }
            let block = blocks.get(&number).ok_or(Error::Inconsistent("a log without a block"))?;
            events.push(decode(log, block)?);
        }
        Ok(events)
    }
}

fn nodes(proof: Vec<alloy_primitives::Bytes>) -> Vec<Blob<2_048>> {
    proof.into_iter().map(|n| n.to_vec().into()).collect()
}

fn decode(log: &Log, block: &ChainBlock) -> Result<Event> {
    let transaction = log.transaction_hash.ok_or(Error::Inconsistent("a log without a transaction"))?;
    let unreadable = |_| Error::Inconsistent("a log that is none of the contract's");
    if log.topic0() == Some(&Enigma::InputCreated::SIGNATURE_HASH) {
        let e = Enigma::InputCreated::decode_log(&log.inner).map_err(unreadable)?.data;
        let kind = kind(e.kind);
        let input = Input {
            kind,
            sender: e.sender,
            on_behalf_of: e.onBehalfOf,
            value: e.value,
            gas_limit: e.gasLimit,
            commit_gas: e.commitGas,
            price_cap: e.priceCap,
            tip: e.tip,
            epoch: e.epoch.to(),
            inclusion_epoch: e.inclusionEpoch.to(),
            block_number: block.number,
            timestamp: block.timestamp,
            base_fee: block.base_fee.into(),
            inflow: e.inflow,
            code_hash: if kind == enigma_protocol::input::Kind::Deploy {
                keccak256(&e.code)
            } else {
                B256::ZERO
            },
            envelope_hash: keccak256(&e.envelope),
        };
        return Ok(Event::Input(Box::new(InputEvent {
            contract: e.secretContract,
            index: e.index,
            head: e.inputHead,
            input,
            envelope: e.envelope.to_vec(),
            code: e.code.to_vec(),
            block_hash: block.hash,
            transaction,
        })));
    }
    if log.topic0() == Some(&Enigma::SecretContractCreated::SIGNATURE_HASH) {
        let e = Enigma::SecretContractCreated::decode_log(&log.inner).map_err(unreadable)?.data;
        return Ok(Event::Created(CreatedEvent {
            contract: e.secretContract,
            deployer: e.deployer,
            signers: e.signers,
            depth: e.depth,
            block_number: block.number,
        }));
    }
    let e = Enigma::Committed::decode_log(&log.inner).map_err(unreadable)?.data;
    if e.outputs.len() != e.outcomes.len() || e.deltas.len() != e.outcomes.len() {
        return Err(Error::Inconsistent("a commit whose lists differ in length"));
    }
    let outcomes =
        e.outcomes.iter().zip(e.outputs).zip(e.deltas).map(|((word, output), delta)| TaskOutcome {
            status: status(word.as_limbs()[0] as u8),
            gas_charged: word.wrapping_shr(8).as_limbs()[0],
            pay: word.wrapping_shr(72),
            output: output.to_vec(),
            delta: delta.to_vec(),
        });
    Ok(Event::Commit(Box::new(CommitEvent {
        contract: e.secretContract,
        first_index: e.firstIndex,
        last_index: e.lastIndex,
        epoch: e.epoch.to(),
        state_head: e.stateHead,
        snapshot_hash: e.snapshotHash,
        outcomes: outcomes.collect(),
        block_number: block.number,
        timestamp: block.timestamp,
        transaction,
    })))
}
