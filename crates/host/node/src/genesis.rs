//! Wakes new enclaves and runs the ceremony that deals the first key. Called once, by whoever creates a network.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use enigma_protocol::{
    door::{
        Identity, KeyEnclaveReply, Start, UntrustedAccept, UntrustedDeal, UntrustedKeyRequest,
        UntrustedWorkerRequest, WorkerReply,
    },
    genesis::{Dealing, GenesisSetup, Member},
    network::Descriptor,
};

use crate::{
    Error, Result,
    enclave::{Enclave, files},
};

/// A node's directory at birth.
#[derive(Clone, Debug)]
pub struct Newborn {
    /// Its enclave's program.
    pub enclave: PathBuf,
    /// Its data directory.
    pub data_dir: PathBuf,
    /// Secret of the simulated machine.
    pub machine_secret: [u8; 32],
    /// Seed of its libp2p identity.
    pub peer_seed: [u8; 32],
    /// The operator's Ethereum key, hex.
    pub operator_key: String,
}

impl Newborn {
    fn settle(&self) -> Result<Start> {
        files::write(&self.data_dir, files::MACHINE, &self.machine_secret)?;
        files::write(&self.data_dir, files::PEER, &self.peer_seed)?;
        files::write(&self.data_dir, files::OPERATOR, self.operator_key.as_bytes())?;
        files::start(&self.data_dir)
    }
}

/// What the deployer needs to know of an enclave.
#[derive(Clone, Copy, Debug)]
pub struct Public {
    /// Address of its signing key.
    pub address: Address,
    /// X25519 key.
    pub box_key: [u8; 32],
    /// What it is.
    pub measurement: B256,
    /// The machine that it runs on.
    pub platform: B256,
}

/// Completes the directory of a worker that joins a network which runs already: what is there stays, the rest is made.
/// Wakes its enclave and returns what the chain has to know of it.
///
/// # Errors
/// As [`new_worker`]; the files that are there are of another machine.
pub async fn wake_worker(newborn: &Newborn) -> Result<Public> {
    let dir = &newborn.data_dir;
    let parts: [(&str, &[u8]); 3] = [
        (files::MACHINE, &newborn.machine_secret),
        (files::PEER, &newborn.peer_seed),
        (files::OPERATOR, newborn.operator_key.as_bytes()),
    ];
    for (name, bytes) in parts {
        if files::read(dir, name)?.is_none() {
            files::write(dir, name, bytes)?;
        }
    }
    let start = files::start(dir)?;
    let is_new = start.sealed.is_none();
    let identity = wake(&newborn.enclave, start).await?;
    if is_new { keep(dir, &identity) } else { Ok(Public::of(&identity)) }
}

/// The operator's key that a node's directory keeps, hex; `None` if there is none.
///
/// # Errors
/// The file cannot be read.
pub fn operator_key(data_dir: &Path) -> Result<Option<String>> {
    Ok(files::read(data_dir, files::OPERATOR)?.map(|key| String::from_utf8_lossy(&key).trim().to_owned()))
}

/// The libp2p peer id of a node's directory.
///
/// # Errors
/// It holds no seed.
pub fn peer_id_of(data_dir: &Path) -> Result<String> {
    Ok(peer_id(files::require_32(data_dir, files::PEER)?))
}

impl Public {
    const fn of(identity: &Identity) -> Self {
        Self {
            address: identity.address,
            box_key: identity.box_key,
            measurement: identity.measurement,
            platform: identity.platform,
        }
    }
}

fn keep(data_dir: &Path, identity: &Identity) -> Result<Public> {
    files::write(data_dir, files::IDENTITY, &identity.sealed.0)?;
    Ok(Public::of(identity))
}

async fn wake(program: &Path, start: Start) -> Result<Identity> {
    let enclave = Enclave::<UntrustedWorkerRequest, WorkerReply>::start("genesis", program, None)?;
    let reply = enclave.ask(UntrustedWorkerRequest::Start(start)).await?;
    enclave.shutdown().await;
    match reply {
        WorkerReply::Started(identity) => Ok(identity),
        WorkerReply::Refused(refusal) => Err(Error::Refused(refusal)),
        _ => Err(Error::Answer),
    }
}

