//! The transfer as a task through the door: frames to a real enclave process over its standard input and output.
//!
//! The process is a worker of a network whose chain is a map and whose key enclaves answer in this process: what is
//! measured is the enclave, with real proofs, keys, envelopes, sealing and signatures, and nothing that a host does.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result, bail, ensure};
use enigma_crypto::ibe::Session;
use enigma_enclave_host::EnclaveProcess;
use enigma_primitives::Secret;
use enigma_protocol::{
    door::{
        Executed, Join, Need, Start, UntrustedKeys, UntrustedWorkerRequest as Request, WorkerReply as Reply,
        frame, unframe,
    },
    envelope::{self, Claim, Plaintext},
    input::Kind,
    layout,
    receipt::Status,
};
use enigma_tests::{
    network::binary,
    sealed::{Client, Entropy, Network, Plan, Terms, network::EXPIRY},
};

use crate::{series::Series, token::Token};

const PATIENCE: Duration = Duration::from_secs(60);
/// Tasks of one receipt where they come in batches.
const BATCH: usize = 16;
/// Slots of a large world, and how many a task can write.
const LARGE: usize = 50_000;
const FILL: usize = 500;
const TOKEN: Address = Address::repeat_byte(0x70);

pub async fn run(token: &Token, tasks: usize) -> Result<()> {
    let mut bench = Bench::start(token).await?;
    let warm = bench.client.session(TOKEN, bench.network.enigma.epoch());
    for i in 0..20 {
        bench.task(i, 1, Some(&warm), None).await?;
    }
    let mut headers = Series::new("header of one block, through the door");
    let mut fresh = Series::new("task of a fresh session, through the door");
    let mut again = Series::new("task of a warm session, through the door");
    // In turns, so that both see the same machine.
    for i in 0..tasks {
        bench.task(i, 1, None, Some((&mut headers, &mut fresh))).await?;
        bench.task(i, 1, Some(&warm), Some((&mut headers, &mut again))).await?;
    }
    let mut batches = Series::new("receipt of 16 tasks of a warm session");
    for i in 0..tasks.div_ceil(BATCH) {
        bench.task(i, BATCH, Some(&warm), Some((&mut headers, &mut batches))).await?;
    }
    for series in [headers, fresh, again, batches] {
        println!("{series}");
    }
    bench.fill(LARGE).await?;
    let mut large = Series::new("task of a warm session, world of 50,000 slots");
    for i in 0..tasks {
        bench.task(i, 1, Some(&warm), Some((&mut Series::new(""), &mut large))).await?;
    }
    println!("{large}");
    bench.enclave.shutdown(Duration::from_secs(3)).await;
    Ok(())
}

struct Bench {
    enclave: EnclaveProcess,
    network: Network,
    client: Client,
    entropy: Entropy,
    /// The block that the enclave has been fed.
    fed: u64,
}

impl Bench {
    /// An enclave at work, in an epoch that lasts, with the token deployed.
    async fn start(token: &Token) -> Result<Self> {
        let program = binary::enigma().with_file_name("enigma-worker-enclave");
        let enclave = EnclaveProcess::start(program, [] as [&str; 0])?;
        let mut network = Network::unopened(Plan { workers: 0, ..Plan::default() });
        let fed = network.descriptor.checkpoint_number;
        let client = network.client("bench");
        let entropy = Entropy::new("envelopes");
        let start = Start { machine_secret: [1; 32], sealed: None };
        let Reply::Started(identity) = ask(&enclave, &Request::Start(start)).await? else {
            bail!("the enclave does not start")
        };
        let id = network.enigma.admit(identity.address, identity.measurement, identity.platform, EXPIRY);
        network.enigma.login(id, 1_000);
        // Who logs in during epoch 1 is drawn from epoch 3 on; without a beacon, that one goes on for ever.
        network.next_epoch();
        network.next_epoch();
        let join =
            Join { descriptor: network.descriptor.clone(), commitments: network.commitments.clone().into() };
        let mut bench = Self { enclave, network, client, entropy, fed };
        let Reply::Done(_) = bench.ask(&Request::Join(join)).await? else {
            bail!("the enclave does not join")
        };
        bench.network.enigma.create(TOKEN, 1, 0);
        bench.submit(Kind::Deploy, &[], None, &token.creation)?;
        bench.execute(1, None).await.context("the deployment")?;
        Ok(bench)
    }

    /// `count` transfers in one receipt; a session of their own each if none is given.
    async fn task(
        &mut self,
        index: usize,
        count: usize,
        session: Option<&Session>,
        series: Option<(&mut Series, &mut Series)>,
    ) -> Result<()> {
        for i in 0..count {
            self.submit(Kind::Task, &Token::transfer(count * index + i), session, &[])?;
        }
        self.execute(count, series).await
    }

