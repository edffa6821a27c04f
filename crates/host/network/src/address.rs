//! Multiaddresses: which are usable, and what they resolve to.

use std::net::{IpAddr, SocketAddr};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use crate::{Error, PeerId};

/// A host and a port to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name { name: String, family: Family },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Any,
    V4,
    V6,
}

impl Address {
    /// Parses `/ip4|ip6|dns|dns4|dns6/…/tcp/…/p2p/…`.
    pub(crate) fn parse(text: &str) -> Result<(PeerId, Self), Error> {
        let invalid =
            |reason: &str| Error::InvalidAddress { address: text.to_owned(), reason: reason.to_owned() };
        let address: Multiaddr =
            text.parse().map_err(|_| invalid("expected a multiaddress like /ip4/…/tcp/…/p2p/…"))?;
        let mut parts = address.iter();
        let address = Self::first(&mut parts).map_err(invalid)?;
        let Some(Protocol::P2p(peer)) = parts.next() else {
            return Err(invalid("expected /p2p/<peer id> after the port"));
        };
        if parts.next().is_some() {
            return Err(invalid("expected nothing after the peer id"));
        }
        Ok((PeerId(peer), address))
    }

    /// Parses a multiaddress as above, with or without the peer id, or `host:port`.
    pub(crate) fn parse_own(text: &str, own: PeerId) -> Result<Self, Error> {
        let invalid =
            |reason: &str| Error::InvalidAddress { address: text.to_owned(), reason: reason.to_owned() };
        if !text.starts_with('/') {
            let (host, port) =
                text.rsplit_once(':').ok_or_else(|| invalid("expected host:port or a multiaddress"))?;
            let port = port.parse().map_err(|_| invalid("expected a port after the last colon"))?;
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            let host = match bare.parse() {
                Ok(ip) => Host::Ip(ip),
                Err(_) if bare.is_empty() => return Err(invalid("expected a host before the colon")),
                Err(_) => Host::Name { name: bare.to_owned(), family: Family::Any },
            };
            return Ok(Self { host, port });
        }
        let address: Multiaddr = text.parse().map_err(|_| invalid("expected a multiaddress"))?;
        let mut parts = address.iter();
        let found = Self::first(&mut parts).map_err(invalid)?;
        match (parts.next(), parts.next()) {
            (None, None) => Ok(found),
            (Some(Protocol::P2p(peer)), None) if peer == own.0 => Ok(found),
            _ => Err(invalid("expected nothing but this node's peer id after the port")),
        }
    }

    fn first<'a>(parts: &mut impl Iterator<Item = Protocol<'a>>) -> Result<Self, &'static str> {
        let name = |name: &str, family| Host::Name { name: name.to_owned(), family };
        let host = match parts.next() {
            Some(Protocol::Ip4(ip)) => Host::Ip(ip.into()),
            Some(Protocol::Ip6(ip)) => Host::Ip(ip.into()),
            Some(Protocol::Dns(host)) => name(&host, Family::Any),
            Some(Protocol::Dns4(host)) => name(&host, Family::V4),
            Some(Protocol::Dns6(host)) => name(&host, Family::V6),
            _ => return Err("expected /ip4, /ip6, /dns, /dns4 or /dns6 first"),
        };
        match parts.next() {
            Some(Protocol::Tcp(port)) => Ok(Self { host, port }),
            _ => Err("expected /tcp/<port> after the host"),
        }
    }

    /// Whether it must be looked up.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self.host, Host::Name { .. })
    }

    /// What to dial now; a name is looked up each time, since it may move.
    pub(crate) async fn resolve(self) -> Result<Vec<Multiaddr>, String> {
        let (name, family) = match self.host {
            Host::Ip(ip) => return Ok(vec![multiaddr(SocketAddr::new(ip, self.port))]),
            Host::Name { name, family } => (name, family),
        };
        let found = tokio::net::lookup_host((name.as_str(), self.port))
            .await
            .map_err(|error| format!("looking up {name}: {error}"))?;
        let wanted: Vec<_> = found
            .filter(|address| match family {
                Family::Any => true,
                Family::V4 => address.is_ipv4(),
                Family::V6 => address.is_ipv6(),
            })
            .map(multiaddr)
            .collect();
        if wanted.is_empty() {
            return Err(format!("{name} has no address of the wanted kind"));
        }
        Ok(wanted)
    }
}

/// The address to listen on, from `address:port`.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, Error> {
    text.parse().map_err(|_| Error::InvalidAddress {
        address: text.to_owned(),
        reason: "expected an IP address and a port like 127.0.0.1:9000".to_owned(),
    })
}

pub(crate) fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Tcp(address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer_id_from_seed;

    #[test]
    fn usable_addresses_are_parsed() {
        let id = peer_id_from_seed([1; 32]);
        for text in ["/ip4/127.0.0.1/tcp/9000", "/ip6/::1/tcp/9000", "/dns4/worker-1/tcp/9000"] {
            let (peer, address) = Address::parse(&format!("{text}/p2p/{id}")).unwrap();
            assert_eq!((peer, address.port), (id, 9000));
        }
    }

    #[test]
    fn other_addresses_are_refused_with_a_reason() {
        let id = peer_id_from_seed([1; 32]);
        for text in [
            "127.0.0.1:9000".to_owned(),
            "/ip4/127.0.0.1/tcp/9000".to_owned(),
            format!("/ip4/127.0.0.1/udp/9000/p2p/{id}"),
            format!("/p2p/{id}"),
            format!("/ip4/127.0.0.1/tcp/9000/p2p/{id}/p2p-circuit"),
        ] {
            let error = Address::parse(&text).unwrap_err();
            assert!(error.to_string().contains("expected"), "{error}");
        }
        assert!(listen("localhost:1").is_err());
    }

    #[test]
    fn own_addresses_are_multiaddresses_or_a_host_and_a_port() {
        let id = peer_id_from_seed([1; 32]);
        for text in [
            "192.0.2.1:9000".to_owned(),
            "[2001:db8::1]:9000".to_owned(),
            "worker-1:9000".to_owned(),
            "/dns4/worker-1/tcp/9000".to_owned(),
            format!("/ip4/192.0.2.1/tcp/9000/p2p/{id}"),
        ] {
            assert_eq!(Address::parse_own(&text, id).unwrap().port, 9000, "{text}");
        }
        let other = peer_id_from_seed([2; 32]);
        for text in
            ["worker-1".to_owned(), ":9000".to_owned(), format!("/ip4/192.0.2.1/tcp/9000/p2p/{other}")]
        {
            assert!(Address::parse_own(&text, id).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_is_resolved_to_the_wanted_kind() {
        let id = peer_id_from_seed([1; 32]);
        let (_, address) = Address::parse(&format!("/dns4/localhost/tcp/9000/p2p/{id}")).unwrap();
        let found = address.resolve().await.unwrap();
        assert_eq!(found, ["/ip4/127.0.0.1/tcp/9000".parse().unwrap()]);
    }
}
