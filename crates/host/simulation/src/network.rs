//! Messages between workers: delayed, lost, cut off by partitions.

use std::pin::Pin;

use enigma_protocol::peer::{PeerReply, PeerRequest};
use enigma_worker::{Error, Result};
use tokio::{
    sync::oneshot,
    time::{Duration, sleep, timeout},
};

use crate::{
    sim::{Hostile, Sim},
    trace::text,
};

/// How long an answer is waited for.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Who reaches whom.
#[derive(Clone, Debug)]
pub struct Links {
    /// Workers with another number do not hear each other.
    pub side: Vec<u8>,
    /// Of a thousand messages, those that are lost.
    pub loss: u64,
    /// Longest delay of a message, milliseconds.
    pub delay: u64,
}

impl Links {
    /// All reach all.
    pub fn whole(count: usize) -> Self {
        Self { side: vec![0; count], loss: 0, delay: 60 }
    }
}

fn silence<T>() -> Result<T> {
    Err(Error::Unavailable(text("no answer")))
}

/// Asks `to` on behalf of `from`. Boxed: who answers may have to ask others.
pub fn ask(
    sim: &Sim,
    from: u64,
    to: u64,
    request: PeerRequest,
) -> Pin<Box<dyn Future<Output = Result<PeerReply>> + Send + '_>> {
    Box::pin(carry(sim, from, to, request))
}

async fn carry(sim: &Sim, from: u64, to: u64, request: PeerRequest) -> Result<PeerReply> {
    let (there, back, worker, is_lost) = {
        let mut inner = sim.lock();
        let links = inner.links.clone();
        let (there, back) = (inner.dice.between(1, links.delay), inner.dice.between(1, links.delay));
        let is_lost = inner.dice.chance(links.loss);
        let is_cut = links.side[from as usize] != links.side[to as usize];
        let node = &inner.nodes[to as usize];
        let is_mute = node.hostile == Some(Hostile::Mute) || node.is_paused || node.is_dying;
        (there, back, node.worker.clone(), is_lost || is_cut || is_mute)
    };
    sim.lock().note(if is_lost { "unheard" } else { "asks" }, from, to, kind(&request));
    if is_lost {
        sleep(PATIENCE).await;
        return silence();
    }
    sleep(Duration::from_millis(there)).await;
    let Some(worker) = worker else { return Err(Error::Unavailable(text("not connected"))) };
    let (sender, answer) = oneshot::channel();
    let task = tokio::spawn(async move { drop(sender.send(worker.answer(&request).await)) });
    {
        let tasks = &mut sim.lock().nodes[to as usize].tasks;
        tasks.retain(|task| !task.is_finished());
        tasks.push(task.abort_handle());
    }
    let Ok(Ok(answer)) = timeout(PATIENCE, answer).await else { return silence() };
    sleep(Duration::from_millis(back)).await;
    let hostile = sim.lock().nodes[to as usize].hostile;
    let answer = answer.and_then(|answer| spoiled(answer, hostile));
    answer.ok_or_else(|| Error::Unavailable(text("declined")))
}

fn kind(request: &PeerRequest) -> u64 {
    match request {
        PeerRequest::Manifest(_) => 3,
        PeerRequest::Chunk(_) => 6,
        PeerRequest::Cosign(_) => 7,
        _ => 0,
    }
}

/// What a hostile host makes of an honest answer.
fn spoiled(answer: PeerReply, hostile: Option<Hostile>) -> Option<PeerReply> {
    match (answer, hostile) {
        (PeerReply::Cosigned(_), Some(Hostile::SignsNothing)) => None,
        (PeerReply::Cosigned(mut cosigned), Some(Hostile::SignsNonsense)) => {
            cosigned.signature[3] ^= 1;
            Some(PeerReply::Cosigned(cosigned))
        }
        (PeerReply::Chunk(mut chunk), Some(Hostile::WrongChunks)) => {
            if let Some(byte) = chunk.0.first_mut() {
                *byte ^= 1;
            }
            Some(PeerReply::Chunk(chunk))
        }
        (answer, _) => Some(answer),
    }
}
