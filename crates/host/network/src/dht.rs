//! Kademlia, with every address that others tell it held to what makes sense here.

use std::num::NonZeroUsize;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::kad::{self, Mode, QueryId, RecordKey, StoreInserts};
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId, StreamProtocol};

use crate::book::{ADDRESSES, Reach};
use crate::records::{Key, Records};

/// Names the protocol; its bytes are those of libp2p's Kademlia specification.
pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/enigma/kad/1");

/// How long others keep what we provide, and how often we say it again.
const EXPIRE: Duration = Duration::from_secs(20 * 60);
const REPUBLISH: Duration = Duration::from_secs(5 * 60);

/// How long a search may take.
const SEARCH: Duration = Duration::from_secs(8);

/// How many nodes keep a record, and how many are asked at once.
const REPLICAS: NonZeroUsize = NonZeroUsize::new(20).expect("20 is not 0");
const PARALLEL: NonZeroUsize = NonZeroUsize::new(4).expect("4 is not 0");

type Kad = kad::Behaviour<Records>;

/// The distributed hash table.
pub(crate) struct Dht {
    kad: Kad,
    reach: Reach,
}

impl Dht {
    pub(crate) fn new(own: PeerId) -> Self {
        let mut config = kad::Config::new(PROTOCOL);
        config
            .set_query_timeout(SEARCH)
            .set_replication_factor(REPLICAS)
            .set_parallelism(PARALLEL)
            .set_record_ttl(None)
            .set_replication_interval(None)
            .set_publication_interval(None)
            .set_record_filtering(StoreInserts::Unfiltered)
            .set_provider_record_ttl(Some(EXPIRE))
            .set_provider_publication_interval(Some(REPUBLISH))
            .set_caching(kad::Caching::Disabled)
            // Only peers that said who they are by identify, with addresses that make sense.
            .set_kbucket_inserts(kad::BucketInserts::Manual);
        let reach = Reach::default();
        let mut kad = Kad::with_config(own, Records::new(own, reach), config);
        kad.set_mode(Some(Mode::Server));
        Self { kad, reach }
    }

    pub(crate) fn admit(&mut self, peer: PeerId) {
        self.kad.store_mut().admit(peer);
    }

    pub(crate) fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
        self.kad.store_mut().set_reach(reach);
    }

    /// Puts a peer into the routing table with these addresses and no others.
    pub(crate) fn place(&mut self, peer: PeerId, addresses: &[Multiaddr]) {
        let wanted: Vec<_> =
            addresses.iter().filter_map(|address| address.clone().with_p2p(peer).ok()).collect();
        let old: Vec<Multiaddr> = self.kad.kbucket(peer).map_or_else(Vec::new, |bucket| {
            let entry = bucket.iter().find(|entry| *entry.node.key.preimage() == peer);
            entry.map_or_else(Vec::new, |entry| entry.node.value.iter().cloned().collect())
        });
        for address in &wanted {
            self.kad.add_address(&peer, address.clone());
        }
        for address in old.iter().filter(|address| !wanted.contains(address)) {
            self.kad.remove_address(&peer, address);
        }
    }

    /// What the running searches and the routing table know of where a peer is.
    pub(crate) fn addresses_of(&mut self, peer: PeerId) -> Vec<Multiaddr> {
        let none = ConnectionId::new_unchecked(0);
        let found = self.handle_pending_outbound_connection(none, Some(peer), &[], Endpoint::Dialer);
        found.unwrap_or_default()
    }

    /// Announces that this node provides a key; none if it provides too many.
    pub(crate) fn provide(&mut self, key: &Key) -> Option<QueryId> {
        self.kad.start_providing(RecordKey::new(key)).ok()
    }

    pub(crate) fn stop_providing(&mut self, key: &Key) {
        self.kad.stop_providing(&RecordKey::new(key));
    }

    pub(crate) fn providers(&mut self, key: &Key) -> QueryId {
        self.kad.get_providers(RecordKey::new(key))
    }

    /// Searches for a peer.
    pub(crate) fn search(&mut self, peer: PeerId) -> QueryId {
        self.kad.get_closest_peers(peer)
    }

    /// Ends a search that nobody waits for.
    pub(crate) fn finish(&mut self, id: QueryId) {
        if let Some(mut query) = self.kad.query_mut(&id) {
            query.finish();
        }
    }
}

impl NetworkBehaviour for Dht {
    type ConnectionHandler = <Kad as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = kad::Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad.handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        let mut found = self.kad.handle_pending_outbound_connection(id, peer, addresses, role)?;
        found.retain(|address| self.reach.accepts(address));
        found.truncate(ADDRESSES);
        Ok(found)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad.handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        self.kad.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.kad.on_connection_handler_event(peer, id, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<kad::Event, THandlerInEvent<Self>>> {
        self.kad.poll(cx).map(|effect| match effect {
            // From the listening port, two nodes that dial each other at once
            // would open one connection with two dialling ends.
            ToSwarm::Dial { opts } => match opts.get_peer_id() {
                Some(peer) => {
                    let again =
                        DialOpts::peer_id(peer).addresses(Vec::new()).extend_addresses_through_behaviour();
                    ToSwarm::Dial { opts: again.allocate_new_port().build() }
                }
                None => ToSwarm::Dial { opts },
            },
            other => other,
        })
    }
}
