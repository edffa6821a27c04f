//! The contracts' interfaces, and the protocol's words in their types.
#![allow(missing_docs, clippy::too_many_arguments, clippy::large_enum_variant)] // generated

use alloy::sol;
use alloy_primitives::aliases::U40;
use enigma_protocol::{
    door::Executed,
    input::Input,
    receipt::{Receipt, TaskResult},
};

use crate::{events::status, packed::Commitment};

sol!(
    #[sol(rpc)]
    #[derive(Debug)]
    Enigma,
    "../../../contracts/artifacts/Enigma.json"
);

sol!(
    #[sol(rpc)]
    #[derive(Debug)]
    EngToken,
    "../../../contracts/artifacts/EngToken.json"
);

/// An epoch as the contract types it.
pub fn epoch(number: u64) -> U40 {
    U40::saturating_from(number)
}

impl From<&Input> for Enigma::Input {
    fn from(i: &Input) -> Self {
        Self {
            kind: i.kind as u8,
            sender: i.sender,
            onBehalfOf: i.on_behalf_of,
            value: i.value,
            gasLimit: i.gas_limit,
            commitGas: i.commit_gas,
            priceCap: i.price_cap,
            tip: i.tip,
            epoch: i.epoch,
            inclusionEpoch: i.inclusion_epoch,
            blockNumber: i.block_number,
            timestamp: i.timestamp,
            baseFee: i.base_fee,
            inflow: i.inflow,
            codeHash: i.code_hash,
            envelopeHash: i.envelope_hash,
        }
    }
}

impl From<&TaskResult> for Enigma::TaskResult {
    fn from(r: &TaskResult) -> Self {
        Self {
            status: r.status as u8,
            gasCharged: r.gas_charged,
            outputHash: r.output_hash,
            deltaHash: r.delta_hash,
        }
    }
}

impl From<&Receipt> for Enigma::Receipt {
    fn from(r: &Receipt) -> Self {
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
            results: r.results.0.iter().map(Into::into).collect(),
            snapshotHash: r.snapshot_hash,
            outboundHash: r.outbound_hash,
        }
    }
}

impl From<&Enigma::Receipt> for Receipt {
    fn from(r: &Enigma::Receipt) -> Self {
        let result = |r: &Enigma::TaskResult| TaskResult {
            status: status(r.status),
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
            results: r.results.iter().map(result).collect::<Vec<_>>().into(),
            snapshot_hash: r.snapshotHash,
            outbound_hash: r.outboundHash,
        }
    }
}

/// What `commit` takes, once it is packed, for one executed receipt.
pub fn commitment(executed: &Executed, inputs: &[Input]) -> Commitment {
    Commitment {
        receipt: (&executed.receipt).into(),
        inputs: inputs.iter().map(Into::into).collect(),
        outputs: executed.outputs.0.iter().map(|o| o.0.clone().into()).collect(),
        deltas: executed.deltas.0.iter().map(|d| d.0.clone().into()).collect(),
        signatures: vec![executed.signature.to_vec().into()],
        outbound: executed.outbound.0.iter().map(Into::into).collect(),
    }
}
