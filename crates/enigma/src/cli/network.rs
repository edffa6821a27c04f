//! Networks: a local one, one whose nodes run elsewhere, the chain alone.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;

use super::Target;
use crate::testnet::chaos::Kind;

#[derive(Args, Clone)]
pub struct Up {
    /// Workers, 1 to 20 [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub workers: Option<u32>,
    /// Key nodes, 2 to 19; ⌊2n/3⌋+1 of them make a key [default: 4]
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=19))]
    pub key_nodes: Option<u32>,
    /// First port: the chain's RPC, then the nodes' [default: 8545]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1024..=65_000))]
    pub port_base: Option<u16>,
    /// Return once the network runs; stop it with `enigma down`
    #[arg(long)]
    pub detach: bool,
    #[command(flatten)]
    pub chaos: Chaos,
    #[command(flatten)]
    pub target: Target,
}

/// Harm on purpose.
#[derive(Args, Clone)]
pub struct Chaos {
    /// Do such harm to it while it runs, under load, and report what it did; the exit code is 4 if anything was lost
    #[arg(long, value_delimiter = ',', conflicts_with = "detach")]
    pub chaos: Vec<Kind>,
    /// Decides what is done to whom [default: any]
    #[arg(long, requires = "chaos")]
    pub chaos_seed: Option<u64>,
    /// Time from one harm to the next, such as 5s
    #[arg(long, requires = "chaos", default_value = "5s", value_parser = duration)]
    pub chaos_every: Duration,
    /// When it ends, such as 10m [default: at Ctrl-C]
    #[arg(long, requires = "chaos", value_parser = duration)]
    pub chaos_for: Option<Duration>,
    /// Tasks a second
    #[arg(long, requires = "chaos", default_value_t = 2.0, value_parser = rate)]
    pub chaos_load: f64,
}

/// Such as `500ms`, `5s`, `10m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number with ms, s or m, such as 5s".to_owned();
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(scale) {
        Some(milliseconds @ 100..=86_400_000) => Ok(Duration::from_millis(milliseconds)),
        _ => Err("expected 100ms to 1440m".into()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=50.0).contains(&rate) => Ok(rate),
        _ => Err("expected 0.01 to 50".into()),
    }
}

#[derive(Args)]
pub struct Setup {
    /// Where the nodes' directories are made, and network.json
    #[arg(long)]
    pub data_dir: PathBuf,
    /// The chain's URL for the nodes; it must run
    #[arg(long)]
    pub chain: String,
    /// The chain's URL for clients
    #[arg(long)]
    pub public_chain: String,
    /// The URL for clients of the API of the node named rpc
    #[arg(long)]
    pub public_api: String,
    /// What follows a node's name in the other nodes' addresses, such as .peers
    #[arg(long, default_value = "")]
    pub domain: String,
    /// Workers
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub workers: u32,
    /// Key nodes; ⌊2n/3⌋+1 of them make a key
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=19))]
    pub key_nodes: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Chain {
    /// Where the chain keeps its state
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Where its RPC listens
    #[arg(long, default_value = "127.0.0.1:8545")]
    pub listen: SocketAddr,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(
            (duration("500ms"), duration("2m")),
            (Ok(Duration::from_millis(500)), Ok(Duration::from_secs(120)))
        );
        for wrong in ["", "5", "s", "5h", "1ms", "99999999999m", "18446744073709551615s", "-5s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
