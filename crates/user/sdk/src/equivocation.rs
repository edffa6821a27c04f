//! The proof that an enclave is broken: it signed two outcomes of the same inputs. Whoever has both shows them.

use alloy_primitives::{Address, B256, Bytes, U256};
use enigma_chain::{
    Sender,
    bindings::Enigma::{self, Receipt, TaskResult},
};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Two receipts of which at most one can be right, each with a signature of the same worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EquivocationProof {
    /// One of them.
    pub one: SignedReceipt,
    /// The other.
    pub other: SignedReceipt,
}

/// A receipt and one signature of its EIP-712 digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedReceipt {
    /// What was signed; its fields have their EIP-712 names.
    #[serde(with = "ReceiptFields")]
    pub receipt: Receipt,
    /// 65 bytes.
    pub signature: Bytes,
}

/// What a proof came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equivocated {
    /// The worker that is out for good.
    pub worker: u64,
    /// Wei of ENG that it lost.
    pub burned: U256,
    /// Its platform, which is barred. `None` if it was barred before, and the chain does not tell now which it is.
    pub platform: Option<B256>,
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
            one: self.one.receipt.clone(),
            signatureOfOne: self.one.signature.clone(),
            other: self.other.receipt.clone(),
            signatureOfOther: self.other.signature.clone(),
        };
        let receipt = sender.call_enigma(&call, U256::ZERO).await?;
        let event =
            receipt.decoded_log::<Enigma::Equivocated>().ok_or(Error::NoEvent(receipt.transaction_hash))?;
        let worker = event.id.saturating_to();
        // The proof has landed: nothing that fails from here on is an error of it.
        let platform = match receipt.decoded_log::<Enigma::PlatformBarred>() {
            Some(barred) => Some(barred.platform),
            None => sender.chain().worker(worker).await.ok().map(|record| record.platform),
        };
        Ok(Equivocated {
            worker,
            burned: event.amount,
            platform,
            transaction: receipt.transaction_hash,
            block: receipt.block_number.unwrap_or_default(),
        })
    }
}

/// A receipt as JSON: what the bindings have no words for is refused.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Receipt", deny_unknown_fields)]
#[allow(non_snake_case)]
struct ReceiptFields {
    network: B256,
    ruleset: u64,
    secretContract: Address,
    epoch: u64,
    firstIndex: u64,
    lastIndex: u64,
    inputHead: B256,
    stateHeadBefore: B256,
    stateHeadAfter: B256,
    anchorNumber: u64,
    anchorHash: B256,
    #[serde(with = "results")]
    results: Vec<TaskResult>,
    snapshotHash: B256,
    outboundHash: B256,
}

/// A task's result as JSON.
#[derive(Serialize, Deserialize)]
#[serde(remote = "TaskResult", deny_unknown_fields)]
#[allow(non_snake_case)]
struct ResultFields {
    status: u8,
    gasCharged: u64,
    outputHash: B256,
    deltaHash: B256,
}

mod results {
    use enigma_chain::bindings::Enigma::TaskResult;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::ResultFields;

    #[derive(Serialize, Deserialize)]
    struct One(#[serde(with = "ResultFields")] TaskResult);

    pub(super) fn serialize<S: Serializer>(results: &[TaskResult], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(results.iter().cloned().map(One))
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<TaskResult>, D::Error> {
        Ok(Vec::<One>::deserialize(from)?.into_iter().map(|one| one.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn file() -> Value {
        let [word, hash] = [B256::repeat_byte(7), B256::repeat_byte(8)];
        let signed = json!({
            "receipt": {
                "network": word, "ruleset": 1, "secretContract": Address::repeat_byte(9), "epoch": 2, "firstIndex": 3,
                "lastIndex": 3, "inputHead": word, "stateHeadBefore": word, "stateHeadAfter": hash, "anchorNumber": 4,
                "anchorHash": word, "snapshotHash": B256::ZERO, "outboundHash": hash,
                "results": [{ "status": 9, "gasCharged": 5, "outputHash": word, "deltaHash": hash }],
            },
            "signature": "0x0102",
        });
        json!({ "one": signed, "other": signed })
    }

    #[test]
    fn a_proof_is_read_from_a_file_and_written_to_one() {
        let proof: EquivocationProof = serde_json::from_value(file()).unwrap();
        assert_eq!(proof.one.receipt.stateHeadAfter, B256::repeat_byte(8));
        assert_eq!(proof.other.receipt.results[0].status, 9, "a broken enclave signs anything");
        assert_eq!(serde_json::to_value(&proof).unwrap(), file());
    }

    #[test]
    fn what_does_not_belong_there_or_is_missing_is_named() {
        for place in ["", "/one", "/other/receipt", "/one/receipt/results/0"] {
            let mut wrong = file();
            wrong.pointer_mut(place).unwrap()["memo"] = true.into();
            let told = serde_json::from_value::<EquivocationProof>(wrong).unwrap_err().to_string();
            assert!(told.contains("unknown field `memo`"), "{place}: {told}");
        }
        for (place, field) in [
            ("", "other"),
            ("/one", "signature"),
            ("/one/receipt", "epoch"),
            ("/one/receipt/results/0", "status"),
        ] {
            let mut short = file();
            short.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(field);
            let told = serde_json::from_value::<EquivocationProof>(short).unwrap_err().to_string();
            assert!(told.contains(&format!("missing field `{field}`")), "{place}: {told}");
        }
    }
}
