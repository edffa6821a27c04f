//! Bugs of the sealed side, which the comparison must find.

use alloy_primitives::{Address, U256, hex, keccak256};
use alloy_sol_types::SolValue;
use enigma_tests::{anvil, rig::Rig};
use serde_json::json;

use crate::accounts::put;

/// A bug on the sealed side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    /// The Enigma contract forgets what it delivered, so that all of it counts as inflow too.
    InflowTwice,
    /// The portal says that it has paid, and has not.
    TransferStays,
    /// A wei of what is credited to a sender goes to a worker.
    RefundKept,
}

/// Returns one.
const LYING: &str = "60015f5260205ff3";

impl Planted {
    /// From here on the sealed side has the bug.
    pub async fn plant(self, rig: &Rig, root: Address, users: &[Address]) {
        match self {
            Self::Nothing => return,
            Self::InflowTwice => forget_deliveries(rig, root),
            Self::TransferStays => put(&rig.anvil, root, LYING),
            Self::RefundKept => keep_refund(rig, users).await,
        }
        // What enclaves are shown is proven to be of a block.
        rig.mine(1);
    }
}

fn forget_deliveries(rig: &Rig, root: Address) {
    // Slot 12 of Enigma, the record's word 3: sent in the low half, delivered in the high one.
    let record = U256::from_be_bytes(keccak256((root, U256::from(12)).abi_encode()).0);
    change(rig, record + U256::from(3), |word| {
        assert!(word.bit_len() > 128, "something was delivered before");
        word & ((U256::from(1) << 128usize) - U256::from(1))
    });
}

/// The sums stay as they are: what everybody is owed together, and what the network has.
async fn keep_refund(rig: &Rig, users: &[Address]) {
    let mut sender = None;
    for user in users {
        if !rig.chain.credits(*user).await.expect("credits").is_zero() {
            sender = Some(*user);
        }
    }
    let (sender, worker) = (sender.expect("somebody is owed a refund"), rig.operator(0).address());
    // Slot 14 of Enigma, the account's word: what is owed to it in the low half.
    let ledger = |of: Address| U256::from_be_bytes(keccak256((of, U256::from(14)).abi_encode()).0);
    change(rig, ledger(sender), |word| word - U256::from(1));
    change(rig, ledger(worker), |word| word + U256::from(1));
}

/// Changes a word of the Enigma contract's storage.
fn change(rig: &Rig, slot: U256, change: impl FnOnce(U256) -> U256) {
    let (enigma, slot) = (rig.chain.enigma(), hex::encode_prefixed(slot.to_be_bytes::<32>()));
    let word = rig.anvil.call("eth_getStorageAt", json!([enigma, slot, "latest"]));
    let word = hex::encode_prefixed(change(anvil::word(&word).into()).to_be_bytes::<32>());
    rig.anvil.call("anvil_setStorageAt", json!([enigma, slot, word]));
}
