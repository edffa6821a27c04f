//! A whole network: four key enclaves, some workers, one contract.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_crypto::{
    bls::{PublicKey, Signature},
    threshold::{MemberIndex, Partial, PublicPolynomial, open},
};
use enigma_platform::simulated_measurement;
use enigma_primitives::{Secret, tags::CURVE_BEACON};
use enigma_protocol::{
    door::{
        Executed, Need, Refusal, UntrustedExecute, UntrustedFacts, UntrustedInput, UntrustedPiece,
        UntrustedQuery, UntrustedReplay, UntrustedWorkerRequest as Request, WorkerReply,
    },
    genesis::{GenesisSetup, Member},
    input::Kind,
    keys::{KeyReply, KeyRequest, commitments_hash},
    network::{Descriptor, ERA, RULESET, VERIFIER_DEV, beacon_message, seed, simulated_root},
    output::Output,
    peer::HeadStatement,
    query::QueryReply,
    state::UntrustedState,
};

use super::{
    chain::{Chain, START},
    client::{Client, Letter},
    contract::{Enigma, Events, Terms},
    door::{KeyDoor, Public, ROUNDS, WorkerDoor},
    reader::Reader,
};

/// Creation code of the contract that the tests deploy: `crates/trusted/evm/fixtures/Root.sol`.
const ROOT: &str = include_str!("../../../crates/trusted/evm/fixtures/root.hex");

/// The size of a network.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Real worker enclaves.
    pub workers: usize,
    /// Workers of a group.
    pub group_size: u8,
    /// Blocks.
    pub epoch_length: u64,
    /// Epochs to which envelopes may be encrypted before the current one.
    pub window: u8,
}

impl Default for Plan {
    fn default() -> Self {
        Self { workers: 3, group_size: 3, epoch_length: 8, window: 3 }
    }
}

/// Four key enclaves (threshold 3), workers, the contract.
pub struct Network {
    /// The contract and its chain.
    pub enigma: Enigma,
    /// What clients pin.
    pub descriptor: Descriptor,
    /// The committee's public polynomial.
    pub commitments: Vec<[u8; 96]>,
    /// The committee, in the order of its seats.
    pub keys: Vec<KeyDoor>,
    /// Sealed identities and seats of the committee.
    pub sealed_keys: Vec<(Vec<u8>, Vec<u8>)>,
    /// Workers; the id of each is its place.
    pub workers: Vec<WorkerDoor>,
    /// Their identities.
    pub identities: Vec<Public>,
}

/// An input on its way.
#[derive(Debug)]
pub struct Sent {
    /// The secret contract.
    pub contract: Address,
    /// The input's index.
    pub index: u64,
    /// What only the sender has.
    pub reply_key: Secret<[u8; 32]>,
}

/// End of every admission, unix seconds.
pub const EXPIRY: u64 = START + 1_000_000;

impl Network {
    /// A network at the beginning of epoch 2, its first with a lottery.
    pub fn start() -> Self {
        Self::planned(Plan::default())
    }

    /// The same of another size.
    pub fn planned(plan: Plan) -> Self {
        let mut network = Self::unopened(plan);
        network.next_epoch();
        assert_eq!(network.enigma.epoch(), 2);
        network
    }

    /// A network in epoch 1: the committee has its shares, the workers are logged in, no lottery has run.
    pub fn unopened(plan: Plan) -> Self {
        let mut enigma = Enigma::new(Address::repeat_byte(0xee), 31_337);
        enigma.set_parameters(plan.epoch_length, plan.group_size, plan.window);
        enigma.allow(simulated_measurement("worker"), true);
        let checkpoint = enigma.chain.height();
        let descriptor = Descriptor {
            chain_id: enigma.chain_id,
            enigma: enigma.address,
            checkpoint_number: checkpoint,
            checkpoint_hash: enigma.chain.block(checkpoint).hash,
            verifier: VERIFIER_DEV,
            attestation_root: simulated_root(),
            ruleset: RULESET,
            public_key: [0; 96],
        };
        let mut network = Self {
            enigma,
            descriptor,
            commitments: Vec::new(),
            keys: Vec::new(),
            sealed_keys: Vec::new(),
            workers: Vec::new(),
            identities: Vec::new(),
        };
        network.seat_committee();
        for _ in 0..plan.workers {
            network.hire();
        }
        network.enigma.genesis(network.descriptor.network(), commitments_hash(&network.commitments));
        network.enigma.chain.mine();
        network
    }

