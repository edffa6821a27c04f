//! TCP proxies: before the chain, where it shall answer late, and from each node to each other one, where nodes shall
//! lose their peers. A node is told of them by fields that stand in place of its own (`enigma node --replace`), so its
//! node.json stays as it is.
//!
//! With proxies between them nodes do not look for peers by themselves: they would find the way around.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use enigma_node::NodeConfig;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use super::Kind;
use crate::testnet::{directory::Directory, network::Network};

/// Connections of one proxy at once.
const CONNECTIONS: usize = 256;

/// The proxies of a network.
#[derive(Default)]
pub struct Wires {
    folder: Option<PathBuf>,
    /// Before the chain, by the node that asks.
    chain: BTreeMap<String, Proxy>,
    /// Between nodes: from, to.
    peers: BTreeMap<(String, String), Proxy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mode {
    is_cut: bool,
    delay: Duration,
}

const OPEN: Mode = Mode { is_cut: false, delay: Duration::ZERO };

struct Proxy {
    port: u16,
    mode: watch::Sender<Mode>,
    listening: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Wires {
    /// Lays those that the kinds need.
    pub async fn lay(directory: &Directory, network: &Network, kinds: &[Kind]) -> Result<Self> {
        let folder = directory.path("chaos");
        std::fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
        let mut wires = Self { folder: Some(folder), chain: BTreeMap::new(), peers: BTreeMap::new() };
        let (slow, apart) = (kinds.contains(&Kind::SlowRpc), kinds.contains(&Kind::Partition));
        for name in network.nodes() {
            let config = NodeConfig::load(&directory.path(name))?;
            let mut fields = Map::new();
            if slow {
                let proxy = Proxy::start(network.port_base).await?;
                fields.insert("rpc".into(), json!(format!("http://127.0.0.1:{}", proxy.port)));
                wires.chain.insert(name.clone(), proxy);
            }
            if apart {
                fields.insert("peers".into(), wires.between(name, &config).await?);
                fields.insert("discovery".into(), false.into());
            }
            std::fs::write(wires.file(name).context("the folder")?, Value::Object(fields).to_string())?;
        }
        Ok(wires)
    }

    /// The file with a node's fields, if there are wires.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{name}.json")))
    }

    /// Where a node's earlier database is kept.
    pub fn copy_of(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{name}.redb")))
    }

    /// A node's peers, each behind a proxy of its own.
    async fn between(&mut self, name: &str, config: &NodeConfig) -> Result<Value> {
        let mut peers = config.peers.clone();
        for peer in peers.iter_mut().filter(|peer| peer.name != name) {
            let (start, port, end) = split(&peer.address)
                .with_context(|| format!("{} is reached by no port of this machine", peer.name))?;
            let proxy = Proxy::start(port).await?;
            peer.address = format!("{start}{}{end}", proxy.port);
            self.peers.insert((name.to_owned(), peer.name.clone()), proxy);
        }
        Ok(serde_json::to_value(peers)?)
    }

    /// Cuts a node from all others, or joins it to them again.
    pub fn cut(&self, name: &str, is_cut: bool) {
        let touches = |(from, to): &&(String, String)| from == name || to == name;
        for proxy in self.peers.iter().filter(|(ends, _)| touches(ends)).map(|(_, proxy)| proxy) {
            proxy.mode.send_modify(|mode| mode.is_cut = is_cut);
        }
    }

    /// Lets every piece of a node's talk with the chain wait so long.
    pub fn delay(&self, name: &str, delay: Duration) {
        if let Some(proxy) = self.chain.get(name) {
            proxy.mode.send_modify(|mode| mode.delay = delay);
        }
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// `/ip4/127.0.0.1/tcp/`, the port, and the rest of a multiaddress.
fn split(address: &str) -> Option<(&str, u16, &str)> {
    let start = "/ip4/127.0.0.1/tcp/";
    let rest = address.strip_prefix(start)?;
    let (port, end) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((start, port.parse().ok()?, end))
}

impl Proxy {
    async fn start(to: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("a port for a proxy")?;
        let port = listener.local_addr()?.port();
        let (mode, modes) = watch::channel(OPEN);
        let listening = tokio::spawn(async move {
            // Ends its connections with it.
            let mut open = JoinSet::new();
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                while open.try_join_next().is_some() {}
                if open.len() < CONNECTIONS && !modes.borrow().is_cut {
                    open.spawn(relay(client, to, modes.clone()));
                }
            }
        });
        Ok(Self { port, mode, listening: listening.abort_handle() })
    }
}

async fn relay(client: TcpStream, to: u16, mut modes: watch::Receiver<Mode>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let (there, back) = (modes.clone(), modes.clone());
    tokio::select! {
        _ = async { tokio::join!(pass(from_client, to_server, there), pass(from_server, to_client, back)) } => {}
        _ = modes.wait_for(|mode| mode.is_cut) => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, modes: watch::Receiver<Mode>) {
    let mut buffer = vec![0; 1 << 14];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let delay = modes.borrow().delay;
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_cut_wire_is_dead_at_once_and_a_joined_one_carries_again() {
        let echo = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let to = echo.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = echo.accept().await.unwrap();
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        let proxy = Proxy::start(to).await.unwrap();
        let says = async |stream: &mut TcpStream| {
            stream.write_all(b"!").await.ok()?;
            stream.read_u8().await.ok()
        };
        let mut first = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
        assert_eq!(timeout(SOON, says(&mut first)).await.unwrap(), Some(b'!'));
        proxy.mode.send_modify(|mode| mode.is_cut = true);
        assert_eq!(timeout(SOON, first.read(&mut [0])).await.unwrap().unwrap_or(0), 0, "it is closed");
        let mut second = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
        assert_eq!(timeout(SOON, says(&mut second)).await.unwrap(), None);
        proxy.mode.send_modify(|mode| mode.is_cut = false);
        let mut third = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
        assert_eq!(timeout(SOON, says(&mut third)).await.unwrap(), Some(b'!'));
    }

    #[test]
    fn the_port_of_an_address_is_found() {
        let (start, port, end) = split("/ip4/127.0.0.1/tcp/8566/p2p/12D3").unwrap();
        assert_eq!((start, port, end), ("/ip4/127.0.0.1/tcp/", 8566, "/p2p/12D3"));
        assert!(split("/dns4/worker-1/tcp/9000").is_none());
    }
}
