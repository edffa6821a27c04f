//! The key node: answers workers by its enclave's word, opens epochs.

mod actor;
mod beacon;
mod heads;
mod upkeep;

use enigma_chain::{Chain, Sender, accounts};
use enigma_protocol::door::{
    KeyEnclaveReply as Reply, UntrustedHeaders, UntrustedKeyRequest as Request, UntrustedResume, View,
};
use enigma_rpc::Metrics;

use crate::{
    Error, NodeConfig, Result,
    enclave::{Enclave, files},
    feeder::{Feeder, Follower},
    front::{Behind, Front},
    record,
};
use actor::{KeyNode, TICK};

type KeyEnclave = Enclave<Request, Reply>;

impl Follower for KeyEnclave {
    async fn headers(&self, headers: UntrustedHeaders) -> Result<View> {
        match self.ask(Request::Headers(headers)).await? {
            Reply::View(view) => Ok(view),
            Reply::Refused(refusal) => Err(Error::Refused(refusal)),
            _ => Err(Error::Answer),
        }
    }
}

/// Runs a key node until `stop` resolves.
pub(crate) async fn run(config: NodeConfig, stop: impl Future<Output = ()>) -> Result<()> {
    let enclave = KeyEnclave::start(&config.name, &config.enclave, record::frames(&config)?)?;
    let metrics = Metrics::default();
    let enclave = enclave.counted(&metrics);
    let identity = match enclave.ask(Request::Start(files::start(&config.data_dir)?)).await? {
        Reply::Started(identity) => identity,
        Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
        _ => return Err(Error::Answer),
    };
    let sealed = files::require(&config.data_dir, files::SEAT)?;
    let seat = match enclave.ask(Request::Resume(UntrustedResume { sealed: sealed.into() })).await? {
        Reply::Resumed(seat) => seat,
        Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
        _ => return Err(Error::Answer),
    };
    let chain = Chain::connect_all(&config.rpc, config.enigma, Default::default())?;
    let operator = files::require(&config.data_dir, files::OPERATOR)?;
    let operator = accounts::from_hex(&String::from_utf8_lossy(&operator))?;
    let alive = enclave.clone();
    let (front, asked) = Front::open(Behind {
        config: &config,
        chain: &chain,
        descriptor: &seat.descriptor,
        identity: &identity,
        is_enclave_alive: Box::new(move || alive.is_alive()),
        desk: None,
        metrics,
        every: TICK,
    })
    .await?;
    tracing::info!(member = seat.member, enclave = enclave.pid(), "key node is up");
    let mut node = KeyNode {
        feeder: Feeder::new(&seat.descriptor),
        sender: Sender::new(chain.clone(), operator),
        chain,
        enclave,
        tip: front.tip.clone(),
        peers: front.peers.clone(),
        seat,
        prover: Default::default(),
        posting: None,
        kept: 0,
        catching_up: Default::default(),
    };
    tokio::select! {
        () = node.serve(asked) => {}
        () = stop => {}
    }
    if let Some(posting) = node.posting.take() {
        posting.abort();
    }
    front.close().await;
    node.enclave.shutdown().await;
    tracing::info!("key node has stopped");
    Ok(())
}
