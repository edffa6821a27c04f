//! What a node can be asked.

use alloy_primitives::{Address, B256, Bytes};

use crate::{
    Failure,
    types::{Answer, Bootstrap, Contract, Epoch, Group, Health, Network, Task, TasksQuery, Topology, Worker},
};

/// Which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKey {
    /// By its place in a contract's log.
    Place(Address, u64),
    /// The first that a transaction created.
    Transaction(B256),
}

/// A node, as its server sees it.
pub trait Api: Send + Sync + 'static {
    /// The network's descriptor.
    fn network(&self) -> impl Future<Output = Result<Network, Failure>> + Send;
    /// What a node that joins needs.
    fn bootstrap(&self) -> impl Future<Output = Result<Bootstrap, Failure>> + Send;
    /// How the node is.
    fn health(&self) -> impl Future<Output = Result<Health, Failure>> + Send;
    /// The current epoch.
    fn epoch(&self) -> impl Future<Output = Result<Epoch, Failure>> + Send;
    /// Who is drawn for a contract; in the epoch of the next block, if none is named.
    fn group(
        &self,
        contract: Address,
        epoch: Option<u64>,
    ) -> impl Future<Output = Result<Group, Failure>> + Send;
    /// All workers that were ever admitted.
    fn workers(&self) -> impl Future<Output = Result<Vec<Worker>, Failure>> + Send;
    /// All secret contracts.
    fn contracts(&self) -> impl Future<Output = Result<Vec<Contract>, Failure>> + Send;
    /// One secret contract.
    fn contract(&self, contract: Address) -> impl Future<Output = Result<Contract, Failure>> + Send;
    /// One task.
    fn task(&self, key: TaskKey) -> impl Future<Output = Result<Task, Failure>> + Send;
    /// Tasks, newest first.
    fn tasks(&self, query: TasksQuery) -> impl Future<Output = Result<Vec<Task>, Failure>> + Send;
    /// Who talks to whom.
    fn topology(&self) -> impl Future<Output = Result<Topology, Failure>> + Send;
    /// Passes a query to a worker that holds the keys.
    fn query(
        &self,
        contract: Address,
        envelope: Bytes,
    ) -> impl Future<Output = Result<Answer, Failure>> + Send;
    /// Brings gauges up to date that are looked at rather than counted; called before metrics are told.
    fn measure(&self);
}
