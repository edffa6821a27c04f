//! Receipts to the chain, or to nothing but its opinion.

use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct};
use enigma_chain::{CommitEvent, Error, bindings, bindings::Enigma, contract_error_name, packed::pack};
use enigma_protocol::door::Executed;
use serde_json::{Value, json};

use super::Rig;

pub use enigma_chain::packed::Commitment;

impl Rig {
    /// What an honest host makes of a receipt.
    ///
    /// # Panics
    /// It is not of inputs that were seen.
    pub fn commitment(&self, executed: &Executed) -> Commitment {
        let track = &self.ledger.tracks[&executed.receipt.secret_contract];
        let range = executed.receipt.first_index as usize..=executed.receipt.last_index as usize;
        let inputs: Vec<_> = track.inputs[range].iter().map(|i| i.input.clone()).collect();
        bindings::commitment(executed, &inputs)
    }

    /// What the chain would say to these commitments in its next block.
    ///
    /// # Errors
    /// It would refuse them all: the name of the first one's error.
    ///
    /// # Panics
    /// The chain fails, or the transaction fails without an error's data.
    pub fn try_commit(&self, commitments: &[Commitment]) -> Result<(), String> {
        self.try_commit_if(commitments, json!({}), json!({}))
    }

    /// The same if the chain were another: with storage overridden, `{address: {"stateDiff": {slot: word}}}`, or fields
    /// of the block, `{"number": …}`.
    ///
    /// # Errors
    /// As [`Rig::try_commit`].
    ///
    /// # Panics
    /// As [`Rig::try_commit`].
    pub fn try_commit_if(
        &self,
        commitments: &[Commitment],
        state: Value,
        block: Value,
    ) -> Result<(), String> {
        self.try_call(&call(commitments), state, block)
    }

    /// What the chain would say to these bytes in its next block.
    ///
    /// # Errors
    /// As [`Rig::try_commit`].
    ///
    /// # Panics
    /// As [`Rig::try_commit`].
    pub fn try_packed(&self, packed: Vec<u8>) -> Result<(), String> {
        let call = Enigma::commitCall { commitments: vec![packed.into()] };
        self.try_call(&call, json!({}), json!({}))
    }

    fn try_call(&self, call: &Enigma::commitCall, state: Value, block: Value) -> Result<(), String> {
        let call = json!({
            "from": self.carrier.address(), "to": self.chain.enigma(), "data": hex::encode_prefixed(call.abi_encode()),
        });
        match self.anvil.try_call("eth_call", json!([call, "pending", state, block])) {
            Ok(_) => Ok(()),
            Err(error) => {
                let data = error["data"].as_str().unwrap_or_else(|| panic!("no revert: {error}"));
                let name = contract_error_name(&hex::decode(data).expect("hex"));
                Err(name.split(' ').next().unwrap_or_default().to_owned())
            }
        }
    }

    /// Carries commitments to the chain. Returns what landed; the rest was refused.
    ///
    /// # Errors
    /// All were refused: the first one's reason.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn carry(&mut self, commitments: Vec<Commitment>) -> Result<Vec<CommitEvent>, Error> {
        let receipt = self.carrier.call_enigma(&call(&commitments), U256::ZERO).await?;
        self.catch_up().await;
        let ours = |c: &&CommitEvent| c.transaction == receipt.transaction_hash;
        Ok(self.ledger.commits.iter().filter(ours).cloned().collect())
    }

    /// Commits a receipt.
    ///
    /// # Panics
    /// The chain refuses.
    pub async fn commit(&mut self, executed: &Executed) -> CommitEvent {
        let commitment = self.commitment(executed);
        self.carry(vec![commitment]).await.expect("lands").remove(0)
    }

    /// Executes and commits everything that is pending.
    ///
    /// # Panics
    /// Anybody refuses.
    pub async fn settle(&mut self, contract: Address) -> CommitEvent {
        self.catch_up().await;
        let executed = self.execute(contract, self.pending(contract)).await;
        self.commit(&executed).await
    }

    /// The digest that enclaves sign for a receipt, by another implementation than theirs.
    pub fn digest(&self, receipt: &Enigma::Receipt) -> B256 {
        let domain = Eip712Domain {
            name: Some("Enigma".into()),
            version: Some("1".into()),
            chain_id: Some(U256::from(self.descriptor.chain_id)),
            verifying_contract: Some(self.chain.enigma()),
            salt: None,
        };
        receipt.eip712_signing_hash(&domain)
    }

    /// A signature with the key of worker `index`: whoever broke its enclave open signs what he likes.
    pub fn broken_signature(&self, index: usize, receipt: &Enigma::Receipt) -> Vec<u8> {
        self.workers[index].broken_open().sign_digest(self.digest(receipt)).to_vec()
    }

    /// Sends commitments from two accounts at once, unchecked, into one block. Returns whether each transaction succeeded.
    ///
    /// # Panics
    /// The chain fails.
    pub fn race(&self, commitments: [&[Commitment]; 2]) -> [bool; 2] {
        self.anvil.call("evm_setAutomine", json!([false]));
        let senders = [self.carrier.address(), self.users[8].address()];
        let sent = [0, 1].map(|i| {
            let data = hex::encode_prefixed(encode(commitments[i]));
            let transaction =
                json!({"from": senders[i], "to": self.chain.enigma(), "data": data, "gas": "0x989680"});
            self.anvil.call("eth_sendTransaction", json!([transaction]))
        });
        self.mine(1);
        self.anvil.call("evm_setAutomine", json!([true]));
        sent.map(|hash| {
            let receipt = self.anvil.call("eth_getTransactionReceipt", json!([hash]));
            crate::anvil::number(&receipt["status"]) == 1
        })
    }
}

fn encode(commitments: &[Commitment]) -> Vec<u8> {
    call(commitments).abi_encode()
}

fn call(commitments: &[Commitment]) -> Enigma::commitCall {
    Enigma::commitCall { commitments: commitments.iter().map(|c| pack(c).expect("it fits")).collect() }
}
