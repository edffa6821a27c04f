//! Addresses that others told: which make sense here, and a bounded book of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use crate::PeerId;

/// Addresses kept of one peer.
pub(crate) const ADDRESSES: usize = 4;

/// Peers whose addresses are kept.
const PEERS: usize = 512;

/// Which addresses this node can make sense of: any global one, and those of a
/// kind that it is reached by itself. A loopback address told to a node on
/// another machine names that node's machine, not the teller's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    loopback: bool,
    private: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Loopback,
    Private,
    Global,
}

impl Reach {
    /// Of a node that is reached by these addresses.
    pub(crate) fn of<'a>(own: impl IntoIterator<Item = &'a Multiaddr>) -> Self {
        let mut reach = Self::default();
        for address in own {
            match kind(address) {
                Some(Kind::Loopback) => reach.loopback = true,
                Some(Kind::Private) => reach.private = true,
                Some(Kind::Global) | None => {}
            }
        }
        reach
    }

    /// Whether to dial this address if somebody says it is a peer's.
    pub(crate) fn accepts(self, address: &Multiaddr) -> bool {
        match kind(address) {
            Some(Kind::Loopback) => self.loopback,
            Some(Kind::Private) => self.private,
            Some(Kind::Global) => true,
            None => false,
        }
    }
}

/// The kind of an address; none if nobody could be there.
fn kind(address: &Multiaddr) -> Option<Kind> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    if !matches!(parts.next(), Some(Protocol::Tcp(port)) if port != 0) {
        return None;
    }
    if !matches!((parts.next(), parts.next()), (None | Some(Protocol::P2p(_)), None)) {
        return None;
    }
    match ip {
        IpAddr::V4(ip) => kind_v4(ip),
        IpAddr::V6(ip) => kind_v6(ip),
    }
}

fn kind_v4(ip: Ipv4Addr) -> Option<Kind> {
    let [a, b, ..] = ip.octets();
    if ip.is_loopback() {
        Some(Kind::Loopback)
    } else if ip.is_private() || (a == 100 && (64..128).contains(&b)) {
        Some(Kind::Private)
    } else if a == 0 || a >= 224 || ip.is_link_local() {
        None
    } else {
        Some(Kind::Global)
    }
}

fn kind_v6(ip: Ipv6Addr) -> Option<Kind> {
    if ip.is_loopback() {
        Some(Kind::Loopback)
    } else if ip.is_unique_local() {
        Some(Kind::Private)
    } else {
        // Only this eighth of the addresses is given out.
        (ip.segments()[0] >> 13 == 1).then_some(Kind::Global)
    }
}

/// What others said of where peers are. The least recently used page gives way.
pub(crate) struct Book {
    reach: Reach,
    pages: HashMap<PeerId, Page>,
    clock: u64,
}

struct Page {
    addresses: Vec<Multiaddr>,
    used: u64,
}

impl Book {
    pub(crate) fn new(reach: Reach) -> Self {
        Self { reach, pages: HashMap::new(), clock: 0 }
    }

