//! Chaos on purpose: harm to a local network, one piece at a time, under load; and a report of what it did.
//!
//! ```text
//! dice    a seed's choices
//! wires   proxies before the chain and between the nodes, where a harm needs them
//! crew    the nodes' processes: ended, started, held, and waited for
//! harm    each kind of harm, and its end
//! load    tasks on a few example contracts
//! report  what was done, and what became of every task
//! ```
//!
//! Never more is harmed at once than the protocol promises to bear: as many key nodes as the threshold leaves over, and
//! all workers but one. The seed decides what is done to whom in which order; the machine decides how long things take,
//! so a replay is alike and not the same.

mod crew;
mod dice;
mod harm;
mod load;
mod report;
mod wires;

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{
    Progress, Size,
    directory::{Directory, Running},
    network::Network,
    stop_signal,
    supervise::Process,
};
use crew::Crew;
use dice::Dice;
use harm::{Act, perform};
use load::Load;
pub use report::Report;
pub use wires::Wires;

/// Harm that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    /// SIGKILL to a node, which is started again
    Kill,
    /// SIGSTOP to a node, and SIGCONT
    Pause,
    /// A node without its peers
    Partition,
    /// A worker's database as it was earlier
    RewindDisk,
    /// Flipped bytes in a worker's database
    CorruptBlob,
    /// The chain's last one to three blocks made anew; their transactions are sent again
    Reorg,
    /// A node whose chain answers late
    SlowRpc,
}

impl Kind {
    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether it is done to workers only: key nodes have no database.
    const fn spares_key_nodes(self) -> bool {
        matches!(self, Self::RewindDisk | Self::CorruptBlob)
    }
}

/// What to do to a network, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is done; each as often as the others.
    pub kinds: Vec<Kind>,
    /// Decides what is done to whom.
    pub seed: u64,
    /// Time from one harm to the next.
    pub every: Duration,
    /// When it ends by itself.
    pub lasting: Option<Duration>,
    /// Tasks a second.
    pub load: f64,
}

/// The network that it is done to.
pub struct Scene<'a> {
    pub directory: &'a Directory,
    pub running: &'a Running,
    pub network: &'a Network,
    pub wires: &'a Wires,
}

/// Does harm until the plan ends or `stop` resolves, heals everything, and waits until every task has its end.
///
/// # Errors
/// The load's contracts cannot be deployed; the chain does not answer.
pub async fn unleash(
    scene: Scene<'_>,
    plan: &Plan,
    processes: &mut Vec<Process>,
    progress: &Progress,
    stop: impl Future<Output = ()>,
) -> Result<Report> {
    progress.done(&format!("chaos: seed {}", plan.seed));
    let load = Load::deploy(scene.network, plan.load).await.context("the load's contracts")?;
    progress.done(&format!("chaos: {} contracts take {} tasks a second", load.contracts(), plan.load));
    let mut report = Report::begin(plan, scene.network, load.since())?;
    let crew = Crew::new(&scene, std::mem::take(processes));
    let load = load.start();
    rage(&crew, plan, &mut report, progress, stop).await;
    let sent = load.stop().await;
    progress.done("chaos: over; waiting for the last tasks (Ctrl-C ends that)");
    let ended = tokio::select! {
        ended = report.finish(sent) => ended,
        () = stop_signal() => Err(anyhow!("ended before the last tasks were")),
    };
    *processes = crew.release();
    ended.map(|()| report)
}

async fn rage(
    crew: &Crew<'_>,
    plan: &Plan,
    report: &mut Report,
    progress: &Progress,
    stop: impl Future<Output = ()>,
) {
    let mut director = Director::new(plan, crew.network());
    let (mut under_way, started) = (FuturesUnordered::new(), Instant::now());
    let mut due = interval_at(started + plan.every, plan.every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Long enough for whoever gave no end.
    let end = started + plan.lasting.unwrap_or(Duration::from_secs(86_400 * 365));
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = sleep_until(end) => break,
            _ = due.tick() => {
                if let Some(act) = director.choose() {
                    progress.done(&format!("chaos: {act}"));
                    under_way.push(perform(crew, act, plan.every, started));
                }
            }
            Some(deed) = under_way.next() => {
                director.healed(&deed);
                progress.done(&format!("chaos: {}", deed.healed()));
                report.add(deed);
            }
        }
    }
    // Whatever was begun is healed before anything is counted.
    while let Some(deed) = under_way.next().await {
        progress.done(&format!("chaos: {}", deed.healed()));
        report.add(deed);
    }
}

/// Chooses what is done next, and to whom.
struct Director {
    kinds: Vec<Kind>,
    /// Kinds that were not done yet in this round.
    bag: Vec<Kind>,
    dice: Dice,
    key_nodes: Vec<String>,
    workers: Vec<String>,
    spare_key_nodes: usize,
    harmed: BTreeSet<String>,
}

