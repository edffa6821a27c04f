//! What must be equal.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use enigma_evm::{Log, Outcome, Status, World};
use enigma_tests::anvil::{self, Account};
use serde_json::Value;

use crate::Sent;

/// One call: status, gas, output, logs.
pub(crate) fn outcomes(what: &str, sent: &Sent, outcome: &Outcome) {
    let error = sent.trace["error"].as_str();
    let ended = if anvil::number(&sent.receipt["status"]) == 1 {
        "success"
    } else if error == Some("execution reverted") {
        "revert"
    } else {
        "halt"
    };
    let sealed = match outcome.status {
        Status::Success => "success",
        Status::Revert => "revert",
        Status::Halt(_) => "halt",
    };
    let context = || format!("{what}\nchain: {error:?}\nsealed: {:?}", outcome.status);
    assert_eq!(sealed, ended, "status of {}", context());
    if ended != "halt" {
        let output = anvil::bytes(&sent.trace["output"]);
        assert_eq!(hex::encode(&outcome.output), hex::encode(output), "output of {}", context());
    }
    assert_eq!(outcome.gas_used, anvil::number(&sent.receipt["gasUsed"]), "gas of {}", context());
    let logs: Vec<Log> = sent.receipt["logs"].as_array().expect("logs").iter().map(log).collect();
    let plain = |log: &Log| (log.address, log.topics.clone(), log.data.clone());
    let [sealed, logs] = [&outcome.logs, &logs].map(|logs| logs.iter().map(plain).collect::<Vec<_>>());
    assert_eq!(sealed, logs, "logs of {}", context());
}

fn log(value: &Value) -> Log {
    Log {
        address: anvil::address(&value["address"]),
        topics: value["topics"].as_array().expect("topics").iter().map(anvil::word).collect::<Vec<B256>>(),
        data: anvil::bytes(&value["data"]).into(),
    }
}

/// The end: every contract and every slot.
pub(crate) fn states(world: &World, chain: &BTreeMap<Address, Account>) {
    // A contract without code and storage is left out of the chain's list.
    let bare = |a: &Address| world.code(*a).is_empty() && world.slots(*a).next().is_none();
    let inside: BTreeSet<Address> = world.addresses().filter(|a| !bare(a)).collect();
    assert_eq!(inside, chain.keys().copied().collect::<BTreeSet<_>>(), "the contracts that exist");
    for (address, account) in chain {
        assert_eq!(world.nonce(*address), account.nonce, "nonce of {address}");
        assert_eq!(world.balance(*address), account.balance, "balance of {address}");
        assert_eq!(world.code(*address), account.code, "code of {address}");
        let slots: BTreeMap<_, _> = world.slots(*address).collect();
        assert_eq!(slots, account.storage, "storage of {address}");
    }
}