    pub(crate) fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Replaces what is known of a peer by those of these addresses that make
    /// sense, without peer ids; if none does, the old ones stay.
    pub(crate) fn write(
        &mut self,
        peer: PeerId,
        told: impl IntoIterator<Item = Multiaddr>,
    ) -> Vec<Multiaddr> {
        let mut addresses: Vec<Multiaddr> = Vec::new();
        for mut address in told.into_iter().filter(|address| self.reach.accepts(address)) {
            if let Some(Protocol::P2p(of)) = address.iter().last() {
                if of != peer.0 {
                    continue;
                }
                address.pop();
            }
            if !addresses.contains(&address) && addresses.len() < ADDRESSES {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return addresses;
        }
        if self.pages.len() >= PEERS && !self.pages.contains_key(&peer) {
            let oldest = self.pages.iter().min_by_key(|(_, page)| page.used).map(|(peer, _)| *peer);
            oldest.map(|oldest| self.pages.remove(&oldest));
        }
        self.clock += 1;
        self.pages.insert(peer, Page { addresses: addresses.clone(), used: self.clock });
        addresses
    }

    /// Where a peer was said to be.
    pub(crate) fn read(&mut self, peer: PeerId) -> Vec<Multiaddr> {
        self.clock += 1;
        let page = self.pages.get_mut(&peer);
        page.map_or_else(Vec::new, |page| {
            page.used = self.clock;
            page.addresses.clone()
        })
    }

    /// Forgets a peer that was not where it was said to be.
    pub(crate) fn tear_out(&mut self, peer: PeerId) {
        self.pages.remove(&peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer_id_from_seed;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn on(ip: &str) -> Multiaddr {
        address(&format!("/{}/{ip}/tcp/9000", if ip.contains(':') { "ip6" } else { "ip4" }))
    }

    #[test]
    fn only_addresses_that_make_sense_are_accepted() {
        let global = Reach::of(&[on("8.8.8.8")]);
        let local = Reach::of(&[on("127.0.0.1")]);
        let private = Reach::of(&[on("10.1.2.3"), on("fd00::1")]);
        for (ip, by_global, by_local, by_private) in [
            ("9.9.9.9", true, true, true),
            ("2606:4700::1", true, true, true),
            ("127.0.0.1", false, true, false),
            ("::1", false, true, false),
            ("192.168.1.1", false, false, true),
            ("100.64.0.1", false, false, true),
            ("fd12::1", false, false, true),
            ("0.0.0.0", false, false, false),
            ("169.254.169.254", false, false, false),
            ("224.0.0.1", false, false, false),
            ("255.255.255.255", false, false, false),
            ("::", false, false, false),
            ("fe80::1", false, false, false),
            ("ff02::1", false, false, false),
            ("::ffff:127.0.0.1", false, false, false),
        ] {
            let found = [global, local, private].map(|reach| reach.accepts(&on(ip)));
            assert_eq!(found, [by_global, by_local, by_private], "{ip}");
        }
    }

    #[test]
    fn addresses_of_other_forms_are_refused() {
        let reach = Reach::of(&[on("127.0.0.1")]);
        for text in [
            "/ip4/127.0.0.1",
            "/ip4/127.0.0.1/tcp/0",
            "/ip4/127.0.0.1/udp/9000",
            "/dns4/example.org/tcp/9000",
            "/ip4/127.0.0.1/tcp/9000/ws",
        ] {
            assert!(!reach.accepts(&address(text)), "{text}");
        }
    }

    #[test]
    fn the_book_is_bounded_in_peers_and_in_addresses_of_each() {
        let mut book = Book::new(Reach::default());
        let many = || (1..100).map(|i| on(&format!("8.8.8.{i}")));
        let peers: Vec<_> = (0..2 * PEERS).map(|_| PeerId(libp2p::PeerId::random())).collect();
        for peer in &peers {
            assert_eq!(book.write(*peer, many()).len(), ADDRESSES);
            assert_eq!(book.read(peers[0]).len(), ADDRESSES, "a page in use stays");
        }
        assert_eq!(book.pages.len(), PEERS);
    }

    #[test]
    fn nonsense_does_not_overwrite_what_is_known() {
        let (mut book, peer) = (Book::new(Reach::default()), peer_id_from_seed([1; 32]));
        let other = peer_id_from_seed([2; 32]);
        book.write(peer, [address(&format!("/ip4/8.8.8.8/tcp/1/p2p/{peer}"))]);
        book.write(peer, [on("127.0.0.1"), address(&format!("/ip4/9.9.9.9/tcp/1/p2p/{other}"))]);
        assert_eq!(book.read(peer), [address("/ip4/8.8.8.8/tcp/1")]);
        book.tear_out(peer);
        assert!(book.read(peer).is_empty());
    }
}
