//! An enclave behind its frames. Every request is encoded, every reply decoded: nothing passes but bytes.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use enigma_key_enclave::KeyEnclave;
use enigma_protocol::{
    Decode, Encode,
    door::{
        Accepted, CatchingUp, Done, Identity, Join, KeyEnclaveReply as KeyAnswer, Refusal, Resumed, Start,
        UntrustedAccept, UntrustedBeacon, UntrustedDeal, UntrustedExecute, UntrustedFacts, UntrustedHeaders,
        UntrustedKeyRequest, UntrustedKeys, UntrustedRelease, UntrustedReplay, UntrustedResume,
        UntrustedStatement, UntrustedStatements, UntrustedWorkerRequest, View, WorkerReply, frame, unframe,
    },
    genesis::{Dealing, GenesisSetup},
    input::Input,
    keys::{KeyReply, KeyRequest},
    network::Descriptor,
    peer::{BeaconPartial, HeadStatement},
};
use enigma_worker_enclave::WorkerEnclave;

use super::{chain::Chain, entropy::boot};

/// Rounds of "bring me this proof" before a question counts as endless.
pub const ROUNDS: usize = 40;

/// Proofs kept ready for the next question.
const USUAL: usize = 64;

/// What a host knows of the enclave that it feeds.
#[derive(Clone, Debug, Default)]
struct Fed {
    /// Number of the first block below, and hashes from there on.
    first: u64,
    hashes: Vec<B256>,
    /// Slots that were asked for before.
    usual: BTreeSet<B256>,
}

impl Fed {
    fn begin(&mut self, descriptor: &Descriptor) {
        self.first = descriptor.checkpoint_number;
        self.hashes = vec![descriptor.checkpoint_hash];
    }

    fn tip(&self) -> u64 {
        self.first + self.hashes.len() as u64 - 1
    }

    /// What follows the newest block that the enclave shares with `chain`.
    fn next(&self, chain: &Chain) -> Option<UntrustedHeaders> {
        let shared = (self.first..=self.tip().min(chain.height()))
            .rev()
            .find(|n| self.at(*n) == chain.block(*n).hash)?;
        (shared < chain.height()).then(|| chain.headers(shared + 1, chain.height()))
    }

    fn at(&self, number: u64) -> B256 {
        self.hashes[(number - self.first) as usize]
    }

    fn took(&mut self, chain: &Chain) {
        self.hashes = (self.first..=chain.height()).map(|n| chain.block(n).hash).collect();
    }

    fn note(&mut self, slots: &[B256]) {
        if self.usual.len() > USUAL {
            self.usual.clear();
        }
        self.usual.extend(slots);
    }
}

