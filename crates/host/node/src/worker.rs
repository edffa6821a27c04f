//! The worker node: follows inputs, executes what the lottery assigns to it, commits.

mod bench;
mod query;
mod recheck;
mod serve;
mod world;

use std::time::Duration;

use enigma_chain::{Chain, Sender, accounts};
use enigma_protocol::{
    door::{Join, UntrustedHeaders, UntrustedWorkerRequest as Request, View, WorkerReply as Reply},
    receipt::domain_separator,
};
use enigma_rpc::Metrics;
use enigma_store::{Opened, Store};
use tokio::sync::{Mutex, RwLock};

use crate::{
    Error, NodeConfig, Result,
    enclave::{Enclave, files},
    feeder::{Feeder, Follower},
    front::{Behind, Front},
    query::Desk,
    record,
};
use bench::Bench;
use world::NodeWorld;

/// How often the chain is looked at.
const TICK: Duration = Duration::from_millis(20);

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
    let chain = Chain::connect_all(&config.rpc, config.enigma, Default::default())?;
    let descriptor = chain.descriptor(config.public_key_bytes()?).await?;
    let join = Join { descriptor: descriptor.clone(), commitments: config.commitment_bytes()?.into() };
    match enclave.ask(Request::Join(join)).await? {
        Reply::Done(_) => {}
        Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
        _ => return Err(Error::Answer),
    }
    let operator = files::require(&config.data_dir, files::OPERATOR)?;
    let operator = accounts::from_hex(&String::from_utf8_lossy(&operator))?;
    let (store, opened) = Store::open_or_renew(config.data_dir.join("worker.redb"))?;
    if let Opened::Renewed { why } = opened {
        tracing::warn!(why, "the database was put aside; everything in it is brought again");
    }
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
    let bench = Bench {
        chain: chain.clone(),
        enclave: enclave.clone(),
        peers: front.peers.clone(),
        feeder: RwLock::new(Feeder::new(&descriptor)),
        threshold: config.commitments.len(),
        network: descriptor.network(),
        replaying: Mutex::default(),
    };
    let sender = Sender::new(chain.clone(), operator);
    let world = NodeWorld {
        sender: sender.clone(),
        parameters: chain.parameters().await?,
        domain: domain_separator(descriptor.chain_id, descriptor.enigma),
        chain,
        tip: front.tip.clone(),
        bench,
        peers: front.peers.clone(),
        sequences: Default::default(),
        signers: Default::default(),
    };
    let worker = enigma_worker::Worker::open(id, world, store, &descriptor)?;
    worker.limit_disk(config.disk_mib.saturating_mul(1 << 20));
    tokio::select! {
        () = worker.run() => {}
        () = serve::peers(&worker, asked) => {}
        () = query::serve(&worker, questions, &metrics) => {}
        () = recheck::keep(id, &sender, front.tip.clone()) => {}
        () = stop => {}
    }
    front.close().await;
    enclave.shutdown().await;
    tracing::info!("worker has stopped");
    Ok(())
}
