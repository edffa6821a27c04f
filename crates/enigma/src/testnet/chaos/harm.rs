//! Each kind of harm, from its beginning to its end.

use std::{
    fmt,
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use enigma_chain::local;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Kind, crew::Crew, dice::Dice};

/// Longest reorganisation, blocks.
const DEEPEST: usize = 3;
/// Bytes that are flipped in a database.
const FLIPPED: usize = 32;
/// How late a slow chain answers, by request and by answer.
const DELAY: Duration = Duration::from_millis(250);

/// Something to do.
pub struct Act {
    pub kind: Kind,
    /// The node; a reorganisation has none.
    pub target: Option<String>,
    pub dice: Dice,
}

/// Something done, and healed.
#[derive(Clone, Debug)]
pub struct Deed {
    pub kind: Kind,
    pub target: Option<String>,
    /// Since the beginning.
    pub at: Duration,
    /// The newest block then.
    pub block: u64,
    /// Until all was well again.
    pub lasted: Duration,
    /// What it was in numbers, or what went wrong.
    pub detail: String,
    /// Whether everything was well afterwards.
    pub is_well: bool,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.target.as_deref().unwrap_or("chain"))
    }
}

impl Deed {
    /// A line for whoever watches.
    pub fn healed(&self) -> String {
        let (kind, target) = (self.kind.name(), self.target.as_deref().unwrap_or("chain"));
        let word = if self.is_well { "well again" } else { "NOT WELL" };
        let detail = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        format!("{kind} {target}, {word} after {:.1} s{detail}", self.lasted.as_secs_f32())
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "kind": self.kind.name(), "target": self.target, "seconds": seconds(self.at), "block": self.block,
            "lastedSeconds": seconds(self.lasted), "detail": self.detail, "well": self.is_well,
        })
    }
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// Does it and undoes it.
pub async fn perform(crew: &Crew<'_>, act: Act, every: Duration, started: Instant) -> Deed {
    let begun = Instant::now();
    let block = match crew.chain() {
        Ok(chain) => chain.height().await.unwrap_or_default(),
        Err(_) => 0,
    };
    let (kind, target) = (act.kind, act.target.clone());
    let (is_well, detail) = match harm(crew, act, every).await {
        Ok(detail) => (true, detail),
        Err(error) => (false, format!("{error:#}")),
    };
    Deed { kind, target, at: begun - started, block, lasted: begun.elapsed(), detail, is_well }
}

async fn harm(crew: &Crew<'_>, act: Act, every: Duration) -> Result<String> {
    let Act { kind, target, mut dice } = act;
    let Some(name) = target else { return reorganise(crew, &mut dice).await };
    // Some are over before the next begins, others overlap.
    let lasting = every.mul_f64(0.5 + dice.below(100) as f64 / 100.0);
    let detail = match kind {
        Kind::Kill => {
            crew.end(&name).await?;
            crew.start(&name).await?;
            String::new()
        }
        Kind::Pause => {
            crew.signal(&name, Signal::STOP).await?;
            sleep(lasting).await;
            crew.signal(&name, Signal::CONT).await?;
            format!("for {:.1} s", lasting.as_secs_f32())
        }
        Kind::Partition => {
            crew.scene().wires.cut(&name, true);
            sleep(lasting).await;
            crew.scene().wires.cut(&name, false);
            format!("for {:.1} s", lasting.as_secs_f32())
        }
        Kind::SlowRpc => {
            crew.scene().wires.delay(&name, DELAY);
            sleep(lasting).await;
            crew.scene().wires.delay(&name, Duration::ZERO);
            format!("{} ms late for {:.1} s", 2 * DELAY.as_millis(), lasting.as_secs_f32())
        }
        Kind::RewindDisk => rewind(crew, &name, lasting).await?,
        Kind::CorruptBlob => {
            crew.end(&name).await?;
            let flipped = corrupt(&crew.database(&name), &mut dice)?;
            crew.start(&name).await?;
            format!("{flipped} bytes flipped")
        }
        Kind::Reorg => String::new(),
    };
    crew.well(&name).await?;
    Ok(detail)
}

async fn reorganise(crew: &Crew<'_>, dice: &mut Dice) -> Result<String> {
    let depth = 1 + dice.below(DEEPEST) as u64;
    let sent_again = local::reorganise(&crew.chain()?, depth).await?;
    Ok(format!("{depth} blocks, {sent_again} transactions sent again"))
}

/// Keeps a copy of the database, lets the worker go on for a while, and puts the copy in place.
async fn rewind(crew: &Crew<'_>, name: &str, lasting: Duration) -> Result<String> {
    let (database, copy) =
        (crew.database(name), crew.scene().wires.copy_of(name).context("no folder for copies")?);
    let chain = crew.chain()?;
    crew.end(name).await?;
    let kept = chain.height().await.unwrap_or_default();
    // Only a database at rest is copied whole.
    std::fs::copy(&database, &copy).with_context(|| format!("{}", database.display()))?;
    crew.start(name).await?;
    crew.well(name).await?;
    sleep(lasting).await;
    crew.end(name).await?;
    let now = chain.height().await.unwrap_or_default();
    std::fs::rename(&copy, &database).with_context(|| format!("{}", database.display()))?;
    crew.start(name).await?;
    Ok(format!("{} blocks back", now.saturating_sub(kept)))
}

/// Flips bytes anywhere in a file.
fn corrupt(path: &Path, dice: &mut Dice) -> Result<usize> {
    let told = || format!("{}", path.display());
    let file: File = OpenOptions::new().read(true).write(true).open(path).with_context(told)?;
    let length = usize::try_from(file.metadata()?.len()).context("its length")?;
    for _ in 0..FLIPPED {
        let (at, mut byte) = (dice.below(length) as u64, [0]);
        file.read_exact_at(&mut byte, at).with_context(told)?;
        file.write_all_at(&[!byte[0]], at).with_context(told)?;
    }
    Ok(FLIPPED)
}
