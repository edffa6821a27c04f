//! Nodes that lie, are silent or refuse: each is told apart, and none is believed.

use std::sync::Mutex;

use enigma_tests::network::{Network, answer::Answer};
use serde_json::{Value, json};

use super::{ADD, COUNTER, READ, apis, ask_instead, liar::Liar, read};

/// Another byte in the middle of a hex string.
fn flipped(value: &mut Value, place: usize) {
    let mut text = value.as_str().unwrap().to_owned();
    let digit = if &text[place..=place] == "0" { "1" } else { "0" };
    text.replace_range(place..=place, digit);
    *value = text.into();
}

#[test]
fn no_node_makes_a_reader_believe_a_lie() {
    let network = Network::started();
    let counter = network.deploy(COUNTER);
    let other = network.deploy(COUNTER);
    network.call(&counter, ADD, &["7"]).succeeded();
    let honest = apis(&network);
    assert!(honest.len() >= 3, "{honest:?}");
    let first = honest[0].clone();
    let asked_of = |liar: &Liar| -> Answer {
        ask_instead(&network, &[liar.url()]);
        let told = network.run(&["read", &counter, READ]);
        assert!(liar.asked() > 0);
        told
    };
    let changing = |change: fn(&mut Value)| asked_of(&Liar::changing(&first, change));

    // The control: a node that passes everything on is believed.
    assert_eq!(changing(|_| ()).succeeded().stdout, "7\n");

    // Every word of the answer is bound to its key or to its signature.
    for name in ["stateHead", "blockHash", "salt", "output"] {
        let told = asked_of(&Liar::changing(&first, move |result| flipped(&mut result[name], 20)));
        told.failed(1, &["does not decrypt"]);
    }
    let told =
        changing(|result| result["blockNumber"] = (result["blockNumber"].as_u64().unwrap() - 1).into());
    told.failed(1, &["does not decrypt"]);
    let told = changing(|result| result["epoch"] = (result["epoch"].as_u64().unwrap() + 1).into());
    told.failed(1, &["the answer is of epoch"]);
    changing(|result| flipped(&mut result["signature"], 20)).failed(1, &["which is no admitted enclave"]);
    changing(|result| result["signature"] = "0x00".into()).failed(1, &["what is no reply"]);
    changing(|result| *result = Value::Null).failed(1, &["what is no reply"]);

    // The answer to another question, recorded before.
    let recorded: Mutex<Option<String>> = Mutex::default();
    let replaying = Liar::start(&first, move |request, ask| {
        recorded.lock().unwrap().get_or_insert_with(|| ask(&request).to_string()).clone()
    });
    assert_eq!(asked_of(&replaying).succeeded().stdout, "7\n");
    network.call(&counter, ADD, &["1"]).succeeded();
    asked_of(&replaying).failed(1, &["does not decrypt"]);

    // The same question twice, and for another contract: the enclave refuses.
    let twice = Liar::start(&first, |request, ask| {
        assert!(ask(&request).get("error").is_none());
        ask(&request).to_string()
    });
    asked_of(&twice).failed(1, &["refused", "answered this very query already", "(code 26)"]);
    let elsewhere = Liar::start(&first, move |mut request, ask| {
        request["params"][0] = other.clone().into();
        ask(&request).to_string()
    });
    asked_of(&elsewhere).failed(1, &["refused", "does not open", "(code 23)"]);

    // An answer that is held back until it is old.
    let port = network.port_base();
    let holding = Liar::start(&first, move |request, ask| {
        let answer = ask(&request);
        enigma_tests::network::rpc::call(port, "anvil_mine", json!(["0x9"]));
        answer.to_string()
    });
    asked_of(&holding).failed(1, &["blocks behind the newest", "8 are accepted"]);

    // No answers, and more than an answer.
    let saying = |text: &'static str| asked_of(&Liar::start(&first, move |_, _| text.to_owned()));
    saying("").failed(1, &["without JSON"]);
    saying("{}").failed(1, &["neither a result nor an error"]);
    saying(r#"{"error":{"code":-32001,"message":"no","data":{"code":24}}}"#)
        .failed(1, &["refused by http", "session key", "(code 24)"]);
    saying(r#"{"error":{"code":-32005,"message":"16 queries at once"}}"#)
        .failed(1, &["16 queries at once", "(-32005)"]);
    asked_of(&Liar::start(&first, |_, _| " ".repeat(5 << 20))).failed(1, &["more than an answer can be"]);

    // One honest node is enough, behind a silent one and two liars.
    let silent = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    ask_instead(&network, std::slice::from_ref(&silent));
    network.run(&["read", &counter, READ]).failed(1, &["does not answer; is it running?"]);
    let liar = Liar::changing(&first, |result| flipped(&mut result["output"], 20));
    let refusing =
        Liar::start(&first, |_, _| r#"{"error":{"code":-32001,"message":"","data":{"code":15}}}"#.into());
    ask_instead(&network, &[silent.clone(), liar.url(), refusing.url(), first.clone()]);
    assert_eq!(read(&network, &counter, READ, &[]).result(), "8");
    assert_eq!((liar.asked(), refusing.asked()), (1, 1));
    // If none is, the first that said something is told, not the one that was silent.
    ask_instead(&network, &[silent, liar.url(), refusing.url()]);
    network.run(&["read", &counter, READ]).failed(1, &["does not decrypt"]);
    ask_instead(&network, &[]);
    network.run(&["read", &counter, READ]).failed(1, &["no node to ask"]);

    // Every node of the network takes questions, key nodes too.
    for url in &honest {
        ask_instead(&network, std::slice::from_ref(url));
        assert_eq!(read(&network, &counter, READ, &["--from", "3"]).result(), "8", "{url}");
    }
}
