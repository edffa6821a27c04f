//! The proof that an enclave is broken: it signed two outcomes of the same inputs. Whoever has both shows them.

use alloy_primitives::{Address, B256, Bytes, U256};
use enigma_chain::{Sender, bindings::Enigma};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Two receipts of which at most one can be right, each with a signature of the same worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EquivocationProof {
    /// One of them.
    pub one: SignedReceipt,
    /// The other.
    pub other: SignedReceipt,
}

/// A receipt and one signature of its EIP-712 digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedReceipt {
    /// What was signed.
    pub receipt: Receipt,
    /// 65 bytes.
    pub signature: Bytes,
}

/// EIP-712 `Receipt`, under its own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs)] // they are the protocol's, docs/bytes.md
pub struct Receipt {
    pub network: B256,
    pub ruleset: u64,
    pub secret_contract: Address,
    pub epoch: u64,
    pub first_index: u64,
    pub last_index: u64,
    pub input_head: B256,
    pub state_head_before: B256,
    pub state_head_after: B256,
    pub anchor_number: u64,
    pub anchor_hash: B256,
    pub results: Vec<TaskResult>,
    pub snapshot_hash: B256,
    pub outbound_hash: B256,
}

/// EIP-712 `TaskResult`, under its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs)]
pub struct TaskResult {
    pub status: u8,
    pub gas_charged: u64,
    pub output_hash: B256,
    pub delta_hash: B256,
}

/// What a proof came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equivocated {
    /// The worker that is out for good.
    pub worker: u64,
    /// Wei of ENG that it lost.
    pub burned: U256,
    /// Its platform, which is barred.
    pub platform: B256,
    /// The transaction.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
}

impl EquivocationProof {
    /// Shows it to the contract. Anybody may.
    ///
    /// # Errors
    /// It is no proof; the chain refuses or fails.
    pub async fn submit(&self, sender: &Sender) -> Result<Equivocated> {
        let call = Enigma::proveEquivocationCall {
            one: (&self.one.receipt).into(),
            signatureOfOne: self.one.signature.clone(),
            other: (&self.other.receipt).into(),
            signatureOfOther: self.other.signature.clone(),
        };
        let receipt = sender.call_enigma(&call, U256::ZERO).await?;
        let event =
            receipt.decoded_log::<Enigma::Equivocated>().ok_or(Error::NoEvent(receipt.transaction_hash))?;
        let worker = event.id.saturating_to();
        Ok(Equivocated {
            worker,
            burned: event.amount,
            platform: sender.chain().worker(worker).await?.platform,
            transaction: receipt.transaction_hash,
            block: receipt.block_number.unwrap_or_default(),
        })
    }
}

impl From<&Receipt> for Enigma::Receipt {
    fn from(r: &Receipt) -> Self {
        let result = |r: &TaskResult| Enigma::TaskResult {
            status: r.status,
            gasCharged: r.gas_charged,
            outputHash: r.output_hash,
            deltaHash: r.delta_hash,
        };
        Self {
            network: r.network,
            ruleset: r.ruleset,
            secretContract: r.secret_contract,
            epoch: r.epoch,
            firstIndex: r.first_index,
            lastIndex: r.last_index,
            inputHead: r.input_head,
            stateHeadBefore: r.state_head_before,
            stateHeadAfter: r.state_head_after,
            anchorNumber: r.anchor_number,
            anchorHash: r.anchor_hash,
            results: r.results.iter().map(result).collect(),
            snapshotHash: r.snapshot_hash,
            outboundHash: r.outbound_hash,
        }
    }
}

impl From<&Enigma::Receipt> for Receipt {
    fn from(r: &Enigma::Receipt) -> Self {
        let result = |r: &Enigma::TaskResult| TaskResult {
            status: r.status,
            gas_charged: r.gasCharged,
            output_hash: r.outputHash,
            delta_hash: r.deltaHash,
        };
        Self {
            network: r.network,
            ruleset: r.ruleset,
            secret_contract: r.secretContract,
            epoch: r.epoch,
            first_index: r.firstIndex,
            last_index: r.lastIndex,
            input_head: r.inputHead,
            state_head_before: r.stateHeadBefore,
            state_head_after: r.stateHeadAfter,
            anchor_number: r.anchorNumber,
            anchor_hash: r.anchorHash,
            results: r.results.iter().map(result).collect(),
            snapshot_hash: r.snapshotHash,
            outbound_hash: r.outboundHash,
        }
    }
}
