//! `enigma up`: a local network in one command.

use std::{
    path::Path,
    process::{ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use enigma_chain::accounts;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{
    cli::{self, Up},
    testnet::{
        Directory, Network, Progress, Size,
        chaos::{self, Plan},
        run as run_network, stop_signal,
    },
};

const DEFAULT_PORT: u16 = 8545;
const DEFAULT_SIZE: Size = Size { workers: 3, key_nodes: 4 };
/// How long a detached network may take to be ready.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long one that is given up may take to stop its nodes and its chain before it is killed.
const GRACE: Duration = Duration::from_secs(20);

/// Runs the network in this process, or leaves one running.
pub async fn run(args: Up) -> Result<ExitCode> {
    let directory = Directory::new(&args.target.data_dir)?;
    check(&args, &directory)?;
    if args.detach { detached(&args, &directory).await } else { attached(&args, &directory).await }
}

/// What cannot change once the network exists must not be asked for.
fn check(args: &Up, directory: &Directory) -> Result<()> {
    if directory.is_running() {
        bail!("a network runs in {} already; see `enigma status`", args.target.data_dir.display());
    }
    let Some(network) = directory.find_network()? else { return Ok(()) };
    if network.elsewhere {
        bail!(
            "the nodes of the network in {} run elsewhere; use another --data-dir",
            args.target.data_dir.display()
        );
    }
    let fixed = [
        ("--port-base", args.port_base.map(usize::from), usize::from(network.port_base)),
        ("--workers", args.workers.map(|n| n as usize), network.workers.len()),
        ("--key-nodes", args.key_nodes.map(|n| n as usize), network.key_nodes.len()),
    ];
    for (flag, asked, is) in fixed {
        if asked.is_some_and(|asked| asked != is) {
            bail!(
                "the network in {} was created with {flag} {is}; leave it out, or use another --data-dir",
                args.target.data_dir.display()
            );
        }
    }
    Ok(())
}

async fn attached(args: &Up, directory: &Directory) -> Result<ExitCode> {
    let progress = Progress::start(args.target.json);
    let size = Size {
        workers: args.workers.unwrap_or(DEFAULT_SIZE.workers),
        key_nodes: args.key_nodes.unwrap_or(DEFAULT_SIZE.key_nodes),
    };
    let port = args.port_base.unwrap_or(DEFAULT_PORT);
    let plan = plan(&args.chaos)?;
    let kinds = plan.as_ref().map_or(&[][..], |plan| &plan.kinds);
    let real = directory.find_network()?.map_or(size, |network| network.size());
    if !chaos::can_bear(kinds, real) {
        bail!(
            "a network of {} workers and {} key nodes has nobody to spare for that",
            real.workers,
            real.key_nodes
        );
    }
    let report =
        run_network(directory, size, port, &progress, stop_signal(), plan.as_ref(), |network, running| {
            let summary = summary(network)?;
            if args.target.json {
                out!("{summary}");
            } else {
                tell(network, args)?;
                out!("\nCtrl-C stops it.");
            }
            running.announce(&summary)
        })
        .await?;
    progress.done("stopped");
    let Some(report) = report else { return Ok(ExitCode::SUCCESS) };
    if args.target.json {
        out!("{}", report.json());
    } else {
        report.print();
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(4) })
}

/// The plan for chaos, if there is to be any.
fn plan(args: &cli::Chaos) -> Result<Option<Plan>> {
    if args.chaos.is_empty() {
        return Ok(None);
    }
    let seed = match args.chaos_seed {
        Some(seed) => seed,
        None => u32::from_be_bytes(crate::random::random()?).into(),
    };
    let (kinds, every, lasting, load) =
        (args.chaos.clone(), args.chaos_every, args.chaos_for, args.chaos_load);
    Ok(Some(Plan { kinds, seed, every, lasting, load }))
}

/// Starts this program again in the background and waits until its network is ready. One that does not become ready is
/// stopped: what runs is what was said to run.
async fn detached(args: &Up, directory: &Directory) -> Result<ExitCode> {
    std::fs::create_dir_all(directory.root())?;
    let log = std::fs::File::create(directory.path("up.log"))?;
    let ready = directory.path("ready.json");
    // A network that was killed has left it.
    let _ = std::fs::remove_file(&ready);
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("up").arg("--data-dir").arg(directory.root());
    let numbers = [
        ("--workers", args.workers),
        ("--key-nodes", args.key_nodes),
        ("--port-base", args.port_base.map(u32::from)),
    ];
    for (flag, number) in numbers {
        if let Some(number) = number {
            command.arg(flag).arg(number.to_string());
        }
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
    let mut child = command.spawn().context("the network does not start")?;
    if let Some(why) = not_ready(&mut child, &ready, PATIENCE, stop_signal()).await {
        give_up(child, directory).await?;
        let log = std::fs::read_to_string(directory.path("up.log")).unwrap_or_default();
        bail!("the network did not come up: {why}\n{}", log.trim_end());
    }
    let network = directory.network()?;
    if args.target.json {
        out!("{}", summary(&network)?);
    } else {
        tell(&network, args)?;
        out!("\nIt runs in the background; `enigma down` stops it.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until `ready` is there. If it does not come, why.
async fn not_ready(
    child: &mut Child,
    ready: &Path,
    patience: Duration,
    stop: impl Future<Output = ()>,
) -> Option<String> {
    let appears = async {
        while !ready.is_file() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = appears => None,
        _ = child.wait() => Some("it ended".into()),
        () = sleep(patience) => Some(format!("it was not ready within {} s, and is stopped", patience.as_secs())),
        () = stop => Some("it was interrupted, and is stopped".into()),
    }
}

/// Ends a network that is not ready, with all its processes.
async fn give_up(mut child: Child, directory: &Directory) -> Result<()> {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) {
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
    // What it could not end itself.
    directory.stop().await?;
    Ok(())
}

fn summary(network: &Network) -> Result<Value> {
    let accounts = (0..accounts::USERS).map(accounts::local_address).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "ok": true, "network": network, "accounts": accounts }))
}

fn tell(network: &Network, args: &Up) -> Result<()> {
    out!(
        "\nEnigma runs on this machine. SIMULATED enclaves: they keep no secret from whoever owns the machine.\n"
    );
    out!("  chain     {}  (chain id {})", network.rpc, network.chain_id);
    out!("  contract  {}", network.enigma);
    out!("  network   {}", network.network);
    out!(
        "  nodes     {} workers, {} key nodes ({} make a key; keys: {})",
        network.workers.len(),
        network.key_nodes.len(),
        network.threshold,
        network.keys
    );
    if let Some(api) = network.api.first() {
        out!(
            "  explorer  {api}  (and the API: docs/rpc.md; {} nodes answer, see network.json)",
            network.api.len()
        );
    }
    out!("  data      {}", args.target.data_dir.display());
    out!("\n  accounts, each with 10,000 ETH; --from picks one:");
    for index in 0..accounts::USERS {
        out!("    {index}  {}", accounts::local_address(index)?);
    }
    out!("\n  try next:");
    out!("    ./enigma deploy examples/01-millionaires/Millionaires.sol:Millionaires");
    out!("    ./enigma call ADDRESS \"declare(uint256)()\" 1000000 --from 1");
    out!("    ./enigma read ADDRESS \"richer()(address)\" --from 1");
    out!("    ./enigma status");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use rustix::process::test_kill_process;

    use super::*;

    fn child() -> Child {
        Command::new("sleep").arg("600").kill_on_drop(true).process_group(0).spawn().unwrap()
    }

    fn folder(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("enigma-up-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory::new(&path).unwrap()
    }

    #[tokio::test]
    async fn a_network_that_is_not_ready_in_time_is_stopped() {
        let directory = folder("late");
        let mut late = child();
        let pid = Pid::from_raw(late.id().unwrap().try_into().unwrap()).unwrap();
        let ready = directory.path("ready.json");
        let why = not_ready(&mut late, &ready, Duration::from_millis(100), pending()).await.unwrap();
        assert!(why.contains("not ready within"), "{why}");
        assert!(test_kill_process(pid).is_ok(), "until then it may still come up");
        give_up(late, &directory).await.unwrap();
        assert!(test_kill_process(pid).is_err(), "nothing of it is left");
        std::fs::remove_dir_all(directory.root()).unwrap();
    }

    #[tokio::test]
    async fn a_network_that_is_ready_runs_on() {
        let directory = folder("ready");
        let ready = directory.path("ready.json");
        std::fs::write(&ready, "{}").unwrap();
        let mut well = child();
        assert_eq!(not_ready(&mut well, &ready, Duration::from_secs(60), pending()).await, None);
        assert!(well.try_wait().unwrap().is_none());
        std::fs::remove_dir_all(directory.root()).unwrap();
    }
}
