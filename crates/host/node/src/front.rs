//! What a node shows to the outside, whatever its role: peers, index, API.

use std::time::Duration;

use enigma_chain::Chain;
use enigma_protocol::{door::Identity, network::Descriptor};
use enigma_rpc::{Feed, Metrics, Server};
use tokio::sync::mpsc;

use crate::{
    NodeConfig, Result,
    api::NodeApi,
    index::{Following, Index},
    peers::Peers,
    query::{Desk, Router},
    reception::{self, Asked, Receiving},
    tip::{Asking, Tip},
};

/// A node's front, while it runs.
pub(crate) struct Front {
    pub(crate) tip: Tip,
    pub(crate) peers: Peers,
    server: Option<Server>,
    _asking: Asking,
    _following: Option<Following>,
    _receiving: Receiving,
}

/// What a front is opened with.
pub(crate) struct Behind<'a> {
    pub(crate) config: &'a NodeConfig,
    pub(crate) chain: &'a Chain,
    pub(crate) descriptor: &'a Descriptor,
    pub(crate) identity: &'a Identity,
    pub(crate) is_enclave_alive: Box<dyn Fn() -> bool + Send + Sync>,
    /// Takes queries to the enclave, if it answers any.
    pub(crate) desk: Option<Desk>,
    pub(crate) metrics: Metrics,
    /// How often the chain is looked at.
    pub(crate) every: Duration,
}

impl Front {
    /// Opens it. Returns the peers' requests that the actor has to answer.
    ///
    /// # Errors
    /// The chain does not answer, or an address cannot be listened on.
    pub(crate) async fn open(behind: Behind<'_>) -> Result<(Self, mpsc::Receiver<Asked>)> {
        let Behind { config, chain, descriptor, identity, is_enclave_alive, desk, metrics, every } = behind;
        let (tip, asking) = Tip::follow(chain.clone(), every).await?;
        let (peers, incoming) = Peers::start(config, descriptor.network()).await?;
        peers.show(config.role, identity.address).await;
        let (asked, receiving) = reception::open(config, peers.clone(), desk.clone(), incoming);
        let (server, following) = match &config.api {
            None => (None, None),
            Some(address) => {
                let feed = Feed::default();
                let (index, following) =
                    Index::start(chain.clone(), descriptor, tip.clone(), feed.clone(), metrics.clone())
                        .await?;
                let own = desk.map(|desk| (identity.address, desk));
                let router = Router { index, peers: peers.clone(), own };
                let api =
                    NodeApi::new(config, identity, is_enclave_alive, tip.clone(), router, metrics.clone())
                        .await?;
                let server = enigma_rpc::serve(address, api, config.limits, feed, metrics).await?;
                tracing::info!(address = %server.address(), "the API answers");
                (Some(server), Some(following))
            }
        };
        let front =
            Self { tip, peers, server, _asking: asking, _following: following, _receiving: receiving };
        Ok((front, asked))
    }

    /// Closes it: no request comes in any more.
    pub(crate) async fn close(self) {
        if let Some(server) = self.server {
            server.shutdown().await;
        }
        self.peers.shutdown().await;
    }
}
