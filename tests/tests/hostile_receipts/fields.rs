//! Every field of a commitment, changed one at a time, and the error that the change must meet.
//!
//! The structs are taken apart without `..`: a field that is added does not compile here until it has its rows.

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    bindings::Enigma::{Input, Receipt, TaskResult},
    packed::Commitment,
};

/// What the chain says if the first rank's own key has signed the changed receipt: a broken enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The same error: the chain checks this field itself.
    Refused,
    /// It lands: this is what one broken enclave can forge.
    Lands,
    /// The change is not in what is signed.
    NotSigned,
    /// The chain fills this field in itself: what is carried is the same, and what was signed is another receipt.
    NotCarried,
    /// There are no bytes that say so.
    NotPacked,
}

use Broken::{Lands, NotCarried, NotPacked, NotSigned, Refused};

/// One change.
pub(crate) struct Change {
    pub(crate) what: String,
    pub(crate) error: &'static str,
    pub(crate) broken: Broken,
    pub(crate) commitment: Commitment,
}

/// What the changes need to know of the genuine commitment, which is of one task.
pub(crate) struct Context {
    /// Another secret contract with an input pending.
    pub(crate) other: Address,
    /// The block that the commit would be in.
    pub(crate) next_block: u64,
}

struct Table<'a> {
    genuine: &'a Commitment,
    rows: Vec<Change>,
}

impl Table<'_> {
    fn row(&mut self, what: &str, error: &'static str, broken: Broken, change: impl FnOnce(&mut Commitment)) {
        let mut commitment = self.genuine.clone();
        change(&mut commitment);
        assert_ne!(format!("{commitment:?}"), format!("{:?}", self.genuine), "{what} changes nothing");
        self.rows.push(Change { what: what.to_owned(), error, broken, commitment });
    }
}

fn flip(word: B256) -> B256 {
    word ^ B256::with_last_byte(1)
}

/// All changes of one genuine commitment.
pub(crate) fn changes(genuine: &Commitment, context: &Context) -> Vec<Change> {
    let mut table = Table { genuine, rows: Vec::new() };
    let Commitment { receipt, inputs, outputs, deltas, signatures, outbound } = genuine;
    assert!(outbound.is_empty(), "calls have tests of their own");
    of_receipt(&mut table, receipt, &inputs[0], context);
    of_result(&mut table, &receipt.results[0], &inputs[0]);
    of_input(&mut table, &inputs[0]);
    let t = &mut table;
    t.row("no inputs", "", NotPacked, |c| c.inputs.clear());
    t.row("the input twice", "", NotPacked, |c| c.inputs.push(inputs[0].clone()));
    t.row("no task", "WrongLastIndex", NotSigned, |c| {
        c.inputs.clear();
        c.outputs.clear();
        c.deltas.clear();
        c.receipt.results.clear();
    });
    t.row("the task twice", "WrongLastIndex", NotSigned, |c| {
        c.inputs.push(inputs[0].clone());
        c.outputs.push(outputs[0].clone());
        c.deltas.push(deltas[0].clone());
        c.receipt.results.push(receipt.results[0].clone());
    });

    t.row("no output", "", NotPacked, |c| c.outputs.clear());
    t.row("the output twice", "", NotPacked, |c| c.outputs.push(outputs[0].clone()));
    t.row("output emptied", "WrongSigner", NotSigned, |c| c.outputs[0] = Vec::new().into());
    t.row("output with a bit flipped", "WrongSigner", NotSigned, |c| c.outputs[0] = bit(&outputs[0]));
    t.row("output longer", "WrongSigner", NotSigned, |c| c.outputs[0] = longer(&outputs[0]));

    t.row("no delta", "", NotPacked, |c| c.deltas.clear());
    t.row("the delta twice", "", NotPacked, |c| c.deltas.push(deltas[0].clone()));
    t.row("delta emptied", "WrongSigner", NotSigned, |c| c.deltas[0] = Vec::new().into());
    t.row("delta with a bit flipped", "WrongSigner", NotSigned, |c| c.deltas[0] = bit(&deltas[0]));
    t.row("delta longer", "WrongSigner", NotSigned, |c| c.deltas[0] = longer(&deltas[0]));

    t.row("no signature", "MissingSignature", NotSigned, |c| c.signatures.clear());
    t.row("the signature twice", "MissingSignature", NotSigned, |c| c.signatures.push(signatures[0].clone()));
    for (what, signature) in of_signature(&signatures[0]) {
        let (error, broken) =
            if signature.len() == 65 { ("WrongSigner", NotSigned) } else { ("", NotPacked) };
        t.row(&what, error, broken, |c| c.signatures[0] = signature.into());
    }
    table.rows
}

