//! The only user of libp2p.
