#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{fs, path::PathBuf};

use alloy::sol_types::SolStruct;
use alloy_primitives::hex;
use enigma_protocol::input::next_input_head;
use serde_json::{Value, json};

use super::*;

const NETWORK: B256 = B256::repeat_byte(0x11);
/// The log's head before the first input.
const BEFORE: B256 = B256::repeat_byte(0x22);

/// Numbers without a pattern, the same ones every time.
struct Dice(B256);

impl Dice {
    fn roll(&mut self) -> B256 {
        self.0 = keccak256(self.0);
        self.0
    }

    fn number(&mut self, bytes: usize) -> U256 {
        U256::try_from_be_slice(&self.roll()[..bytes]).unwrap()
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.number(4) % U256::from(limit)).to()
    }

    fn bytes(&mut self, size: usize) -> Bytes {
        (0..size).map(|_| self.roll()[0]).collect::<Vec<_>>().into()
    }

    /// Half of the fields as before.
    fn input(&mut self, before: Option<&LoggedInput>) -> LoggedInput {
        let mut fields = before.map_or([U256::ZERO; FIELDS], fields);
        let sizes = [32, 32, 32, 16, 8, 8, 8, 8, 16, 16, 8, 8, 32, 32, 20];
        for (field, bytes) in fields.iter_mut().zip(sizes) {
            if self.below(2) == 0 {
                let bytes = self.below(bytes + 1);
                *field = self.number(bytes);
            }
        }
        (&logged(1 + self.below(2) as u8, &fields).unwrap()).into()
    }

    fn call(&mut self, index: u64) -> OutboundCall {
        let kind = 1 + self.below(2) as u8;
        let size = self.below(70);
        OutboundCall {
            index,
            kind,
            target: Address::from_word(self.roll()),
            value: self.number(16),
            gas: self.number(3).to(),
            data: self.bytes(size),
        }
    }

    /// As honest enclaves make it, but for the signatures.
    fn commitment(&mut self, tasks: usize, signers: usize, calls: usize, snapshot: bool) -> Commitment {
        let contract = Address::from_word(self.roll());
        let first = self.number(5).to::<u64>();
        let snapshot_hash = if snapshot { self.roll() } else { B256::ZERO };
        let state_head_before = self.roll();
        let mut state = state_head_before;
        if snapshot {
            state = fold_snapshot(state, snapshot_hash);
        }
        let mut head = BEFORE;
        let (mut inputs, mut outputs, mut deltas, mut results) = (vec![], vec![], vec![], vec![]);
        for index in first..first + tasks as u64 {
            let input = self.input(inputs.last());
            let (output_size, delta_size) = (self.below(300), self.below(300));
            let (output, delta) = (self.bytes(output_size), self.bytes(delta_size));
            let hash = logged(input.kind, &fields(&input)).unwrap().hash(contract, index);
            head = next_input_head(head, hash);
            state = next_state_head(state, hash, keccak256(&delta));
            results.push(TaskResult {
                status: self.below(3) as u8,
                gasCharged: self.number(4).to(),
                outputHash: keccak256(&output),
                deltaHash: keccak256(&delta),
            });
            inputs.push(input);
            outputs.push(output);
            deltas.push(delta);
        }
        let outbound: Vec<_> = (0..calls).map(|i| self.call(first + (i * tasks / calls) as u64)).collect();
        let known: Vec<_> = outbound.iter().map(|call| known(call).unwrap()).collect();
        let receipt = Receipt {
            network: NETWORK,
            ruleset: RULESET,
            secretContract: contract,
            epoch: self.number(4).to(),
            firstIndex: first,
            lastIndex: first + tasks as u64 - 1,
            inputHead: head,
            stateHeadBefore: state_head_before,
            stateHeadAfter: state,
            anchorNumber: self.number(4).to(),
            anchorHash: self.roll(),
            results,
            snapshotHash: snapshot_hash,
            outboundHash: outbound::outbound_hash(&known),
        };
        let signatures = (0..signers).map(|_| self.bytes(SIGNATURE)).collect();
        Commitment { receipt, inputs, outputs, deltas, signatures, outbound }
    }
}

