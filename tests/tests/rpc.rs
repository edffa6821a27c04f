//! The nodes' API on a real network: every node tells the same, to whoever asks and to whoever subscribed.

use std::time::Duration;

use enigma_tests::network::{Network, rpc, socket::Socket, wait_for};
use serde_json::{Value, json};

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";
const SOON: Duration = Duration::from_secs(20);
/// An enclave's word for an envelope that does not open.
const NOT_OPENED: u64 = 23;

/// Ports of the APIs of the first worker and the first key node.
fn ports(network: &Network) -> (u16, u16) {
    (network.port_base() + 61, network.port_base() + 41)
}

/// Every node's API: three workers, four key nodes.
fn all(network: &Network) -> impl Iterator<Item = u16> {
    let base = network.port_base();
    (base + 61..base + 64).chain(base + 41..base + 45)
}

/// Waits until every node knows the newest block: each hears of it by itself.
fn settled(network: &Network) {
    let newest = network.rpc("eth_blockNumber", json!([]));
    let newest = u64::from_str_radix(newest.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    for port in all(network) {
        wait_for("a node to know the newest block", SOON, || {
            let height = rpc::call(port, "enigma_health", json!([]))["height"].as_u64()?;
            (height >= newest).then_some(())
        });
    }
}

fn over_http(port: u16, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn every_node_tells_the_same_of_the_network() {
    let network = Network::started();
    let known = network.status()["network"].clone();
    for port in all(&network) {
        let told = rpc::call(port, "enigma_network", json!([]));
        for field in
            ["network", "chainId", "enigma", "checkpointNumber", "checkpointHash", "verifier", "ruleset"]
        {
            assert_eq!(told[field], known[field], "{field}");
        }
        assert_eq!(told["publicKey"], format!("0x{}", known["publicKey"].as_str().unwrap()));
        assert_eq!((&told["simulated"], &told["keys"]), (&json!(true), &json!("dealt")));
        assert_eq!(told["parameters"]["groupSize"], 3);
        assert!(over_http(port, "/health").starts_with("HTTP/1.1 200"));
    }
    let (worker, key) = ports(&network);
    for (port, role, name) in [(worker, "worker", "worker-1"), (key, "key", "key-1")] {
        let health = rpc::call(port, "enigma_health", json!([]));
        assert_eq!(
            (&health["role"], &health["name"], &health["ok"]),
            (&json!(role), &json!(name), &json!(true))
        );
        assert_eq!(health["peers"], json!({"connected": 6, "known": 6}), "{health}");
    }
    let epoch = rpc::call(key, "enigma_epoch", json!([]));
    assert!(epoch["epoch"].as_u64().unwrap() >= 2 && epoch["seeded"] == true, "{epoch}");
    assert_eq!(
        (&epoch["workers"], &epoch["weight"], &epoch["length"]),
        (&json!(3), &json!(30_000), &json!(64))
    );
    let workers = rpc::call(worker, "enigma_workers", json!([]));
    assert_eq!(workers.as_array().unwrap().len(), 3);
    assert!(workers.as_array().unwrap().iter().all(|w| w["stake"] == "10000000000000000000000"), "{workers}");

    let nodes = rpc::call(key, "enigma_topology", json!([]))["nodes"].clone();
    let nodes = nodes.as_array().unwrap();
    assert_eq!(nodes.len(), 7);
    assert!(nodes.iter().all(|n| n["reachable"] == true && n["peers"].as_array().unwrap().len() == 6));
    assert_eq!(nodes.iter().filter(|n| n["self"] == true).count(), 1);
    let sent = |node: &Value| {
        node["peers"].as_array().unwrap().iter().map(|p| p["sent"].as_u64().unwrap()).sum::<u64>()
    };
    assert!(sent(&nodes[0]) >= 6, "it has just asked them all");
}

#[test]
fn tasks_are_told_as_they_come_and_as_they_are_committed() {
    let network = Network::started();
    let (worker, key) = ports(&network);
    let mut socket = Socket::connect(key);
    let tasks = socket.subscribe(json!(["tasks"]));
    let receipts = socket.subscribe(json!(["receipts"]));
    let contract = network.deploy(COUNTER);
    assert_eq!(network.call(&contract, ADD, &["40", "--from", "2"]).result(), "40");

    let address = json!(contract.to_lowercase());
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let (subscription, task) = socket.notified();
        assert_eq!(task["contract"], address);
        seen.push((subscription, task["index"].clone()));
    }
    for expected in [(&tasks, 0), (&receipts, 0), (&tasks, 1), (&receipts, 1)] {
        assert!(seen.contains(&(expected.0.clone(), json!(expected.1))), "{expected:?} in {seen:?}");
    }

    settled(&network);
    let task = rpc::call(worker, "enigma_task", json!([contract, 1]));
    assert_eq!(
        (&task["stage"], &task["kind"], &task["ahead"]),
        (&json!("committed"), &json!("task"), &json!(0))
    );
    assert_eq!(task["committed"]["status"], "completed");
    assert_eq!(task["outbound"], json!([]), "it did nothing outside");
    assert!(task["created"]["block"].as_u64() < task["committed"]["block"].as_u64());
    assert_eq!(
        rpc::call(key, "enigma_task", json!([task["created"]["transaction"]])),
        task,
        "any node tells the same"
    );
    let group = rpc::call(worker, "enigma_group", json!([contract]));
    let signer = &task["worker"]["signer"];
    assert!(group["workers"].as_array().unwrap().iter().any(|w| w["signer"] == *signer), "{task} {group}");

    let page = rpc::call(worker, "enigma_tasks", json!([{"contract": contract, "limit": 1}]));
    assert_eq!((page.as_array().unwrap().len(), &page[0]["index"]), (1, &json!(1)));
    assert!(page[0]["outbound"].is_null(), "lists do not tell");
    let last = json!({"block": page[0]["created"]["block"], "contract": contract, "index": 1});
    let page = rpc::call(worker, "enigma_tasks", json!([{"contract": contract, "before": last}]));
    assert_eq!((page.as_array().unwrap().len(), &page[0]["kind"]), (1, &json!("deploy")));
    let by = rpc::call(worker, "enigma_tasks", json!([{"sender": task["sender"]}]));
    assert_eq!(by.as_array().unwrap().len(), 1, "account 2 sent one");

    let told = rpc::call(key, "enigma_contract", json!([contract]));
    assert_eq!((&told["inputs"], &told["committed"]), (&json!(2), &json!(2)));
    assert_eq!(told["stateHead"], task["committed"]["stateHead"]);
    assert_eq!(rpc::call(key, "enigma_contracts", json!([])), json!([told]));
    let nowhere = rpc::ask(key, "enigma_contract", json!([task["sender"]]));
    assert_eq!(nowhere["error"]["code"], -32000);
    let metrics = over_http(worker, "/metrics");
    for line in ["enigma_tasks_seen_total 2", "enigma_tasks_committed_total 2", "enigma_peers_connected 6"] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[test]
fn blocks_and_epochs_are_told_as_they_begin() {
    let network = Network::started();
    let (worker, _) = ports(&network);
    let mut socket = Socket::connect(worker);
    let blocks = socket.subscribe(json!(["blocks"]));
    let epochs = socket.subscribe(json!(["epochs"]));
    let before = rpc::call(worker, "enigma_epoch", json!([]))["epoch"].as_u64().unwrap();
    network.advance_to_epoch(before + 1);
    let (mut last, mut epoch) = (None, None);
    while epoch.is_none() || last.is_none() {
        let (subscription, told) = socket.notified();
        if subscription == blocks {
            let number = told["number"].as_u64().unwrap();
            assert!(last.is_none_or(|last| number == last + 1), "no block is left out");
            last = Some(number);
        } else {
            assert_eq!(subscription, epochs);
            epoch = Some(told);
        }
    }
    let epoch = epoch.unwrap();
    assert_eq!(epoch["epoch"], before + 1);
    assert!(epoch["start"].as_u64() <= epoch["height"].as_u64());
}

#[test]
fn queries_find_the_worker_from_any_node_and_outlive_it() {
    let network = Network::started();
    let (worker, key) = ports(&network);
    let contract = network.deploy(COUNTER);
    settled(&network);
    let code = |port: u16| {
        let told = rpc::ask(port, "enigma_query", json!([contract, "0x00"]));
        (told["error"]["code"].as_i64().unwrap(), told["error"]["data"]["code"].as_u64())
    };
    // A letter that opens nowhere: the enclave's own refusal proves that it was asked.
    for port in all(&network) {
        let opened_nowhere = || (code(port) == (-32001, Some(NOT_OPENED))).then_some(());
        wait_for("the enclave's own refusal", SOON, opened_nowhere);
    }
    let long = format!("0x{}", "00".repeat(65_537));
    assert_eq!(rpc::ask(worker, "enigma_query", json!([contract, long]))["error"]["code"], -32602);
    let nowhere = "0x00000000000000000000000000000000000000aa";
    assert_eq!(rpc::ask(key, "enigma_query", json!([nowhere, "0x00"]))["error"]["code"], -32000);

    let first = rpc::call(key, "enigma_group", json!([contract]))["workers"][0]["signer"].clone();
    let name = (61..64).find_map(|port| {
        let health = rpc::call(network.port_base() + port, "enigma_health", json!([]));
        (health["enclave"]["address"] == first).then(|| health["name"].as_str().unwrap().to_owned())
    });
    let name = name.expect("rank 0 is one of them");
    let dir = network.data_dir().join(&name).display().to_string();
    network.processes().iter().filter(|p| p.command.ends_with(&dir)).for_each(|p| p.kill());
    wait_for("an answer from the next rank", SOON, || {
        (code(key) == (-32001, Some(NOT_OPENED))).then_some(())
    });
    let unreachable = || {
        let nodes = rpc::call(key, "enigma_topology", json!([]))["nodes"].clone();
        let lost: Vec<_> = nodes.as_array()?.iter().filter(|n| n["reachable"] == false).cloned().collect();
        (lost.len() == 1).then(|| lost[0]["name"].clone())
    };
    assert_eq!(wait_for("the topology to show it", SOON, unreachable), name);
}
