//! Starts the nodes, waits for the first lottery, watches, stops.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use enigma_chain::Chain;
use futures::future::join_all;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::{
    Progress, chain,
    chaos::{self, Plan, Report, Scene, Wires},
    create,
    directory::{Directory, Running},
    health::health,
    layout::{Layout, node_ports},
    network::Network,
};

/// How long until the first epoch with a lottery.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(8);
/// First epoch with a lottery.
const FIRST_LOTTERY: u64 = 2;

/// How many nodes a new network gets.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Workers.
    pub workers: u32,
    /// Key nodes.
    pub key_nodes: u32,
}

impl Size {
    /// ⌊2n/3⌋+1.
    pub fn threshold(self) -> u8 {
        u8::try_from(2 * self.key_nodes / 3 + 1).unwrap_or(u8::MAX)
    }
}

/// A process of the network.
pub struct Process {
    pub name: String,
    pub child: Child,
}

/// Runs the network until `stop` resolves; `ready` is called once it takes tasks. With a plan for chaos it runs until
/// that is over, and the result is its report.
pub async fn run(
    directory: &Directory,
    size: Size,
    port: u16,
    progress: &Progress,
    stop: impl Future<Output = ()>,
    plan: Option<&Plan>,
    ready: impl FnOnce(&Network, &Running) -> Result<()>,
) -> Result<Option<Report>> {
    let running = directory.take().await?;
    let known = directory.find_network()?;
    let port = known.as_ref().map_or(port, |n| n.port_base);
    let (keys, workers) = known
        .as_ref()
        .map_or((size.key_nodes as usize, size.workers as usize), |n| (n.key_nodes.len(), n.workers.len()));
    node_ports(port, keys, workers).try_for_each(chain::require_free)?;
    let chain = chain::start(directory, &running, port).await?;
    let mut processes = vec![Process { name: "chain".into(), child: chain }];
    progress.done(&format!("chain answers at {}", chain::url(port)));
    tokio::pin!(stop);
    let raised = tokio::select! {
        raised = raise(directory, &running, known, size, port, progress, plan, &mut processes) => raised.map(Some),
        () = &mut stop => Ok(None),
    };
    let result = match raised {
        Ok(Some((network, wires))) => match (ready(&network, &running), plan) {
            (Ok(()), Some(plan)) => {
                let scene = Scene { directory, running: &running, network: &network, wires: &wires };
                chaos::unleash(scene, plan, &mut processes, progress, stop).await.map(Some)
            }
            (Ok(()), None) => {
                tokio::select! {
                    () = watch(&mut processes, progress) => {}
                    () = &mut stop => {}
                }
                Ok(None)
            }
            (Err(error), _) => Err(error),
        },
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    halt(processes).await;
    result
}

/// From a chain to a network that takes tasks.
#[allow(clippy::too_many_arguments)]
async fn raise(
    directory: &Directory,
    running: &Running,
    known: Option<Network>,
    size: Size,
    port: u16,
    progress: &Progress,
    plan: Option<&Plan>,
    processes: &mut Vec<Process>,
) -> Result<(Network, Wires)> {
    let network = match known {
        Some(network) => network,
        None => create::create(directory, size, &Layout::Ports(port), progress).await?,
    };
    let wires = match plan {
        Some(plan) => Wires::lay(directory, &network, &plan.kinds).await?,
        None => Wires::default(),
    };
    for name in network.nodes() {
        let child = start_node(directory, name, wires.file(name).as_deref())?;
        running.note_process(child.id().unwrap_or_default())?;
        processes.push(Process { name: name.clone(), child });
    }
    progress.done("nodes started");
    first_lottery(&network, processes).await?;
    progress.done("the lottery runs: the network takes tasks");
    all_well(&network, processes).await?;
    progress.done("every node's API answers");
    Ok((network, wires))
}

/// Starts a node; `replace` names a file with what stands in place of fields of its node.json.
pub fn start_node(directory: &Directory, name: &str, replace: Option<&Path>) -> Result<Child> {
    let role = name.split('-').next().unwrap_or_default();
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.path(&format!("{name}.log")))
        .with_context(|| format!("the log of {name}"))?;
    Command::new(std::env::current_exe()?)
        .args(["node", role, "--data-dir"])
        .arg(directory.path(name))
        .args(replace.iter().flat_map(|file| [Path::new("--replace"), file]))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{name} does not start"))
}

async fn first_lottery(network: &Network, processes: &mut [Process]) -> Result<()> {
    let chain = Chain::connect(&network.rpc, network.enigma)?;
    let deadline = Instant::now() + PATIENCE;
    while chain.network_state().await?.epoch < FIRST_LOTTERY {
        require_running(processes)?;
        if Instant::now() > deadline {
            bail!("the key nodes did not open the first epoch within a minute; see their logs");
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Waits until every node says that it is well.
async fn all_well(network: &Network, processes: &mut [Process]) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    for name in network.nodes() {
        let Some(url) = network.api_of(name) else { continue };
        while !health(url).await.is_some_and(|told| told["ok"] == true) {
            require_running(processes)?;
            if Instant::now() > deadline {
                bail!("{name} is not well at {url} within a minute; see {name}.log");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

fn require_running(processes: &mut [Process]) -> Result<()> {
    for process in processes {
        if let Some(status) = process.child.try_wait()? {
            bail!("{} ended at once ({status}); see {}.log", process.name, process.name);
        }
    }
    Ok(())
}

/// Tells when a process ends that should not; returns when the chain has.
async fn watch(processes: &mut Vec<Process>, progress: &Progress) {
    loop {
        sleep(Duration::from_millis(500)).await;
        let mut chain_ended = false;
        processes.retain_mut(|process| match process.child.try_wait() {
            Ok(Some(status)) => {
                progress.done(&format!("{} has ended ({status}); see {}.log", process.name, process.name));
                chain_ended |= process.name == "chain";
                false
            }
            _ => true,
        });
        if chain_ended {
            return;
        }
    }
}

/// Ends the nodes, then the chain, which writes its state.
async fn halt(mut processes: Vec<Process>) {
    let chain = processes.iter().position(|p| p.name == "chain").map(|place| processes.remove(place));
    join_all(processes.into_iter().map(end)).await;
    if let Some(chain) = chain {
        end(chain).await;
    }
}

async fn end(mut process: Process) {
    if let Some(pid) = process.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) {
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(GRACE, process.child.wait()).await.is_err() {
        let _ = process.child.kill().await;
    }
}