    fn seat_committee(&mut self) {
        self.keys = (1..=4).map(|i| KeyDoor::new(&format!("key {i}"))).collect();
        let identities: Vec<_> =
            (1..).zip(&mut self.keys).map(|(i, key)| key.start(i, None).expect("awake")).collect();
        let members: Vec<Member> =
            identities.iter().map(|i| Member { address: i.address, box_key: i.box_key }).collect();
        let setup =
            GenesisSetup { descriptor: self.descriptor.clone(), members: members.into(), threshold: 3 };
        let dealing = self.keys[0].deal(&setup).expect("dealt");
        for (key, identity) in self.keys.iter_mut().zip(&identities) {
            let accepted = key.accept(&setup, &dealing).expect("accepted");
            self.sealed_keys.push((identity.sealed.0.clone(), accepted.sealed.0));
        }
        self.commitments = dealing.commitments.0;
        self.descriptor.public_key = self.commitments[0];
    }

    /// Wakes a worker up, admits it and logs it in; returns its place. It is drawn from the epoch after the next on.
    pub fn hire(&mut self) -> usize {
        let place = self.workers.len();
        let mut worker = WorkerDoor::new(&format!("worker {place}"));
        let identity = worker.start(100 + place as u8, None).expect("awake");
        worker.join(&self.descriptor, &self.commitments).expect("joined");
        let id = self.enigma.admit(identity.address, identity.measurement, identity.platform, EXPIRY);
        assert_eq!(id, place as u64);
        self.enigma.login(id, 1_000 + place as u32);
        self.identities.push(Public::from(&identity));
        self.workers.push(worker);
        place
    }

    /// A new life of a member, as its host would start it, with the seat of genesis. It has seen no header.
    ///
    /// # Panics
    /// The enclave refuses.
    pub fn reborn(&self, member: usize, name: &str) -> KeyDoor {
        let (identity, seat) = self.sealed_keys[member].clone();
        let mut key = KeyDoor::new(name);
        key.start(member as u8 + 1, Some(identity)).expect("awake");
        key.resume(seat).expect("seated");
        key
    }

    /// What the members in `seats` say to a challenge.
    ///
    /// # Panics
    /// A member refuses.
    pub fn heads(&mut self, challenge: B256, seats: &[usize]) -> Vec<HeadStatement> {
        seats.iter().map(|&seat| self.keys[seat].statement(challenge).expect("a statement")).collect()
    }

    /// Starts a worker's enclave anew: it is who it was, and remembers nothing.
    ///
    /// # Panics
    /// The enclave refuses.
    pub fn restart(&mut self, worker: usize) {
        let mut door = WorkerDoor::new(&format!("worker {worker}"));
        let identity = door.start(100 + worker as u8, None).expect("awake");
        assert_eq!(identity.address, self.identities[worker].address);
        door.join(&self.descriptor, &self.commitments).expect("joined");
        self.workers[worker] = door;
    }

    /// The network key's public polynomial.
    pub fn polynomial(&self) -> PublicPolynomial {
        let points = self.commitments.iter().map(|c| PublicKey::from_bytes(c).expect("a point")).collect();
        PublicPolynomial::from_commitments(points).expect("a polynomial")
    }

    /// The beacon of an epoch, from three members, checked.
    pub fn beacon(&mut self, epoch: u64) -> Signature {
        let network = self.descriptor.network();
        let partials: Vec<Partial> = self
            .keys
            .iter_mut()
            .take(3)
            .map(|key| {
                let partial = key.beacon(&self.enigma.chain, epoch).expect("a beacon");
                let member = MemberIndex::new(partial.member).expect("a member");
                Partial { member, signature: Signature::from_bytes(&partial.partial).expect("a point") }
            })
            .collect();
        let message = beacon_message(network, ERA, epoch);
        open(&self.polynomial(), CURVE_BEACON, &message, &partials).expect("a beacon")
    }

    /// Posts the beacon of the next epoch in a block of its own; returns that epoch and its first block.
    pub fn post_beacon(&mut self) -> (u64, u64) {
        let epoch = self.enigma.epoch_at(self.enigma.chain.height()) + 1;
        let beacon = self.beacon(epoch).to_eip2537();
        let posted = self.enigma.post_seed(seed(self.descriptor.network(), ERA, epoch, &beacon));
        self.enigma.chain.mine();
        posted
    }

    /// Posts the next beacon and goes to the first block of its epoch; returns the epoch.
    pub fn next_epoch(&mut self) -> u64 {
        let (epoch, start) = self.post_beacon();
        self.enigma.chain.mine_to(start);
        epoch
    }

    /// A client of this network.
    pub fn client(&self, name: &str) -> Client {
        let key = PublicKey::from_bytes(&self.descriptor.public_key).expect("a point");
        Client::new(name, self.descriptor.network(), key)
    }

    /// An account of this network that reads.
    pub fn reader(&self, name: &str) -> Reader {
        Reader::new(name, &self.descriptor, self.client(name))
    }

