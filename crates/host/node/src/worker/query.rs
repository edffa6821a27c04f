//! Answering queries: ciphertext in, ciphertext out. One at a time, beside the tasks: the enclave's door lets one question
//! in after another, so a task waits for one query at most.

use std::time::Instant;

use enigma_protocol::{
    door::{Code, UntrustedQuery, UntrustedWorkerRequest as Request, WorkerReply as Reply},
    query::{QueryReply, QueryRequest},
};
use enigma_rpc::Metrics;
use enigma_worker::Worker;
use tokio::time::timeout_at;

use super::{bench::usual_slots, world::NodeWorld};
use crate::{
    Error, Result,
    query::{Question, Questions, UNASKED},
};

/// Answers questions, for ever.
pub(crate) async fn serve(worker: &Worker<NodeWorld>, mut questions: Questions, metrics: &Metrics) {
    while let Some(question) = questions.recv().await {
        answer(worker, question, metrics).await;
    }
    std::future::pending().await
}

/// Answers a question, unless nobody waits for it any more.
async fn answer(worker: &Worker<NodeWorld>, question: Question, metrics: &Metrics) {
    if !question.is_wanted() {
        return;
    }
    let begun = Instant::now();
    // What is under way in the enclave then ends by itself, and its door stays in step.
    let answered = timeout_at(question.deadline.into(), ask(worker, &question.request)).await;
    let answer = match answered {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(Error::Refused(refusal))) => Err(refusal.code as u16),
        Ok(Err(error)) => {
            tracing::warn!(%error, contract = %question.request.contract, "a query could not be answered");
            Err(UNASKED)
        }
        Err(_) => Err(UNASKED),
    };
    metrics.query(answer.as_ref().err().copied(), begun.elapsed());
    question.answer(answer);
}

async fn ask(worker: &Worker<NodeWorld>, request: &QueryRequest) -> Result<QueryReply> {
    // Who asks may have seen a block that this node has not been told of yet.
    worker.catch_up().await?;
    let contract = request.contract;
    if !worker.knows(contract) {
        return Err(Error::Refused(Code::UnknownContract.into()));
    }
    let question =
        |facts| Request::Query(UntrustedQuery { contract, facts, envelope: request.envelope.clone() });
    let bench = &worker.world().bench;
    let oldest = worker.oldest(contract);
    match bench.ask(contract, usual_slots(contract), oldest.as_ref(), worker.states(), question).await? {
        Reply::Answered(reply) => Ok(reply),
        _ => Err(Error::Answer),
    }
}
