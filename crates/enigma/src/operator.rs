//! A worker's operator: its directory, its account, and what the contract knows of its worker.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, U256};
use anyhow::{Context, Result, bail};
use enigma_chain::{Chain, Sender, WorkerRecord, accounts};
use enigma_node::{NodeConfig, Role, genesis};

/// Where a worker keeps its data unless it is told otherwise.
pub const DIRECTORY: &str = ".enigma-worker";
/// Chain id of local chains, on which everybody has the deployer's key.
pub const LOCAL_CHAIN: u64 = 31_337;
/// The mark of a whole token, wei.
pub const WHOLE: u64 = 1_000_000_000_000_000_000;

/// The operator of one worker, and the chain.
pub struct Operator {
    /// Sends in the operator's name.
    pub sender: Sender,
    /// The worker's enclave's signing key.
    pub signer: Address,
}

impl Operator {
    /// Reads a worker's directory and wakes its enclave to learn its name.
    pub async fn load(data_dir: &Path) -> Result<Self> {
        let data_dir = absolute(data_dir)?;
        let config = NodeConfig::load(&data_dir).with_context(|| {
            format!("{} holds no worker; name its directory with --data-dir", data_dir.display())
        })?;
        if config.role != Role::Worker {
            bail!("{} is the directory of a key node: only workers stake", data_dir.display());
        }
        let signer = match known_signer(&config) {
            Some(signer) => signer,
            None => bail!("{}: node.json does not name its own enclave", data_dir.display()),
        };
        let chain = Chain::connect_all(&config.rpc, config.enigma, Default::default())?;
        let key = genesis::operator_key(&data_dir)?.context("operator.key is missing")?;
        Ok(Self { sender: Sender::new(chain, accounts::from_hex(&key)?), signer })
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        self.sender.chain()
    }

    /// What the contract knows of the worker; `None` before it is admitted.
    pub async fn record(&self) -> Result<Option<WorkerRecord>> {
        match self.chain().worker_id(self.signer).await {
            Ok(id) => Ok(Some(self.chain().worker(id).await?)),
            Err(error) if error.is_refusal("UnknownWorker") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, where it must be admitted and this operator's.
    pub async fn require_record(&self) -> Result<WorkerRecord> {
        let record = self.record().await?.with_context(|| {
            format!("the network does not know the worker {}: was it admitted?", self.signer)
        })?;
        if record.operator != self.sender.address() {
            bail!(
                "worker {} belongs to the operator {}, and operator.key is the key of {}",
                record.id,
                record.operator,
                self.sender.address()
            );
        }
        Ok(record)
    }

    /// Whether the worker is in the lottery of an epoch; `None` if that epoch has none yet.
    pub async fn is_drawn_from(&self, id: u64, epoch: u64) -> Result<Option<bool>> {
        let chain = self.chain();
        if !chain.is_seeded(epoch).await? {
            return Ok(None);
        }
        match chain.sequence(chain.enigma(), epoch, u64::MAX >> 1).await {
            Ok(ids) => Ok(Some(ids.contains(&id))),
            Err(error) if error.is_refusal("NoLottery") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The enclave that a worker's own entry among its peers names.
fn known_signer(config: &NodeConfig) -> Option<Address> {
    config.peers.iter().find(|peer| peer.name == config.name).and_then(|peer| peer.signer)
}

/// The directory's absolute path.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{}", path.display()))
}

/// Whole tokens as wei.
pub fn whole(tokens: u64) -> U256 {
    U256::from(tokens) * U256::from(WHOLE)
}