fn of_receipt(t: &mut Table<'_>, receipt: &Receipt, input: &Input, context: &Context) {
    let &Receipt {
        network,
        ruleset,
        secretContract: _, // an address: replaced, not changed
        epoch,
        firstIndex,
        lastIndex,
        inputHead,
        stateHeadBefore,
        stateHeadAfter,
        anchorNumber,
        anchorHash,
        ref results,
        snapshotHash,
        outboundHash,
    } = receipt;
    let other = context.other;
    t.row("network", "WrongSigner", NotCarried, |c| c.receipt.network = flip(network));
    t.row("ruleset", "WrongSigner", NotCarried, |c| c.receipt.ruleset = ruleset + 1);
    let nowhere = Address::repeat_byte(7);
    t.row("secretContract: none", "UnknownContract", Refused, |c| c.receipt.secretContract = nowhere);
    t.row("secretContract: another", "WrongInputHead", Refused, |c| c.receipt.secretContract = other);
    t.row("epoch: the one before", "WrongEpoch", Refused, |c| c.receipt.epoch = epoch - 1);
    t.row("epoch: the one after", "WrongEpoch", Refused, |c| c.receipt.epoch = epoch + 1);
    t.row("firstIndex lower", "NotNextIndex", Refused, |c| c.receipt.firstIndex = firstIndex.wrapping_sub(1));
    t.row("firstIndex higher", "NotNextIndex", Refused, |c| c.receipt.firstIndex = firstIndex + 1);
    t.row("lastIndex lower", "WrongSigner", NotCarried, |c| c.receipt.lastIndex = lastIndex.wrapping_sub(1));
    t.row("lastIndex higher", "WrongSigner", NotCarried, |c| c.receipt.lastIndex = lastIndex + 1);
    t.row("lastIndex: the highest", "WrongSigner", NotCarried, |c| c.receipt.lastIndex = u64::MAX - 1);
    t.row("inputHead", "WrongInputHead", Refused, |c| c.receipt.inputHead = flip(inputHead));
    t.row("stateHeadBefore", "StaleStateHead", Refused, |c| {
        c.receipt.stateHeadBefore = flip(stateHeadBefore);
    });
    t.row("stateHeadAfter", "WrongSigner", NotCarried, |c| {
        c.receipt.stateHeadAfter = flip(stateHeadAfter);
    });
    let before_input = input.blockNumber - 1;
    t.row("anchorNumber: this block", "AnchorInFuture", Refused, |c| {
        c.receipt.anchorNumber = context.next_block;
    });
    t.row("anchorNumber: far ahead", "AnchorInFuture", Refused, |c| c.receipt.anchorNumber = u64::MAX);
    t.row("anchorNumber: before the input", "AnchorBeforeInput", Refused, |c| {
        c.receipt.anchorNumber = before_input;
    });
    t.row("anchorNumber: not the hash's", "ForeignAnchor", Refused, |c| {
        c.receipt.anchorNumber = anchorNumber - 1;
    });
    t.row("anchorHash", "ForeignAnchor", Refused, |c| c.receipt.anchorHash = flip(anchorHash));
    t.row("anchorHash: none", "ForeignAnchor", Refused, |c| c.receipt.anchorHash = B256::ZERO);
    t.row("no results", "", NotPacked, |c| c.receipt.results.clear());
    t.row("the result twice", "", NotPacked, |c| c.receipt.results.push(results[0].clone()));
    if snapshotHash.is_zero() {
        let any = B256::repeat_byte(1);
        t.row("snapshotHash: one", "SnapshotUnexpected", Refused, |c| c.receipt.snapshotHash = any);
    } else {
        t.row("snapshotHash: none", "SnapshotMissing", Refused, |c| c.receipt.snapshotHash = B256::ZERO);
        t.row("snapshotHash", "WrongSigner", Refused, |c| {
            c.receipt.snapshotHash = flip(snapshotHash);
        });
    }
    t.row("outboundHash", "WrongSigner", NotCarried, |c| c.receipt.outboundHash = flip(outboundHash));
}