/// Makes the identity of a new worker.
///
/// # Errors
/// The enclave does not start or refuses; the directory cannot be written.
pub async fn new_worker(newborn: &Newborn) -> Result<Public> {
    keep(&newborn.data_dir, &wake(&newborn.enclave, newborn.settle()?).await?)
}

/// A key enclave that waits for the ceremony.
pub struct Candidate {
    enclave: Enclave<UntrustedKeyRequest, KeyEnclaveReply>,
    data_dir: PathBuf,
    /// What the deployer needs to know of it.
    pub public: Public,
}

/// The ceremony's result.
#[derive(Clone, Debug)]
pub struct Committee {
    /// The network's descriptor, public key included.
    pub descriptor: Descriptor,
    /// Commitments of the public polynomial.
    pub commitments: Vec<[u8; 96]>,
    /// Addresses of the members' signing keys, in the order of their seats.
    pub members: Vec<Address>,
    /// Their signatures for the result.
    pub signatures: Vec<[u8; 65]>,
}

/// Makes the identity of a new key enclave and keeps it awake for the ceremony.
///
/// # Errors
/// As [`new_worker`].
pub async fn new_key_node(newborn: &Newborn) -> Result<Candidate> {
    let enclave = Enclave::start("genesis", &newborn.enclave, None)?;
    match enclave.ask(UntrustedKeyRequest::Start(newborn.settle()?)).await? {
        KeyEnclaveReply::Started(identity) => {
            let public = keep(&newborn.data_dir, &identity)?;
            Ok(Candidate { enclave, data_dir: newborn.data_dir.clone(), public })
        }
        KeyEnclaveReply::Refused(refusal) => Err(Error::Refused(refusal)),
        _ => Err(Error::Answer),
    }
}

/// Deals the network key: the first candidate deals, all accept. The enclaves end afterwards; their shares are
/// sealed in their directories.
///
/// # Errors
/// An enclave refuses.
pub async fn deal(candidates: Vec<Candidate>, descriptor: Descriptor, threshold: u8) -> Result<Committee> {
    let members: Vec<Member> =
        candidates.iter().map(|c| Member { address: c.public.address, box_key: c.public.box_key }).collect();
    let setup = GenesisSetup { descriptor, members: members.into(), threshold };
    let dealer = candidates.first().ok_or(Error::Genesis("expected at least two key nodes"))?;
    let deal = UntrustedDeal { setup: setup.clone() };
    let dealing = match dealer.enclave.ask(UntrustedKeyRequest::Deal(deal)).await? {
        KeyEnclaveReply::Dealt(dealing) => dealing,
        KeyEnclaveReply::Refused(refusal) => return Err(Error::Refused(refusal)),
        _ => return Err(Error::Answer),
    };
    let mut signatures = Vec::with_capacity(candidates.len());
    for candidate in &candidates {
        signatures.push(accept(candidate, &setup, &dealing).await?);
        candidate.enclave.shutdown().await;
    }
    let commitments = dealing.commitments.0;
    let mut descriptor = setup.descriptor;
    descriptor.public_key = *commitments.first().ok_or(Error::Genesis("the dealing has no key"))?;
    let members = candidates.iter().map(|c| c.public.address).collect();
    Ok(Committee { descriptor, commitments, members, signatures })
}

async fn accept(candidate: &Candidate, setup: &GenesisSetup, dealing: &Dealing) -> Result<[u8; 65]> {
    let message = UntrustedAccept { setup: setup.clone(), dealing: dealing.clone() };
    match candidate.enclave.ask(UntrustedKeyRequest::Accept(message)).await? {
        KeyEnclaveReply::Accepted(accepted) => {
            files::write(&candidate.data_dir, files::SEAT, &accepted.sealed.0)?;
            Ok(accepted.signature)
        }
        KeyEnclaveReply::Refused(refusal) => Err(Error::Refused(refusal)),
        _ => Err(Error::Answer),
    }
}

/// The libp2p peer id that a seed gives.
pub fn peer_id(seed: [u8; 32]) -> String {
    enigma_network::peer_id_from_seed(seed).to_string()
}
