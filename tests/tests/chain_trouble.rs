//! The host's chain layer in trouble: endpoints that die, hang, lag and lie; transactions that are stuck, dropped,
//! overtaken or pointless; histories that change while they are read. Real chains behind a proxy that misbehaves.

#[path = "chain_trouble/endpoints.rs"]
mod endpoints;
#[path = "chain_trouble/lies.rs"]
mod lies;
#[path = "chain_trouble/proxy.rs"]
mod proxy;
#[path = "chain_trouble/reorganised.rs"]
mod reorganised;
#[path = "chain_trouble/scene.rs"]
mod scene;
#[path = "chain_trouble/sending.rs"]
mod sending;