macro_rules! door {
    ($(#[$doc:meta])* $name:ident, $enclave:ty, $role:literal, $request:ident, $reply:ident) => {
        $(#[$doc])*
        pub struct $name {
            name: String,
            enclave: $enclave,
            fed: Fed,
            /// Every frame that went in.
            pub frames: Vec<Vec<u8>>,
        }

        impl $name {
            /// An enclave that knows nothing yet; its randomness depends on `name` alone.
            pub fn new(name: &str) -> Self {
                let enclave = <$enclave>::new(boot($role, name));
                Self { name: name.to_owned(), enclave, fed: Fed::default(), frames: Vec::new() }
            }

            /// Another enclave of the same name that lived through the same frames.
            pub fn again(&self) -> Self {
                let mut twin = Self::new(&self.name);
                self.frames.iter().for_each(|frame| drop(twin.raw(frame)));
                twin.fed = self.fed.clone();
                twin
            }

            /// Bytes in, bytes out.
            pub fn raw(&mut self, request: &[u8]) -> Vec<u8> {
                self.frames.push(request.to_vec());
                self.enclave.handle(request)
            }

            /// A request in, a reply out.
            ///
            /// # Panics
            /// The reply is none.
            pub fn ask(&mut self, request: &$request) -> $reply {
                decode(&self.raw(&encode(request)))
            }

            /// Wakes it up on a machine with this secret.
            ///
            /// # Errors
            /// As the enclave says.
            pub fn start(&mut self, machine: u8, sealed: Option<Vec<u8>>) -> Result<Identity, Refusal> {
                let sealed = sealed.map(Into::into);
                match self.ask(&$request::Start(Start { machine_secret: [machine; 32], sealed })) {
                    $reply::Started(identity) => Ok(identity),
                    other => Err(refused(other)),
                }
            }

            /// Feeds it the chain up to its tip.
            ///
            /// # Errors
            /// As the enclave says.
            pub fn follow(&mut self, chain: &Chain) -> Result<u64, Refusal> {
                let Some(headers) = self.fed.next(chain) else { return Ok(self.fed.tip()) };
                match self.ask(&$request::Headers(headers)) {
                    $reply::View(View { number, hash }) => {
                        assert_eq!((number, hash), (chain.height(), chain.block(chain.height()).hash));
                        self.fed.took(chain);
                        Ok(number)
                    }
                    other => Err(refused(other)),
                }
            }

            /// Number of its newest block.
            pub fn tip(&self) -> u64 {
                self.fed.tip()
            }
        }
    };
}

door! {
    /// A key enclave.
    KeyDoor, KeyEnclave, "key", UntrustedKeyRequest, KeyAnswer
}

door! {
    /// A worker enclave.
    WorkerDoor, WorkerEnclave, "worker", UntrustedWorkerRequest, WorkerReply
}

fn encode(request: &impl Encode) -> Vec<u8> {
    frame(request)
}

fn decode<T: Decode>(reply: &[u8]) -> T {
    unframe(reply).expect("a reply")
}

/// Whatever may carry a refusal.
trait Answer: std::fmt::Debug {
    fn refusal(self) -> Result<Refusal, Self>
    where
        Self: Sized;
}

impl Answer for KeyAnswer {
    fn refusal(self) -> Result<Refusal, Self> {
        if let Self::Refused(refusal) = self { Ok(refusal) } else { Err(self) }
    }
}

impl Answer for WorkerReply {
    fn refusal(self) -> Result<Refusal, Self> {
        if let Self::Refused(refusal) = self { Ok(refusal) } else { Err(self) }
    }
}

fn refused(answer: impl Answer) -> Refusal {
    answer.refusal().unwrap_or_else(|other| panic!("expected a refusal, {other:?} came"))
}

impl KeyDoor {
    /// Deals the shares of a committee.
    ///
    /// # Errors
    /// As the enclave says, here and below.
    pub fn deal(&mut self, setup: &GenesisSetup) -> Result<Dealing, Refusal> {
        match self.ask(&UntrustedKeyRequest::Deal(UntrustedDeal { setup: setup.clone() })) {
            KeyAnswer::Dealt(dealing) => Ok(dealing),
            other => Err(refused(other)),
        }
    }

    /// Takes its share.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn accept(&mut self, setup: &GenesisSetup, dealing: &Dealing) -> Result<Accepted, Refusal> {
        let accept = UntrustedAccept { setup: setup.clone(), dealing: dealing.clone() };
        self.fed.begin(&setup.descriptor);
        match self.ask(&UntrustedKeyRequest::Accept(accept)) {
            KeyAnswer::Accepted(accepted) => Ok(accepted),
            other => Err(refused(other)),
        }
    }

    /// Takes its seat of an earlier life.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn resume(&mut self, sealed: Vec<u8>) -> Result<Resumed, Refusal> {
        match self.ask(&UntrustedKeyRequest::Resume(UntrustedResume { sealed: sealed.into() })) {
            KeyAnswer::Resumed(resumed) => {
                self.fed.begin(&resumed.descriptor);
                Ok(resumed)
            }
            other => Err(refused(other)),
        }
    }

    /// Follows the chain and signs the beacon of an epoch.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn beacon(&mut self, chain: &Chain, epoch: u64) -> Result<BeaconPartial, Refusal> {
        self.follow(chain)?;
        let question = |facts| UntrustedKeyRequest::Beacon(UntrustedBeacon { epoch, facts });
        match self.with_facts(chain, question)? {
            KeyAnswer::Beacon(partial) => Ok(partial),
            other => panic!("expected a beacon, {other:?} came"),
        }
    }

    /// Follows the chain and releases its part of a key.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn release(&mut self, chain: &Chain, request: &KeyRequest) -> Result<KeyReply, Refusal> {
        self.release_in_turn(chain, request, None)
    }

    /// The same to a worker that says with the oldest pending input how long it has waited.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn release_in_turn(
        &mut self,
        chain: &Chain,
        request: &KeyRequest,
        pending: Option<&Input>,
    ) -> Result<KeyReply, Refusal> {
        self.follow(chain)?;
        let question = |facts| {
            let (request, pending) = (request.clone(), pending.cloned());
            UntrustedKeyRequest::Release(UntrustedRelease { request, pending, facts })
        };
        match self.with_facts(chain, question)? {
            KeyAnswer::Released(reply) => Ok(reply),
            other => panic!("expected a key, {other:?} came"),
        }
    }

    /// Says which block it is at.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn statement(&mut self, challenge: B256) -> Result<HeadStatement, Refusal> {
        match self.ask(&UntrustedKeyRequest::State(UntrustedStatement { challenge })) {
            KeyAnswer::Statement(statement) => Ok(statement),
            other => Err(refused(other)),
        }
    }

    /// What it has to be shown before it serves; nothing if it does.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn catch_up(&mut self) -> Result<Option<CatchingUp>, Refusal> {
        match self.ask(&UntrustedKeyRequest::CatchUp(Done {})) {
            KeyAnswer::CatchingUp(lacking) => Ok(Some(lacking)),
            KeyAnswer::CaughtUp(_) => Ok(None),
            other => Err(refused(other)),
        }
    }

    /// Gives it statements of other members.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn statements(&mut self, statements: &[HeadStatement]) -> Result<(), Refusal> {
        let statements = UntrustedStatements { statements: statements.to_vec().into() };
        match self.ask(&UntrustedKeyRequest::Statements(statements)) {
            KeyAnswer::CaughtUp(_) => Ok(()),
            other => Err(refused(other)),
        }
    }

    fn with_facts(
        &mut self,
        chain: &Chain,
        question: impl Fn(UntrustedFacts) -> UntrustedKeyRequest,
    ) -> Result<KeyAnswer, Refusal> {
        let mut slots = self.fed.usual.clone();
        for _ in 0..ROUNDS {
            let facts = chain.prove(self.tip(), &slots);
            match self.ask(&question(facts)) {
                KeyAnswer::Need(need) => {
                    assert!(!need.slots.0.is_empty() && need.keys.0.is_empty() && !need.state);
                    assert!(need.slots.0.iter().all(|s| !slots.contains(s)), "asked for what it has");
                    self.fed.note(&need.slots.0);
                    slots.extend(need.slots.0);
                }
                KeyAnswer::Refused(refusal) => return Err(refusal),
                answer => return Ok(answer),
            }
        }
        panic!("no end of facts")
    }
}