    /// Logs the deployment of a contract, signed by `signers` workers; `start` is its constructor's argument. The
    /// input is in the pending block.
    pub fn deploy(&mut self, client: &mut Client, name: &str, start: u64, signers: u8) -> Sent {
        let contract = Address::from_word(keccak256(name));
        self.enigma.create(contract, signers, 0);
        let argument = U256::from(start).to_be_bytes::<32>();
        let epoch = self.enigma.epoch();
        let letter = client.seal(&client.binding(Kind::Deploy, contract, epoch), &argument);
        let code = hex::decode(ROOT.trim()).expect("hex");
        let (terms, sender) = (Terms::default(), client.address);
        let index =
            self.enigma.submit(Kind::Deploy, contract, sender, &terms, epoch, &letter.envelope, &code);
        Sent { contract, index, reply_key: letter.reply_key }
    }

    /// Logs a task in the pending block.
    pub fn call(&mut self, client: &mut Client, contract: Address, calldata: &[u8], terms: &Terms) -> Sent {
        let epoch = self.enigma.epoch();
        let mut binding = client.binding(Kind::Task, contract, epoch);
        binding.on_behalf_of = terms.on_behalf_of;
        let Letter { envelope, reply_key } = client.seal(&binding, calldata);
        let index = self.post(client.address, contract, terms, epoch, &envelope);
        Sent { contract, index, reply_key }
    }

    /// Logs a task with this envelope in the pending block; returns its index.
    pub fn post(
        &mut self,
        sender: Address,
        contract: Address,
        terms: &Terms,
        epoch: u64,
        envelope: &[u8],
    ) -> u64 {
        self.enigma.submit(Kind::Task, contract, sender, terms, epoch, envelope, &[])
    }

    /// The place of the worker of a rank in the current group.
    pub fn rank(&self, contract: Address, rank: usize) -> usize {
        self.enigma.drawn(contract, self.enigma.epoch())[rank] as usize
    }

    /// The place of the worker at a position of the current epoch's order.
    pub fn in_turn(&self, contract: Address, position: usize) -> usize {
        self.enigma.standing(contract).line()[position] as usize
    }

    /// The same, and the block from which its turn is.
    ///
    /// # Panics
    /// Nothing is pending.
    pub fn turn(&self, contract: Address, position: usize) -> (usize, u64) {
        (self.in_turn(contract, position), self.enigma.turn(contract, position))
    }

    /// The next `count` inputs, as a host gives them.
    pub fn question(
        &self,
        contract: Address,
        count: usize,
        slots: &BTreeSet<B256>,
        tip: u64,
    ) -> UntrustedExecute {
        let facts = self.enigma.chain.prove(tip, slots);
        UntrustedExecute { contract, facts, inputs: self.next(contract, count).into(), anchor: None }
    }

    fn next(&self, contract: Address, count: usize) -> Vec<UntrustedInput> {
        let first = self.enigma.cursor(contract) as usize;
        self.enigma.events[&contract].inputs[first..first + count].to_vec()
    }

    /// Every answer that the committee gives to a request; the first refusal if nobody answers.
    ///
    /// # Errors
    /// The committee refuses.
    pub fn gather(&mut self, request: &KeyRequest) -> Result<Vec<KeyReply>, Refusal> {
        let (chain, pending) = (&self.enigma.chain, self.enigma.oldest(request.contract));
        let ask = |key: &mut KeyDoor| key.release_in_turn(chain, request, pending.as_ref());
        let answers: Vec<_> = self.keys.iter_mut().map(ask).collect();
        let first = answers.iter().find_map(|a| a.as_ref().err().cloned());
        let replies: Vec<KeyReply> = answers.into_iter().flatten().collect();
        if replies.is_empty() { Err(first.expect("an answer")) } else { Ok(replies) }
    }

    /// One worker's receipt for the next `count` inputs, whatever it needs for it.
    ///
    /// # Errors
    /// The worker refuses, or the committee does.
    pub fn execute(&mut self, worker: usize, contract: Address, count: usize) -> Result<Executed, Refusal> {
        let state = self.enigma.events[&contract].state();
        self.execute_on(worker, contract, count, &state)
    }

    /// The same, with this state if the worker asks for one.
    ///
    /// # Errors
    /// The worker refuses, or the committee does.
    pub fn execute_on(
        &mut self,
        worker: usize,
        contract: Address,
        count: usize,
        state: &UntrustedState,
    ) -> Result<Executed, Refusal> {
        self.execute_anchored(worker, contract, count, state, None)
    }

