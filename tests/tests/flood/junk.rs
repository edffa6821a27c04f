//! Tasks that nobody can open, sent as fast as the chain takes them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alloy_primitives::{Address, U256};
use enigma_chain::{
    Chain, Sender, accounts,
    bindings::{Enigma, epoch},
};
use enigma_crypto::scalar::Scalar;
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{HEADER, SMALLEST, VERSION},
    network::ERA,
};
use tokio::task::JoinHandle;

use super::{
    Counts,
    author::{Author, due, parameters, random},
    scene::Known,
};

/// Junk tasks that wait at a contract on average, and at the one that has most, before honest ones are sent.
const QUEUE: u64 = 64;
const DEEPEST: u64 = 192;
/// Most that the chain lets wait at one.
const MOST: u64 = 255;
/// Tasks for one contract in a transaction; and for an account's first contract.
const BUNDLE: u64 = 20;
const LARGE_BUNDLE: u64 = 60;
const GAS: u64 = 100_000;

/// Accounts that send junk, each to contracts of its own.
pub struct Junk {
    chain: Chain,
    spammers: Vec<(u32, Vec<Address>)>,
}

impl Junk {
    /// Deploys so many contracts, shared by so many accounts, and waits until they are there.
    pub async fn new(known: &Known, code: &[u8], contracts: usize, spammers: u32) -> Self {
        let mut deploying = Vec::new();
        for account in 1..=spammers {
            let (chain, descriptor, code) = (known.chain.clone(), known.descriptor.clone(), code.to_vec());
            let each = contracts / spammers as usize;
            deploying.push(tokio::spawn(async move {
                let mut author = Author::new(&chain, &descriptor, account);
                let mut places = Vec::new();
                for _ in 0..each {
                    places.push(author.deploy(&code, 1, 0).await);
                }
                (account, places)
            }));
        }
        let mut spammers = Vec::new();
        for deployed in deploying {
            spammers.push(deployed.await.expect("deployments"));
        }
        Self { chain: known.chain.clone(), spammers }
    }

    /// The contracts that get it.
    pub fn contracts(&self) -> impl Iterator<Item = &Address> {
        self.spammers.iter().flat_map(|(_, places)| places)
    }

    /// How many tasks wait at each.
    pub async fn queues(&self) -> Vec<u64> {
        let mut queues = Vec::new();
        for contract in self.contracts() {
            queues.push(waiting(&self.chain, *contract).await);
        }
        queues
    }

    /// Waits until queues are as long as they shall be.
    pub async fn await_queues(&self, patience: Duration) -> Vec<u64> {
        let full = async {
            loop {
                let queues = self.queues().await;
                let is_deep = queues.iter().any(|queue| *queue >= DEEPEST);
                if is_deep && queues.iter().sum::<u64>() >= QUEUE * queues.len() as u64 {
                    return queues;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(patience, full).await.expect("queues of junk")
    }

    /// Sends until it is over.
    pub fn start(&self, counts: &Arc<Counts>) -> JoinHandle<()> {
        let mut spamming = Vec::new();
        for (account, places) in &self.spammers {
            let sender = Sender::new(self.chain.clone(), accounts::local(*account).unwrap());
            spamming.push(tokio::spawn(spam(sender, places.clone(), counts.clone())));
        }
        tokio::spawn(async move {
            for one in spamming {
                one.await.expect("a spammer");
            }
        })
    }
}

async fn waiting(chain: &Chain, contract: Address) -> u64 {
    let record = chain.secret_contract(contract).await.expect("the chain");
    record.inputCount - record.cursor
}

async fn spam(sender: Sender, places: Vec<Address>, counts: Arc<Counts>) {
    let mut kind = 0_u64;
    while !counts.is_over() {
        let now = sender.chain().network_state().await.expect("the chain").epoch;
        let mut requests = Vec::new();
        for (place, contract) in places.iter().enumerate() {
            let most = if place == 0 { LARGE_BUNDLE } else { BUNDLE };
            let room = MOST - waiting(sender.chain(), *contract).await.min(MOST);
            for _ in 0..room.min(most) {
                kind += 1;
                requests.push(Enigma::TaskRequest {
                    secretContract: *contract,
                    epoch: epoch(now),
                    envelope: envelope(kind, now).into(),
                    parameters: parameters(GAS, 0, 0),
                });
            }
        }
        let count = requests.len() as u64;
        if count == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        let each = due(&parameters(GAS, 0, 0));
        let call = Enigma::createTasksCall { requests };
        sender.call_enigma(&call, each * U256::from(count)).await.expect("junk that is paid for is taken");
        counts.junk.fetch_add(count, Ordering::Relaxed);
    }
}

/// Noise; or a header and noise; or a header with a point that takes a worker a pairing to find the noise behind it.
fn envelope(kind: u64, now: u64) -> Vec<u8> {
    let length = if kind.is_multiple_of(16) { 4_096 } else { SMALLEST };
    let mut bytes: Vec<u8> = (0..length).map(|_| rand::random()).collect();
    if !kind.is_multiple_of(3) {
        let point = Scalar::from_uniform(&Secret::from_bytes(random())).unwrap();
        let mut header = vec![VERSION];
        header.extend(ERA.to_be_bytes());
        header.extend(now.to_be_bytes());
        if kind % 3 == 1 {
            header.extend(point.public_key().to_bytes());
        }
        assert!(header.len() <= HEADER);
        bytes[..header.len()].copy_from_slice(&header);
    }
    bytes
}
