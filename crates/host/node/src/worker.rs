//! The worker node: follows inputs, executes what the lottery assigns to it, commits.

mod actor;
mod execute;
mod keys;
mod ledger;
mod query;
mod rounds;
mod snapshots;
mod track;

use enigma_chain::{Chain, Sender, accounts};
use enigma_protocol::door::{
    Join, UntrustedHeaders, UntrustedWorkerRequest as Request, View, WorkerReply as Reply,
};
use enigma_rpc::Metrics;
use enigma_store::Store;

use crate::{
    Error, NodeConfig, Result,
    enclave::{Enclave, files},
    feeder::{Feeder, Follower},
    front::{Behind, Front},
    query::Desk,
    record,
};
use actor::{TICK, WorkerNode};
use ledger::Ledger;

type WorkerEnclave = Enclave<Request, Reply>;

impl Follower for WorkerEnclave {
    async fn headers(&self, headers: UntrustedHeaders) -> Result<View> {
        match self.ask(Request::Headers(headers)).await? {
            Reply::View(view) => Ok(view),
            Reply::Refused(refusal) => Err(Error::Refused(refusal)),
            _ => Err(Error::Answer),
        }
    }
}

/// Runs a worker until `stop` resolves.
pub(crate) async fn run(config: NodeConfig, stop: impl Future<Output = ()>) -> Result<()> {
    let enclave = WorkerEnclave::start(&config.name, &config.enclave, record::frames(&config)?)?;
    let metrics = Metrics::default();
    let enclave = enclave.counted(&metrics);
    let identity = match enclave.ask(Request::Start(files::start(&config.data_dir)?)).await? {
        Reply::Started(identity) => identity,
        Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
        _ => return Err(Error::Answer),
    };
    let chain = Chain::connect(&config.rpc, config.enigma)?;
    let descriptor = chain.descriptor(config.public_key_bytes()?).await?;
    let join = Join { descriptor: descriptor.clone(), commitments: config.commitment_bytes()?.into() };
    match enclave.ask(Request::Join(join)).await? {
        Reply::Done(_) => {}
        Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
        _ => return Err(Error::Answer),
    }
    let operator = files::require(&config.data_dir, files::OPERATOR)?;
    let operator = accounts::from_hex(&String::from_utf8_lossy(&operator))?;
    let store = Store::open(config.data_dir.join("worker.redb"))?;
    let (desk, questions) = Desk::new();
    let alive = enclave.clone();
    let (front, asked) = Front::open(Behind {
        config: &config,
        chain: &chain,
        descriptor: &descriptor,
        identity: &identity,
        is_enclave_alive: Box::new(move || alive.is_alive()),
        desk: Some(desk),
        metrics: metrics.clone(),
        every: TICK,
    })
    .await?;
    let id = chain.worker_id(identity.address).await?;
    tracing::info!(id, address = %identity.address, enclave = enclave.pid(), "worker is up");
    let mut node = WorkerNode {
        id,
        threshold: config.commitments.len(),
        feeder: Feeder::new(&descriptor),
        sender: Sender::new(chain.clone(), operator),
        ledger: Ledger::load(store, &descriptor)?,
        chain,
        enclave,
        tip: front.tip.clone(),
        stale: true,
        peers: front.peers.clone(),
        metrics,
        fetching: Default::default(),
        resting: Default::default(),
    };
    tokio::select! {
        () = node.serve(asked, questions) => {}
        () = stop => {}
    }
    front.close().await;
    node.enclave.shutdown().await;
    tracing::info!("worker has stopped");
    Ok(())
}
