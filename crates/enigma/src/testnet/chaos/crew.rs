//! The nodes' processes while harm is done to them.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use enigma_chain::Chain;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use super::Scene;
use crate::testnet::{
    health::health,
    network::Network,
    supervise::{Process, start_node},
};

/// How long a node may take to be well again.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// All processes of a network.
pub struct Crew<'a> {
    scene: &'a Scene<'a>,
    processes: BTreeMap<String, Mutex<Process>>,
}

impl<'a> Crew<'a> {
    pub fn new(scene: &'a Scene<'a>, processes: Vec<Process>) -> Self {
        Self { scene, processes: processes.into_iter().map(|p| (p.name.clone(), Mutex::new(p))).collect() }
    }

    /// Gives them back.
    pub fn release(self) -> Vec<Process> {
        self.processes.into_values().map(Mutex::into_inner).collect()
    }

    pub const fn network(&self) -> &Network {
        self.scene.network
    }

    pub const fn scene(&self) -> &Scene<'a> {
        self.scene
    }

    /// The chain.
    pub fn chain(&self) -> Result<Chain> {
        Ok(Chain::connect(&self.network().rpc, self.network().enigma)?)
    }

    /// A worker's database.
    pub fn database(&self, name: &str) -> PathBuf {
        self.scene.directory.path(name).join("worker.redb")
    }

    /// Sends a node's host a signal.
    pub async fn signal(&self, name: &str, signal: Signal) -> Result<()> {
        let process = self.of(name)?.lock().await;
        let pid = process.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        kill_process(pid.with_context(|| format!("{name} has ended by itself"))?, signal)
            .context(name.to_owned())
    }

    /// Ends a node at once, and returns when it is gone.
    pub async fn end(&self, name: &str) -> Result<()> {
        Ok(self.of(name)?.lock().await.child.kill().await?)
    }

    /// Starts a node that has ended.
    pub async fn start(&self, name: &str) -> Result<()> {
        let mut process = self.of(name)?.lock().await;
        let child = start_node(self.scene.directory, name, self.scene.wires.file(name).as_deref())?;
        self.scene.running.note_process(child.id().unwrap_or_default())?;
        process.child = child;
        Ok(())
    }

    /// Waits until a node says that it is well; one that has ended by itself is started again, and that is told.
    pub async fn well(&self, name: &str) -> Result<()> {
        let url = self.network().api_of(name).with_context(|| format!("{name} has no API"))?;
        let deadline = Instant::now() + PATIENCE;
        let mut ended = None;
        while !health(url).await.is_some_and(|told| told["ok"] == true) {
            if let Some(status) = self.of(name)?.lock().await.child.try_wait()? {
                ended = Some(status);
                self.start(name).await?;
            }
            if Instant::now() > deadline {
                bail!("{name} is not well after {} s; see {name}.log", PATIENCE.as_secs());
            }
            sleep(LOOK_EVERY).await;
        }
        match ended {
            Some(status) => bail!("{name} ended by itself ({status}) and was started again; see {name}.log"),
            None => Ok(()),
        }
    }

    fn of(&self, name: &str) -> Result<&Mutex<Process>> {
        self.processes.get(name).with_context(|| format!("no process is called {name}"))
    }
}
