//! Where the nodes of a network listen, and by what address others reach them.

use anyhow::{Context, Result};
use enigma_node::Role;

use super::chain;

/// On one machine, ports of key nodes and of workers begin so far behind the chain's: for peers, and for their API.
const KEY_PORTS: (u16, u16) = (1, 41);
const WORKER_PORTS: (u16, u16) = (21, 61);
/// In services, every node has the same two: for peers, and for its API.
const SERVICE_PORTS: (u16, u16) = (9000, 8600);
/// The node behind the public API of a network of services.
const PUBLIC_NODE: &str = "rpc";

/// Where a network's nodes run.
#[derive(Clone, Debug)]
pub enum Layout {
    /// On this machine, on ports counted from the chain's.
    Ports(u16),
    /// Each on a machine of its own, such as a container, with a name that the others look up.
    Services(Services),
}

/// How the services of a network find each other, and how clients find them.
#[derive(Clone, Debug)]
pub struct Services {
    /// The chain's URL for the nodes.
    pub chain: String,
    /// What follows a node's name in the others' addresses, such as `.peers`.
    pub domain: String,
    /// The chain's URL for clients.
    pub public_chain: String,
    /// The URL for clients of the node whose API is public.
    pub public_api: String,
}

/// Where one node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name, and its directory's.
    pub name: String,
    /// `address:port` for peers.
    pub listen: String,
    /// `address:port` of its API.
    pub api: String,
    /// Its multiaddress without its peer id.
    pub address: String,
}

impl Layout {
    /// The chain's URL for whoever runs nodes.
    pub fn chain(&self) -> String {
        match self {
            Self::Ports(port) => chain::url(*port),
            Self::Services(services) => services.chain.clone(),
        }
    }

    /// The place of the node of that role with this index, from 0.
    ///
    /// # Errors
    /// There are no ports for so many nodes.
    pub fn place(&self, role: Role, index: u32) -> Result<Place> {
        let (kind, first) = match role {
            Role::Key => ("key", KEY_PORTS),
            Role::Worker => ("worker", WORKER_PORTS),
        };
        let name = format!("{kind}-{}", index + 1);
        match self {
            Self::Ports(port) => {
                let at = |first: u16| {
                    let port = u32::from(*port) + u32::from(first) + index;
                    u16::try_from(port).context("ports end at 65535")
                };
                let (peers, api) = (at(first.0)?, at(first.1)?);
                Ok(Place {
                    name,
                    listen: format!("127.0.0.1:{peers}"),
                    api: format!("127.0.0.1:{api}"),
                    address: format!("/ip4/127.0.0.1/tcp/{peers}"),
                })
            }
            Self::Services(services) => Ok(services.place(name)),
        }
    }

    /// The place of the node that has no stake and serves the public API; on one machine any node does.
    pub fn public_node(&self) -> Option<Place> {
        match self {
            Self::Ports(_) => None,
            Self::Services(services) => Some(services.place(PUBLIC_NODE.into())),
        }
    }
}

impl Services {
    fn place(&self, name: String) -> Place {
        let (peers, api) = SERVICE_PORTS;
        let address = format!("/dns4/{name}{}/tcp/{peers}", self.domain);
        Place { name, listen: format!("0.0.0.0:{peers}"), api: format!("0.0.0.0:{api}"), address }
    }
}

/// The ports of so many nodes on one machine.
pub fn node_ports(port: u16, key_nodes: usize, workers: usize) -> impl Iterator<Item = u16> {
    let ports =
        |first: u16, count: usize| (0..count).map_while(move |i| first.checked_add(u16::try_from(i).ok()?));
    let both = move |(peers, api): (u16, u16), count| {
        ports(port.saturating_add(peers), count).chain(ports(port.saturating_add(api), count))
    };
    both(KEY_PORTS, key_nodes).chain(both(WORKER_PORTS, workers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services() -> Layout {
        Layout::Services(Services {
            chain: "http://chain:8545".into(),
            domain: ".peers".into(),
            public_chain: "http://127.0.0.1:8545".into(),
            public_api: "http://127.0.0.1:8606".into(),
        })
    }

    #[test]
    fn services_find_each_other_by_name() {
        let place = services().place(Role::Key, 3).unwrap();
        assert_eq!((place.name.as_str(), place.address.as_str()), ("key-4", "/dns4/key-4.peers/tcp/9000"));
        assert_eq!(services().public_node().unwrap().address, "/dns4/rpc.peers/tcp/9000");
    }

    #[test]
    fn every_port_of_a_machine_is_named_before_it_is_used() {
        let layout = Layout::Ports(20_000);
        let places =
            (0..4).map(|i| layout.place(Role::Key, i)).chain((0..3).map(|i| layout.place(Role::Worker, i)));
        let mut used: Vec<u16> = places
            .flat_map(|place| {
                let place = place.unwrap();
                [place.listen, place.api].map(|at| at.rsplit(':').next().unwrap().parse().unwrap())
            })
            .collect();
        let mut named: Vec<u16> = node_ports(20_000, 4, 3).collect();
        used.sort_unstable();
        named.sort_unstable();
        assert_eq!(used, named);
    }

    #[test]
    fn ports_beyond_the_last_are_refused() {
        assert!(Layout::Ports(65_500).place(Role::Worker, 19).is_err());
    }
}