    /// The same, with this block as the receipt's anchor.
    ///
    /// # Errors
    /// The worker refuses, or the committee does.
    pub fn execute_anchored(
        &mut self,
        worker: usize,
        contract: Address,
        count: usize,
        state: &UntrustedState,
        anchor: Option<u64>,
    ) -> Result<Executed, Refusal> {
        let tip = self.workers[worker].follow(&self.enigma.chain)?;
        let inputs = self.next(contract, count);
        let question = |facts| {
            Request::Execute(UntrustedExecute { contract, facts, inputs: inputs.clone().into(), anchor })
        };
        match self.ask(worker, contract, tip, Some(state), question)? {
            WorkerReply::Executed(executed) => Ok(executed),
            other => panic!("expected a receipt, {other:?} came"),
        }
    }

    /// One worker's answer to a query, whatever it needs for it.
    ///
    /// # Errors
    /// The worker refuses, or the committee does.
    pub fn query(
        &mut self,
        worker: usize,
        contract: Address,
        envelope: &[u8],
    ) -> Result<QueryReply, Refusal> {
        let state = self.enigma.events.get(&contract).map(Events::state).unwrap_or_else(nothing);
        let tip = self.workers[worker].follow(&self.enigma.chain)?;
        let question =
            |facts| Request::Query(UntrustedQuery { contract, facts, envelope: envelope.to_vec().into() });
        match self.ask(worker, contract, tip, Some(&state), question)? {
            WorkerReply::Answered(reply) => Ok(reply),
            other => panic!("expected an answer, {other:?} came"),
        }
    }

    /// Has a worker replay a piece of a state at the tip that it follows, whatever it needs for it.
    ///
    /// # Errors
    /// The worker refuses, or the committee does.
    pub fn replay(
        &mut self,
        worker: usize,
        contract: Address,
        piece: UntrustedPiece,
        tip: u64,
    ) -> Result<(), Refusal> {
        let question = |facts| Request::Replay(UntrustedReplay { contract, facts, piece: piece.clone() });
        match self.ask(worker, contract, tip, None, question)? {
            WorkerReply::Done(_) => Ok(()),
            other => panic!("expected an end, {other:?} came"),
        }
    }

    /// Asks a worker at the tip that it follows, whatever it needs for it. `state`: what it replays if it wants one.
    fn ask(
        &mut self,
        worker: usize,
        contract: Address,
        tip: u64,
        state: Option<&UntrustedState>,
        question: impl Fn(UntrustedFacts) -> Request,
    ) -> Result<WorkerReply, Refusal> {
        let mut slots = self.workers[worker].usual().clone();
        for _ in 0..ROUNDS {
            let facts = self.enigma.chain.prove(tip, &slots);
            match self.workers[worker].ask(&question(facts)) {
                WorkerReply::Refused(refusal) => return Err(refusal),
                WorkerReply::Need(need) => {
                    let wanted = self.bring(worker, &mut slots, need)?;
                    if let Some(state) = state.filter(|_| wanted) {
                        self.replay(worker, contract, whole(state), tip)?;
                    }
                }
                reply => return Ok(reply),
            }
        }
        panic!("no end of needs")
    }

    /// Brings slots and keys that a worker needs; whether it wants the state too.
    fn bring(&mut self, worker: usize, slots: &mut BTreeSet<B256>, need: Need) -> Result<bool, Refusal> {
        self.workers[worker].note(&need.slots.0);
        slots.extend(need.slots.0);
        for request in need.keys.0 {
            let replies = self.gather(&request)?;
            self.workers[worker].keys(&request, &replies)?;
        }
        Ok(need.state)
    }

    /// Mines, lets the worker whose turn is first execute all pending inputs of a contract (at most 128), commits, mines.
    ///
    /// # Panics
    /// Anybody refuses.
    pub fn work(&mut self, contract: Address) -> Executed {
        self.enigma.chain.mine();
        let pending = self.enigma.events[&contract].inputs.len() - self.enigma.cursor(contract) as usize;
        let executed =
            self.execute(self.in_turn(contract, 0), contract, pending.min(128)).expect("a receipt");
        self.enigma.commit(&executed, &[executed.signature]).expect("the receipt lands");
        self.enigma.chain.mine();
        executed
    }

    /// What the sender reads of a committed task.
    ///
    /// # Panics
    /// It does not open.
    pub fn read(&self, sent: &Sent) -> Output {
        let ctx = self.enigma.context(sent.contract, sent.index);
        let encrypted = &self.enigma.events[&sent.contract].outputs[sent.index as usize];
        Output::decrypt(&sent.reply_key, ctx, encrypted).expect("the sender's output")
    }

    /// Time of the newest block.
    pub fn time(&self) -> u64 {
        Chain::time(self.enigma.chain.height())
    }
}

/// The state of a contract that nothing has happened to.
fn nothing() -> UntrustedState {
    UntrustedState { base: None, steps: Vec::new() }
}

/// A state in one piece.
pub fn whole(state: &UntrustedState) -> UntrustedPiece {
    let UntrustedState { base, steps } = state.clone();
    UntrustedPiece { after: None, base, steps: steps.into(), is_last: true }
}
