//! After a start the enclave serves only when it is where the other members are: they are asked, and it judges.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::B256;
use enigma_failpoints::failpoint;
use enigma_protocol::{
    door::{
        CatchingUp as Due, Code, Done, KeyEnclaveReply as Reply, Refusal, UntrustedKeyRequest as Request,
        UntrustedStatement, UntrustedStatements,
    },
    genesis::MAX_MEMBERS,
    peer::{HeadRequest, HeadStatement, PeerReply, PeerRequest},
};
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::actor::KeyNode;
use crate::{Error, Result, Role, peers::Peers};

/// How long a goal is waited for before the others are asked again: its block may have been reorganised away.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// The same if too few answered: they may be starting as well.
const ASK_SOON: Duration = Duration::from_millis(250);
/// How long the others may take to answer, before all are asked anew.
const ANSWER: Duration = Duration::from_secs(2);

/// How far this life has come.
#[derive(Default)]
pub(crate) struct CatchingUp {
    is_done: bool,
    /// The enclave's challenge, and how many others have to answer it.
    due: Option<Due>,
    /// Asking the others, beside the node's own loop: they may be asking this one.
    asking: Option<JoinHandle<Vec<HeadStatement>>>,
    /// When they were asked last.
    asked: Option<Instant>,
    /// Members whose statements did not hold.
    wrong: BTreeSet<u64>,
}

impl Drop for CatchingUp {
    fn drop(&mut self) {
        if let Some(asking) = &self.asking {
            asking.abort();
        }
    }
}

impl KeyNode {
    /// Says which block the enclave is at, for another member.
    pub(crate) async fn state(&mut self, challenge: B256) -> Result<HeadStatement> {
        self.follow().await?;
        match self.enclave.ask(Request::State(UntrustedStatement { challenge })).await? {
            Reply::Statement(statement) => Ok(statement),
            Reply::Refused(refusal) => Err(Error::Refused(refusal)),
            _ => Err(Error::Answer),
        }
    }

    /// Whether the enclave serves; brings it a step nearer if it does not.
    pub(crate) async fn has_caught_up(&mut self) -> Result<bool> {
        if self.catching_up.is_done {
            return Ok(true);
        }
        failpoint!("key.start.before-caught-up");
        if self.catching_up.asking.as_ref().is_some_and(|asking| !asking.is_finished()) {
            return Ok(false);
        }
        let reply = match self.catching_up.asking.take() {
            Some(asking) => {
                let mut statements = asking.await.unwrap_or_default();
                statements.truncate(MAX_MEMBERS);
                let statements = UntrustedStatements { statements: statements.into() };
                self.enclave.ask(Request::Statements(statements)).await?
            }
            None => self.enclave.ask(Request::CatchUp(Done {})).await?,
        };
        match reply {
            Reply::CaughtUp(_) => {
                self.catching_up.is_done = true;
                tracing::info!(block = self.feeder.view().number, "caught up with the other key nodes");
            }
            Reply::CatchingUp(due) => {
                self.catching_up.due = Some(due);
                self.ask_others();
            }
            Reply::Refused(Refusal { code: Code::Behind, detail }) => {
                let pause = if detail == 0 { ASK_SOON } else { ASK_AGAIN };
                if self.catching_up.asked.is_none_or(|asked| asked.elapsed() > pause) {
                    self.ask_others();
                }
            }
            Reply::Refused(Refusal { code: Code::WrongStatement, detail }) => {
                tracing::warn!(member = detail, "a member's statement of its head does not hold");
                self.catching_up.wrong.insert(detail);
                self.ask_others();
            }
            Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
            _ => return Err(Error::Answer),
        }
        Ok(self.catching_up.is_done)
    }

    fn ask_others(&mut self) {
        let Some(due) = &self.catching_up.due else { return };
        let wrong = self.catching_up.wrong.clone();
        let asking = ask(self.peers.clone(), due.challenge, due.needed.into(), wrong);
        self.catching_up.asking = Some(tokio::spawn(asking));
        self.catching_up.asked = Some(Instant::now());
    }
}

/// Asks all other members at once, until as many as are needed have answered or it takes too long.
async fn ask(peers: Peers, challenge: B256, needed: usize, wrong: BTreeSet<u64>) -> Vec<HeadStatement> {
    let request = PeerRequest::Head(HeadRequest { challenge });
    let mut asked: FuturesUnordered<_> =
        peers.of(Role::Key).map(|(peer, _)| peers.ask(peer, &request)).collect();
    let (mut statements, deadline) = (Vec::new(), Instant::now() + ANSWER);
    while statements.len() < needed
        && let Ok(Some(reply)) = timeout_at(deadline, asked.next()).await
    {
        if let Ok(PeerReply::Head(statement)) = reply
            && !wrong.contains(&statement.member.into())
        {
            statements.push(statement);
        }
    }
    statements
}