    /// Makes the token's world a large one.
    async fn fill(&mut self, slots: usize) -> Result<()> {
        for from in (0..slots).step_by(FILL) {
            self.submit(Kind::Task, &Token::fill(from, FILL), None, &[])?;
            self.execute(1, None).await?;
        }
        Ok(())
    }

    /// An input in the pending block.
    fn submit(&mut self, kind: Kind, body: &[u8], session: Option<&Session>, code: &[u8]) -> Result<()> {
        let epoch = self.network.enigma.epoch();
        let binding = self.client.binding(kind, TOKEN, epoch);
        let envelope = match session {
            None => self.client.seal(&binding, body).envelope,
            Some(session) => {
                let plaintext = Plaintext {
                    reply_key: Secret::from_bytes(self.entropy.word()),
                    expiry: 0,
                    claim: Claim::None,
                    body: Secret::new(body.to_vec()),
                };
                envelope::seal(session, self.entropy.bytes(), &plaintext, &binding)?
            }
        };
        let terms = Terms { gas_limit: 16_000_000, commit_gas: 4_000_000, ..Terms::default() };
        self.network.enigma.submit(kind, TOKEN, self.client.address, &terms, epoch, &envelope, code);
        Ok(())
    }

    /// Mines, has the inputs executed, commits, mines. Noted are the header's frame and the last one: while keys are
    /// missing, which is once an epoch, there are more.
    async fn execute(&mut self, count: usize, mut series: Option<(&mut Series, &mut Series)>) -> Result<()> {
        self.network.enigma.chain.mine();
        self.follow(series.as_mut().map(|s| &mut *s.0)).await?;
        let mut slots = self.usual(count);
        let executed = loop {
            let question = self.network.question(TOKEN, count, &slots, self.fed);
            let request = frame(&Request::Execute(question));
            let begin = Instant::now();
            let reply = self.enclave.request(&request, PATIENCE).await?;
            if let Some((_, tasks)) = series.as_mut() {
                tasks.note(begin);
            }
            match unframe(&reply)? {
                Reply::Executed(executed) => break executed,
                Reply::Need(Need { slots: missing, keys, .. }) => {
                    ensure!(series.is_none(), "the enclave needs more than is usual");
                    slots.extend(missing.0);
                    for request in keys.0 {
                        let replies = self.network.gather(&request).map_err(|r| anyhow::anyhow!("{r:?}"))?;
                        let keys = UntrustedKeys { request, replies: replies.into() };
                        let Reply::Done(_) = self.ask(&Request::Keys(keys)).await? else { bail!("no keys") };
                    }
                }
                other => bail!("the enclave answers {other:?}"),
            }
        };
        self.land(&executed)
    }

    fn land(&mut self, executed: &Executed) -> Result<()> {
        ensure!(executed.receipt.results.0.iter().all(|r| r.status == Status::Completed), "a task failed");
        let landed = self.network.enigma.commit(executed, &[executed.signature]);
        landed.map_err(|why| anyhow::anyhow!("the receipt is refused: {why}"))?;
        self.network.enigma.chain.mine();
        Ok(())
    }

    async fn follow(&mut self, mut series: Option<&mut Series>) -> Result<()> {
        let chain = &self.network.enigma.chain;
        for number in self.fed + 1..=chain.height() {
            let request = frame(&Request::Headers(chain.headers(number, number)));
            let begin = Instant::now();
            let reply = self.enclave.request(&request, PATIENCE).await?;
            if let Some(series) = &mut series {
                series.note(begin);
            }
            let Reply::View(_) = unframe(&reply)? else { bail!("the enclave does not follow") };
        }
        self.fed = chain.height();
        Ok(())
    }

    /// What an execution reads, as a worker node brings it unasked.
    fn usual(&self, count: usize) -> BTreeSet<B256> {
        let first = self.network.enigma.cursor(TOKEN);
        BTreeSet::from([
            layout::EPOCH,
            layout::PARAMETERS,
            layout::secret_contract(TOKEN, 0),
            layout::secret_contract(TOKEN, 1),
            layout::head(TOKEN, first.wrapping_sub(1)),
            layout::head(TOKEN, first + count as u64 - 1),
        ])
    }

    async fn ask(&self, request: &Request) -> Result<Reply> {
        ask(&self.enclave, request).await
    }
}

async fn ask(enclave: &EnclaveProcess, request: &Request) -> Result<Reply> {
    Ok(unframe(&enclave.request(&frame(request), PATIENCE).await?)?)
}
