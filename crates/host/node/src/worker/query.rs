//! Answering queries: ciphertext in, ciphertext out.

use std::time::Instant;

use enigma_protocol::{
    door::{Code, UntrustedQuery, UntrustedWorkerRequest as Request, WorkerReply as Reply},
    query::{QueryReply, QueryRequest},
};
use tokio::time::timeout_at;

use super::{actor::WorkerNode, rounds::usual_slots};
use crate::{
    Error, Result,
    query::{Question, UNASKED},
};

impl WorkerNode {
    /// Answers a question, unless nobody waits for it any more.
    pub(crate) async fn answer_query(&mut self, question: Question) {
        if !question.is_wanted() {
            return;
        }
        let begun = Instant::now();
        // What is under way in the enclave then ends by itself, and its door stays in step.
        let answered = timeout_at(question.deadline.into(), self.query(&question.request)).await;
        let answer = match answered {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(Error::Refused(refusal))) => Err(refusal.code as u16),
            Ok(Err(error)) => {
                tracing::warn!(%error, contract = %question.request.contract, "a query could not be answered");
                Err(UNASKED)
            }
            Err(_) => Err(UNASKED),
        };
        self.metrics.query(answer.as_ref().err().copied(), begun.elapsed());
        question.answer(answer);
    }

    async fn query(&mut self, request: &QueryRequest) -> Result<QueryReply> {
        let contract = request.contract;
        if self.ledger.track(contract).is_none() {
            return Err(Error::Refused(Code::UnknownContract.into()));
        }
        let question = |facts, state| {
            Request::Query(UntrustedQuery { contract, facts, envelope: request.envelope.clone(), state })
        };
        match self.ask_bringing(contract, usual_slots(contract), question).await? {
            Reply::Answered(reply) => Ok(reply),
            _ => Err(Error::Answer),
        }
    }
}
