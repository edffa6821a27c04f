//! From a method's name to the node's answer.

use std::{net::IpAddr, sync::Arc, time::Instant};

use alloy_primitives::Bytes;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::{
    Api, Failure, Feed, Limits, Metrics, TaskKey,
    jsonrpc::{Caller, raw},
    limits::Buckets,
    metrics::Outcome,
    params::Params,
};

/// Everything that connections share.
pub(crate) struct Service<A> {
    pub(crate) api: A,
    pub(crate) limits: Limits,
    pub(crate) feed: Feed,
    pub(crate) metrics: Metrics,
    pub(crate) buckets: Buckets,
    pub(crate) queries: Semaphore,
    pub(crate) sockets: Arc<Semaphore>,
}

impl<A: Api> Service<A> {
    pub(crate) fn new(api: A, limits: Limits, feed: Feed, metrics: Metrics) -> Self {
        Self {
            api,
            limits,
            feed,
            metrics,
            buckets: Buckets::new(&limits),
            queries: Semaphore::new(limits.queries),
            sockets: Arc::new(Semaphore::new(limits.sockets)),
        }
    }

    /// Whether `address` may make one more request.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        self.buckets.take(address, Instant::now())
    }

    /// Calls a method and counts it.
    pub(crate) async fn call(&self, method: &str, params: &Params<'_>) -> Result<Box<RawValue>, Failure> {
        let result = self.dispatch(method, params).await;
        self.count(method, &result);
        result
    }

    pub(crate) fn count<T>(&self, method: &str, result: &Result<T, Failure>) {
        let outcome = match result {
            Ok(_) => Outcome::Ok,
            Err(failure) => Outcome::Failed(failure.code()),
        };
        self.metrics.request(method, outcome);
    }

    async fn dispatch(&self, method: &str, params: &Params<'_>) -> Result<Box<RawValue>, Failure> {
        const ADDRESS: &str = "the address of a secret contract, 20 bytes in hex";
        const NUMBER: &str = "a number";
        let api = &self.api;
        match method {
            "enigma_network" => none(params, api.network()).await,
            "enigma_bootstrap" => none(params, api.bootstrap()).await,
            "enigma_health" => none(params, api.health()).await,
            "enigma_epoch" => none(params, api.epoch()).await,
            "enigma_workers" => none(params, api.workers()).await,
            "enigma_contracts" => none(params, api.contracts()).await,
            "enigma_topology" => none(params, api.topology()).await,
            "enigma_group" => {
                params.at_most(2)?;
                let contract = params.required(0, "contract", ADDRESS)?;
                raw(&api.group(contract, params.optional(1, "epoch", NUMBER)?).await?)
            }
            "enigma_contract" => {
                params.at_most(1)?;
                raw(&api.contract(params.required(0, "contract", ADDRESS)?).await?)
            }
            "enigma_task" => raw(&api.task(task_key(params)?).await?),
            "enigma_tasks" => {
                params.at_most(1)?;
                let expected = "{contract?, sender?, limit?, before?: {block, contract, index}}";
                raw(&api.tasks(params.options(0, expected)?).await?)
            }
            "enigma_query" => {
                params.at_most(2)?;
                let contract = params.required(0, "contract", ADDRESS)?;
                let envelope: Bytes = params.required(1, "envelope", "bytes in hex")?;
                let busy = Failure::limit("too many queries are under way; try again, or ask another node");
                let _permit = self.queries.try_acquire().map_err(|_| busy)?;
                raw(&api.query(contract, envelope).await?)
            }
            "enigma_subscribe" | "enigma_unsubscribe" => {
                Err(Failure::request("subscriptions need a WebSocket; connect to this address with ws://"))
            }
            _ => Err(Failure::method()),
        }
    }
}

async fn none<T: serde::Serialize>(
    params: &Params<'_>,
    answer: impl Future<Output = Result<T, Failure>>,
) -> Result<Box<RawValue>, Failure> {
    params.at_most(0)?;
    raw(&answer.await?)
}

/// A place (contract, index), or a transaction.
fn task_key(params: &Params<'_>) -> Result<TaskKey, Failure> {
    params.at_most(2)?;
    const EXPECTED: &str = "a contract and an index, or the transaction that created the task";
    if let Params::ByPlace(list) = params
        && list.len() == 1
    {
        return Ok(TaskKey::Transaction(params.required(0, "transaction", EXPECTED)?));
    }
    if let Params::ByName(..) = params
        && let Some(transaction) = params.optional(0, "transaction", EXPECTED)?
    {
        return Ok(TaskKey::Transaction(transaction));
    }
    Ok(TaskKey::Place(params.required(0, "contract", EXPECTED)?, params.required(1, "index", "a number")?))
}

/// One HTTP request's caller.
pub(crate) struct Visitor<'a, A> {
    pub(crate) service: &'a Service<A>,
    pub(crate) address: IpAddr,
}

impl<A: Api> Caller for Visitor<'_, A> {
    fn admits(&self) -> bool {
        self.service.admits(self.address)
    }

    async fn call(&self, method: &str, params: &Params<'_>) -> Result<Box<RawValue>, Failure> {
        self.service.call(method, params).await
    }
}