fn some() -> Vec<Commitment> {
    let mut dice = Dice(keccak256("commitments"));
    let sizes = [(1, 1, 0, true), (1, 1, 0, false), (3, 2, 2, false), (12, 8, 5, true), (255, 3, 0, true)];
    sizes.map(|(tasks, signers, calls, snapshot)| dice.commitment(tasks, signers, calls, snapshot)).into()
}

#[test]
fn what_is_packed_is_read_again() {
    let mut dice = Dice(B256::ZERO);
    let more = (0..100).map(|i| dice.commitment(1 + i % 20, i % 9, i % 4, i % 2 == 0));
    for commitment in some().into_iter().chain(more) {
        let packed = pack(&commitment).unwrap();
        let read = unpack(NETWORK, &packed).unwrap();
        assert_eq!(format!("{read:?}"), format!("{commitment:?}"));
        assert_eq!(pack(&read).unwrap(), packed);
    }
}

#[test]
fn other_bytes_are_none_or_another_commitment() {
    for commitment in &some()[..3] {
        let packed = pack(commitment).unwrap();
        for size in 0..packed.len() {
            assert!(unpack(NETWORK, &packed[..size]).is_none(), "{size} bytes");
        }
        assert!(unpack(NETWORK, &[&packed[..], &[0]].concat()).is_none());
        for place in 0..packed.len() {
            let mut other = packed.to_vec();
            other[place] ^= 1 << (place % 8);
            if let Some(read) = unpack(NETWORK, &other) {
                assert_ne!(format!("{read:?}"), format!("{commitment:?}"), "byte {place}");
            }
        }
    }
}

#[test]
fn what_no_honest_commitment_holds_is_not_packed() {
    let fits = |change: fn(&mut Commitment)| {
        let mut commitment = some().remove(2);
        change(&mut commitment);
        pack(&commitment).is_some()
    };
    assert!(fits(|_| ()));
    assert!(!fits(|c| c.signatures[0] = vec![0; 64].into()));
    assert!(!fits(|c| c.deltas.truncate(2)));
    assert!(!fits(|c| c.receipt.results.truncate(2)));
    assert!(!fits(|c| c.receipt.results[0].gasCharged = 1 << 32));
    assert!(!fits(|c| c.receipt.results[0].status = 16));
    assert!(!fits(|c| c.inputs[0].kind = 16));
    assert!(!fits(|c| c.outputs[0] = vec![0; 1 << 24].into()));
    assert!(!fits(|c| c.outbound[0].value = U256::from(1) << 128));
    assert!(!fits(|c| c.outbound[0].index = c.receipt.firstIndex + 256));
    assert!(!fits(|c| c.outbound[0].index = c.receipt.firstIndex - 1));
}

fn vectors() -> Value {
    let case = |commitment: Commitment| {
        json!({
            "packed": pack(&commitment).unwrap(),
            "input_head_before": BEFORE,
            "network": NETWORK,
            "contract": commitment.receipt.secretContract,
            "first_index": commitment.receipt.firstIndex,
            "last_index": commitment.receipt.lastIndex,
            "input_head": commitment.receipt.inputHead,
            "state_head_before": commitment.receipt.stateHeadBefore,
            "state_head_after": commitment.receipt.stateHeadAfter,
            "outbound_hash": commitment.receipt.outboundHash,
            "calls": commitment.outbound.len(),
            "receipt_hash": commitment.receipt.eip712_hash_struct(),
            "signatures": hex::encode_prefixed(commitment.signatures.concat()),
        })
    };
    json!({ "cases": some().into_iter().take(4).map(case).collect::<Vec<_>>() })
}

fn file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../../vectors/commitments.json"].iter().collect()
}

/// Solidity and TypeScript read them too.
#[test]
fn the_golden_vectors_are_these() {
    let golden: Value = serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap();
    assert_eq!(vectors(), golden);
}

#[test]
#[ignore = "writes the golden vectors"]
fn regenerate() {
    fs::write(file(), serde_json::to_string_pretty(&vectors()).unwrap() + "\n").unwrap();
}
