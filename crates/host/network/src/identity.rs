//! Who a node is on the network.

use std::fmt;
use std::str::FromStr;

use libp2p::identity::Keypair;

use crate::Error;

/// A node's name on the network: the multihash of its Ed25519 public key, shown
/// in base58 (`12D3KooW…`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub(crate) libp2p::PeerId);

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PeerId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| Error::InvalidPeerId { text: text.to_owned() })
    }
}

/// The peer id of the node whose identity is made from `seed` (an Ed25519
/// secret key, RFC 8032).
#[must_use]
pub fn peer_id_from_seed(seed: [u8; 32]) -> PeerId {
    PeerId(keypair(seed).public().to_peer_id())
}

pub(crate) fn keypair(mut seed: [u8; 32]) -> Keypair {
    // Takes the bytes and wipes them.
    Keypair::ed25519_from_bytes(&mut seed).expect("any 32 bytes are an Ed25519 secret key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_id_comes_from_the_seed_alone_and_survives_text() {
        let id = peer_id_from_seed([7; 32]);
        assert_eq!(id, peer_id_from_seed([7; 32]));
        assert_ne!(id, peer_id_from_seed([8; 32]));
        assert!(id.to_string().starts_with("12D3KooW"), "{id}");
        assert_eq!(id.to_string().parse::<PeerId>().unwrap(), id);
    }

    #[test]
    fn text_that_is_no_peer_id_is_refused() {
        for text in ["", "12D3KooW", "hello"] {
            let error = text.parse::<PeerId>().unwrap_err();
            assert!(matches!(error, Error::InvalidPeerId { .. }));
        }
    }
}
