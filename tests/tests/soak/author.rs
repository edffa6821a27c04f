//! An account that writes to secret contracts by hand: in bundles, to contracts of several signers, and letters that nobody
//! can open.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    Chain, Sender, accounts,
    bindings::{Enigma, epoch},
};
use enigma_crypto::{bls::PublicKey, ibe, scalar::Scalar};
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{self, Binding, Claim, Plaintext},
    fees,
    input::Kind,
    network::{Descriptor, ERA, key_message},
};

/// Wei per gas: more than a local chain ever asks.
const PRICE_CAP: u128 = 100_000_000_000;
const TIP: u128 = 1_000_000_000;
const GAS: u64 = 500_000;

/// Something to send.
#[derive(Clone, Debug)]
pub struct Letter {
    pub contract: Address,
    pub body: Vec<u8>,
    pub value: u64,
    /// Whether a bit of it is flipped on the way.
    pub spoilt: bool,
}

/// One account.
pub struct Author {
    sender: Sender,
    descriptor: Descriptor,
    public_key: PublicKey,
    sessions: BTreeMap<(Address, u64), ibe::Session>,
}

impl Author {
    /// One of the accounts that a local chain funds.
    pub fn new(chain: &Chain, descriptor: &Descriptor, account: u32) -> Self {
        Self {
            sender: Sender::new(chain.clone(), accounts::local(account).unwrap()),
            descriptor: descriptor.clone(),
            public_key: PublicKey::from_bytes(&descriptor.public_key).unwrap(),
            sessions: BTreeMap::new(),
        }
    }

    pub const fn chain(&self) -> &Chain {
        self.sender().chain()
    }

    /// What sends its transactions.
    pub const fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Deploys and returns the address, whether or not anybody has executed it yet.
    pub async fn deploy(&mut self, code: &[u8], signers: u8, depth: u8) -> Address {
        let salt = B256::from(rand::random::<[u8; 32]>());
        let contract = self.chain().portal_address(self.sender.address(), salt).await.unwrap();
        let now = self.chain().network_state().await.unwrap().epoch;
        let task = parameters(10_000_000, 2 * code.len() as u64 + 8_192, 0);
        let due = due(&task);
        let call = Enigma::deployCall {
            terms: Enigma::DeployParameters { salt, signers, depth },
            task,
            epoch: epoch(now),
            code: code.to_vec().into(),
            envelope: self.seal(Kind::Deploy, contract, now, Vec::new()).into(),
        };
        self.sender.call_enigma(&call, due).await.expect("a deployment");
        contract
    }

    /// Sends these letters in one transaction; returns the block that has it.
    pub async fn send(&mut self, letters: &[Letter]) -> u64 {
        let now = self.chain().network_state().await.unwrap().epoch;
        let mut requests = Vec::new();
        for letter in letters {
            let mut envelope = self.seal(Kind::Task, letter.contract, now, letter.body.clone());
            if letter.spoilt {
                *envelope.last_mut().unwrap() ^= 1;
            }
            requests.push(Enigma::TaskRequest {
                secretContract: letter.contract,
                epoch: epoch(now),
                envelope: envelope.into(),
                parameters: parameters(GAS, 4_096, letter.value),
            });
        }
        let payment = requests.iter().map(|request| due(&request.parameters)).sum();
        let receipt = self.sender.call_enigma(&Enigma::createTasksCall { requests }, payment).await;
        receipt.expect("a bundle").block_number.unwrap()
    }

    fn seal(&mut self, kind: Kind, contract: Address, epoch: u64, body: Vec<u8>) -> Vec<u8> {
        let network = self.descriptor.network();
        let session = self.sessions.entry((contract, epoch)).or_insert_with(|| {
            let r = Scalar::from_uniform(&Secret::from_bytes(random())).unwrap();
            let message = key_message(network, ERA, contract, epoch);
            ibe::Session::for_input(&r, &self.public_key, &message)
        });
        let sender = self.sender.address();
        let binding = Binding { kind, network, contract, epoch, sender, on_behalf_of: B256::ZERO };
        let reply_key = Secret::from_bytes(rand::random());
        let plaintext = Plaintext { reply_key, expiry: 0, claim: Claim::None, body: Secret::new(body) };
        envelope::seal(session, random(), &plaintext, &binding).unwrap()
    }
}

/// Bytes of chance.
pub fn random<const N: usize>() -> [u8; N] {
    std::array::from_fn(|_| rand::random())
}

/// The terms of a task with so much gas inside, bytes to carry, value and a payout.
pub fn parameters(gas: u64, bytes: u64, value: u64) -> Enigma::TaskParameters {
    Enigma::TaskParameters {
        onBehalfOf: B256::ZERO,
        value: U256::from(value),
        gasLimit: gas,
        commitGas: fees::commit_gas_for(bytes, fees::OUTBOUND_TRANSFER_GAS),
        priceCap: PRICE_CAP,
        tip: TIP,
    }
}

/// What it pays ahead, wei.
pub fn due(task: &Enigma::TaskParameters) -> U256 {
    task.value + fees::max_fee(task.commitGas, task.gasLimit, task.priceCap)
}
