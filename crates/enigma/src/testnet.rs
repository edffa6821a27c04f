//! The local network: chain, contracts and nodes as real processes, and the directory that they live in.
//!
//! ```text
//! directory  where everything is kept, who is running, how to stop it
//! network    network.json: what a client pins
//! chain      the local chain's process
//! health     how a node says it is
//! layout     where nodes listen and how they are reached: ports of one machine, or services by name
//! create     a new network: enclaves' identities, contracts, the ceremony, genesis
//! setup      the same for nodes that run elsewhere
//! chaos      harm to it, on purpose
//! supervise  starts the nodes, waits for the first lottery, watches, stops
//! ```

mod chain;
pub mod chaos;
mod create;
mod directory;
mod health;
mod layout;
mod network;
mod progress;
mod setup;
mod supervise;

pub use chain::exec as exec_chain;
pub use directory::Directory;
pub use health::health;
pub use layout::Services;
pub use network::Network;
pub use progress::Progress;
pub use setup::set_up;
pub use supervise::{Size, run};

/// Resolves when somebody asks this process to end (SIGINT or SIGTERM).
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