fn of_result(t: &mut Table<'_>, result: &TaskResult, input: &Input) {
    let &TaskResult { status, gasCharged, outputHash, deltaHash } = result;
    t.row("status: none such", "InvalidStatus", Refused, |c| c.receipt.results[0].status = 3);
    t.row("status: the highest", "InvalidStatus", Refused, |c| c.receipt.results[0].status = 15);
    t.row("status: unopened", "WrongSigner", Lands, |c| c.receipt.results[0].status = status ^ 2);
    if input.value.is_zero() {
        t.row("status: a value back, of none", "InvalidStatus", Refused, |c| c.receipt.results[0].status = 1);
    } else {
        t.row("status: value back", "WrongSigner", Lands, |c| c.receipt.results[0].status = status ^ 1);
    }
    t.row("gasCharged: above the limit", "GasAboveLimit", Refused, |c| {
        c.receipt.results[0].gasCharged = input.gasLimit + 1;
    });
    t.row("gasCharged: the highest", "GasAboveLimit", Refused, |c| {
        c.receipt.results[0].gasCharged = u32::MAX.into();
    });
    t.row("gasCharged: less", "WrongSigner", Lands, |c| c.receipt.results[0].gasCharged = gasCharged - 1);
    t.row("outputHash", "WrongSigner", NotCarried, |c| c.receipt.results[0].outputHash = flip(outputHash));
    t.row("deltaHash", "WrongSigner", NotCarried, |c| c.receipt.results[0].deltaHash = flip(deltaHash));
}

fn of_input(t: &mut Table<'_>, input: &Input) {
    let &Input {
        kind,
        sender,
        onBehalfOf,
        value,
        gasLimit,
        commitGas,
        priceCap,
        tip,
        epoch,
        inclusionEpoch,
        blockNumber,
        timestamp,
        baseFee,
        inflow,
        codeHash,
        envelopeHash,
    } = input;
    let mut row = |what: &str, change: &dyn Fn(&mut Input)| {
        // Not a word of an input is in the receipt but by its head.
        t.row(&format!("input.{what}"), "WrongInputHead", NotSigned, |c| change(&mut c.inputs[0]));
    };
    let one = U256::from(1);
    row("kind", &|i| i.kind = kind ^ 3);
    row("sender", &|i| i.sender = Address::from_word(flip(sender.into_word())));
    row("onBehalfOf", &|i| i.onBehalfOf = flip(onBehalfOf));
    row("value", &|i| i.value = value + one);
    row("gasLimit", &|i| i.gasLimit = gasLimit + 1);
    row("commitGas", &|i| i.commitGas = commitGas + 1);
    row("priceCap", &|i| i.priceCap = priceCap + 1);
    row("tip", &|i| i.tip = tip + 1);
    row("epoch", &|i| i.epoch = epoch + 1);
    row("inclusionEpoch", &|i| i.inclusionEpoch = inclusionEpoch + 1);
    row("blockNumber", &|i| i.blockNumber = blockNumber - 1);
    row("timestamp", &|i| i.timestamp = timestamp + 1);
    row("baseFee", &|i| i.baseFee = baseFee + 1);
    row("inflow", &|i| i.inflow = inflow + one);
    row("codeHash", &|i| i.codeHash = flip(codeHash));
    row("envelopeHash", &|i| i.envelopeHash = flip(envelopeHash));
}

/// A signature's own wrong forms.
fn of_signature(signature: &[u8]) -> Vec<(String, Vec<u8>)> {
    let with = |place: usize, value: u8| {
        let mut changed = signature.to_vec();
        changed[place] = value;
        changed
    };
    let v = signature[64];
    let mut forms = vec![
        ("no byte of a signature".to_owned(), Vec::new()),
        ("a signature cut short".to_owned(), signature[..64].to_vec()),
        ("a signature too long".to_owned(), [signature, &[0]].concat()),
        ("signature with r changed".to_owned(), with(31, signature[31] ^ 1)),
        ("signature with s changed".to_owned(), with(63, signature[63] ^ 1)),
        ("signature with v of the other parity".to_owned(), with(64, 27 + 28 - v)),
        ("signature of zeros".to_owned(), vec![0; 65]),
        ("the signature's twin with a high s".to_owned(), twin(signature)),
    ];
    forms.extend([0, 1, 26, 29, 255].map(|v| (format!("signature with v {v}"), with(64, v))));
    forms
}

/// The other signature of the same key and digest, which everybody can compute.
fn twin(signature: &[u8]) -> Vec<u8> {
    let order =
        alloy_primitives::uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
    let s = order - U256::from_be_slice(&signature[32..64]);
    [&signature[..32], &s.to_be_bytes::<32>(), &[27 + 28 - signature[64]]].concat()
}

fn bit(bytes: &[u8]) -> alloy_primitives::Bytes {
    let mut changed = bytes.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    } else {
        changed.push(1);
    }
    changed.into()
}

fn longer(bytes: &[u8]) -> alloy_primitives::Bytes {
    [bytes, &[0]].concat().into()
}
