//! A new network: what `enigma up` does, in one process.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    Chain, Sender, accounts,
    deployment::{self, Admission, KeyGeneration},
};
use enigma_crypto::bls::PublicKey;
use enigma_platform::simulated_measurement;
use enigma_protocol::{
    door::Identity,
    genesis::{GenesisSetup, Member},
    keys::commitments_hash,
    network::Descriptor,
};

use super::{
    KEYS, PARAMETERS, Rig, THRESHOLD, WORKERS,
    ledger::Ledger,
    seats::{Facts, Headers, KeySeat, WorkerSeat},
    sender,
};
use crate::{
    anvil::Anvil,
    sealed::{Entropy, KeyDoor, WorkerDoor},
};

/// ENG that a worker stakes, wei.
const STAKE: u128 = 10_000 * 1_000_000_000_000_000_000;
/// How long a worker is admitted, seconds.
const ADMITTED: u64 = 365 * 86_400;

impl Rig {
    /// Starts a chain and a network on it, and opens epoch 2, the first with a lottery.
    ///
    /// # Panics
    /// Anything fails.
    pub async fn start() -> Self {
        Self::start_on([1, 2, 3]).await
    }

    /// The same with the workers on these machines, which they may share.
    ///
    /// # Panics
    /// Anything fails.
    pub async fn start_on(machines: [u8; WORKERS]) -> Self {
        let anvil = Anvil::start(&["--accounts", &accounts::FUNDED.to_string()]);
        let bare = Chain::connect(&anvil.url(), Address::ZERO).expect("an endpoint");
        let deployer = sender(&bare, accounts::DEPLOYER);
        // Block 0 has no proofs: the checkpoint must be a later one.
        deployment::mine_block(&deployer).await.expect("a block");
        let measurements = vec![simulated_measurement("worker")];
        let (token, enigma) =
            deployment::deploy_contracts(&deployer, PARAMETERS, measurements).await.expect("contracts");
        let chain = bare.with_enigma(enigma);
        let deployer = sender(&chain, accounts::DEPLOYER);

        let mut workers = Vec::new();
        for (place, machine) in machines.into_iter().enumerate() {
            workers.push(admitted(&deployer, token, place, machine).await);
        }
        let setup = chain.descriptor([0; 96]).await.expect("a descriptor");
        let (descriptor, commitments, keys) = ceremony(&deployer, setup).await;
        for worker in &mut workers {
            worker.door.join(&descriptor, &commitments).expect("joins");
        }
        let mut rig = Self {
            network: descriptor.network(),
            headers: Headers::new(&descriptor),
            ledger: Ledger::new(&descriptor),
            users: (0..9).map(|i| sender(&chain, i)).collect(),
            carrier: sender(&chain, 9),
            facts: Facts::default(),
            snapshots: BTreeMap::new(),
            entropy: Entropy::new("clients"),
            anvil,
            chain,
            descriptor,
            token,
            deployer,
            commitments,
            keys,
            workers,
        };
        rig.next_epoch().await;
        rig
    }

    /// Admits worker `index` until `expiry`, Unix seconds; it keeps seat, stake and login.
    ///
    /// # Panics
    /// The chain refuses.
    pub async fn renew(&self, index: usize, expiry: u64) {
        let admit = enigma_chain::bindings::Enigma::admitCall {
            signer: self.workers[index].signer,
            operator: self.workers[index].operator.address(),
            measurement: simulated_measurement("worker"),
            platform: self.workers[index].platform,
            expiry: enigma_chain::bindings::epoch(expiry),
        };
        self.deployer.call_enigma(&admit, U256::ZERO).await.expect("renewed");
    }

    /// Logs worker `index` out of the lottery; it counts from the epoch after the next.
    ///
    /// # Panics
    /// The chain refuses.
    pub async fn logout(&self, index: usize) {
        let id = U256::from(self.workers[index].id);
        let call = enigma_chain::bindings::Enigma::logoutCall { id };
        self.workers[index].operator.call_enigma(&call, U256::ZERO).await.expect("logged out");
    }
}

async fn admitted(deployer: &Sender, token: Address, place: usize, machine: u8) -> WorkerSeat {
    let name = format!("rig worker {place}");
    let mut door = WorkerDoor::new(&name);
    let identity = door.start(machine, None).expect("wakes");
    let operator = sender(deployer.chain(), accounts::FIRST_WORKER + place as u32);
    let height = deployer.chain().height().await.expect("a height");
    let now = deployer.chain().block(height).await.expect("a block").timestamp;
    let admission = Admission {
        signer: identity.address,
        operator: operator.address(),
        measurement: identity.measurement,
        platform: identity.platform,
        expiry: now + ADMITTED,
    };
    deployment::admit(deployer, token, &admission, U256::from(STAKE)).await.expect("admitted");
    deployment::stake_and_login(&operator, token, identity.address, U256::from(STAKE)).await.expect("staked");
    let id = deployer.chain().worker_id(identity.address).await.expect("an id");
    WorkerSeat::new(door, &name, id, &identity, operator)
}

/// Who is paid for seat `index` of the committee.
fn seat_operator(chain: &Chain, index: usize) -> Address {
    sender(chain, accounts::FIRST_KEY_NODE + index as u32).address()
}

async fn ceremony(deployer: &Sender, descriptor: Descriptor) -> (Descriptor, Vec<[u8; 96]>, Vec<KeySeat>) {
    let mut doors: Vec<KeyDoor> = (0..KEYS).map(|i| KeyDoor::new(&format!("rig key {i}"))).collect();
    let identities: Vec<Identity> = doors
        .iter_mut()
        .zip(101..)
        .map(|(door, machine)| door.start(machine, None).expect("wakes"))
        .collect();
    let members: Vec<Member> =
        identities.iter().map(|i| Member { address: i.address, box_key: i.box_key }).collect();
    let setup = GenesisSetup { descriptor, members: members.into(), threshold: THRESHOLD as u8 };
    let dealing = doors[0].deal(&setup).expect("deals");
    let signatures =
        doors.iter_mut().map(|d| d.accept(&setup, &dealing).expect("accepts").signature).collect();
    let commitments = dealing.commitments.0;
    let mut descriptor = setup.descriptor;
    descriptor.public_key = commitments[0];
    let keys = KeyGeneration {
        public_key: PublicKey::from_bytes(&commitments[0]).expect("a key").to_eip2537().to_vec(),
        commitments_hash: commitments_hash(&commitments),
        threshold: THRESHOLD as u8,
        members: identities.iter().map(|i| i.address).collect(),
        operators: (0..KEYS).map(|i| seat_operator(deployer.chain(), i)).collect(),
        signatures,
    };
    deployment::genesis(deployer, &keys).await.expect("genesis");
    let network: B256 = deployer.chain().network_state().await.expect("a network").network;
    assert_eq!(network, descriptor.network(), "contract and enclaves name the network alike");
    (descriptor, commitments, doors.into_iter().map(KeySeat::new).collect())
}