impl Director {
    fn new(plan: &Plan, network: &Network) -> Self {
        let mut kinds = plan.kinds.clone();
        kinds.sort_unstable();
        kinds.dedup();
        Self {
            kinds,
            bag: Vec::new(),
            dice: Dice::new(plan.seed),
            key_nodes: network.key_nodes.clone(),
            workers: network.workers.clone(),
            spare_key_nodes: network.key_nodes.len().saturating_sub(network.threshold.into()),
            harmed: BTreeSet::new(),
        }
    }

    /// The next act; `None` while nothing more may be harmed.
    fn choose(&mut self) -> Option<Act> {
        if self.bag.is_empty() {
            self.bag = self.kinds.clone();
            self.dice.shuffle(&mut self.bag);
        }
        let place =
            self.bag.iter().position(|kind| *kind == Kind::Reorg || !self.victims(*kind).is_empty())?;
        let kind = self.bag.remove(place);
        if kind == Kind::Reorg {
            return Some(Act { kind, target: None, dice: self.dice.fork() });
        }
        let target = self.victim(kind);
        self.harmed.insert(target.clone());
        Some(Act { kind, target: Some(target), dice: self.dice.fork() })
    }

    /// Two of three times a worker, where both may be: they do the work.
    fn victim(&mut self, kind: Kind) -> String {
        let (mut workers, mut key_nodes): (Vec<_>, Vec<_>) =
            self.victims(kind).into_iter().partition(|name| self.workers.contains(name));
        let prefers_workers = self.dice.below(3) > 0;
        let of = if key_nodes.is_empty() || (prefers_workers && !workers.is_empty()) {
            &mut workers
        } else {
            &mut key_nodes
        };
        of.swap_remove(self.dice.below(of.len()))
    }

    fn victims(&self, kind: Kind) -> Vec<String> {
        let harmed = |nodes: &[String]| nodes.iter().filter(|name| self.harmed.contains(*name)).count();
        let mut victims = Vec::new();
        if !kind.spares_key_nodes() && harmed(&self.key_nodes) < self.spare_key_nodes {
            victims.extend_from_slice(&self.key_nodes);
        }
        if harmed(&self.workers) + 1 < self.workers.len() {
            victims.extend_from_slice(&self.workers);
        }
        victims.retain(|name| !self.harmed.contains(name));
        victims
    }

    fn healed(&mut self, deed: &harm::Deed) {
        if let Some(target) = &deed.target {
            self.harmed.remove(target);
        }
    }
}

/// The smallest networks have nobody to spare.
pub fn can_bear(kinds: &[Kind], size: Size) -> bool {
    let spare_keys = size.key_nodes > u32::from(size.threshold());
    kinds
        .iter()
        .all(|kind| *kind == Kind::Reorg || size.workers > 1 || (spare_keys && !kind.spares_key_nodes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn director(kinds: &[Kind], seed: u64) -> Director {
        let names = |kind: &str, count| (1..=count).map(|n| format!("{kind}-{n}")).collect::<Vec<_>>();
        Director {
            kinds: kinds.to_vec(),
            bag: Vec::new(),
            dice: Dice::new(seed),
            key_nodes: names("key", 4),
            workers: names("worker", 3),
            spare_key_nodes: 1,
            harmed: BTreeSet::new(),
        }
    }

    #[test]
    fn never_more_is_harmed_than_the_network_bears() {
        for seed in 0..200 {
            let mut director = director(Kind::value_variants(), seed);
            let mut dice = Dice::new(seed ^ 1);
            for _ in 0..200 {
                let _ = director.choose();
                let keys = director.harmed.iter().filter(|name| name.starts_with("key")).count();
                assert!(keys <= 1 && director.harmed.len() - keys <= 2, "{:?}", director.harmed);
                if dice.below(3) == 0 {
                    director.harmed.pop_first();
                }
            }
        }
    }

    #[test]
    fn every_kind_has_its_turn_and_a_seed_decides_the_order() {
        let kinds = [Kind::Kill, Kind::Pause, Kind::Reorg, Kind::RewindDisk];
        let round = |seed| {
            let mut director = director(&kinds, seed);
            let acts = (0..4).map(|_| {
                let act = director.choose().unwrap();
                director.harmed.clear();
                (act.kind, act.target)
            });
            acts.collect::<Vec<_>>()
        };
        for seed in 0..50 {
            let acts = round(seed);
            assert_eq!(
                acts.iter().map(|act| act.0).collect::<BTreeSet<_>>().len(),
                4,
                "seed {seed}: {acts:?}"
            );
            assert_eq!(acts, round(seed));
        }
        assert!((1..50).any(|seed| round(seed) != round(0)));
    }

    #[test]
    fn what_a_small_network_cannot_bear_is_known_before() {
        let size = |workers, key_nodes| Size { workers, key_nodes };
        assert!(can_bear(Kind::value_variants(), size(3, 4)));
        assert!(!can_bear(&[Kind::RewindDisk], size(1, 4)) && can_bear(&[Kind::Kill], size(1, 4)));
        assert!(!can_bear(&[Kind::Kill], size(1, 2)) && can_bear(&[Kind::Reorg], size(1, 2)));
    }
}