impl WorkerDoor {
    /// Joins a network.
    ///
    /// # Errors
    /// As the enclave says, here and below.
    pub fn join(&mut self, descriptor: &Descriptor, commitments: &[[u8; 96]]) -> Result<(), Refusal> {
        let join = Join { descriptor: descriptor.clone(), commitments: commitments.to_vec().into() };
        self.fed.begin(descriptor);
        match self.ask(&UntrustedWorkerRequest::Join(join)) {
            WorkerReply::Done(_) => Ok(()),
            other => Err(refused(other)),
        }
    }

    /// Takes key answers.
    ///
    /// # Errors
    /// As the enclave says.
    pub fn keys(&mut self, request: &KeyRequest, replies: &[KeyReply]) -> Result<(), Refusal> {
        let keys = UntrustedKeys { request: request.clone(), replies: replies.to_vec().into() };
        match self.ask(&UntrustedWorkerRequest::Keys(keys)) {
            WorkerReply::Done(_) => Ok(()),
            other => Err(refused(other)),
        }
    }

    /// Asks once to replay a piece of a state.
    pub fn replay(&mut self, replay: UntrustedReplay) -> WorkerReply {
        self.ask(&UntrustedWorkerRequest::Replay(replay))
    }

    /// Asks for a receipt once.
    pub fn execute(&mut self, execute: UntrustedExecute) -> WorkerReply {
        self.ask(&UntrustedWorkerRequest::Execute(execute))
    }

    /// The slots that were asked for lately.
    pub fn usual(&self) -> &BTreeSet<B256> {
        &self.fed.usual
    }

    /// Remembers slots for the next question.
    pub fn note(&mut self, slots: &[B256]) {
        self.fed.note(slots);
    }
}

/// The public half of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Public {
    /// Address of the signing key.
    pub address: Address,
    /// X25519 key.
    pub box_key: [u8; 32],
}

impl From<&Identity> for Public {
    fn from(identity: &Identity) -> Self {
        Self { address: identity.address, box_key: identity.box_key }
    }
}
