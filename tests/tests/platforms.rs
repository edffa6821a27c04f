//! A worker's enclave is broken open: one command takes it out, with its machine, and the others' nodes go on by themselves.

use std::{fs, time::Duration};

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{Chain, Event, Sender, accounts, bindings::Enigma};
use enigma_crypto::sign::{SigningKey, recover};
use enigma_platform::{Identity, SimulatedPlatform, simulated_measurement};
use enigma_primitives::Secret;
use enigma_protocol::receipt::{Receipt, domain_separator};
use enigma_sdk::{EquivocationProof, SignedReceipt};
use enigma_tests::network::{Network, rpc, wait_for};
use serde_json::{Value, json};

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";
const WORKERS: usize = 4;

/// What whoever has the machine gets out of a simulated enclave: everything.
fn break_open(network: &Network, name: &str) -> Identity {
    let file = |name_of: &str| fs::read(network.data_dir().join(name).join(name_of)).expect(name_of);
    let machine: [u8; 32] = file("machine.simulated").try_into().expect("32 bytes");
    let random = Box::new(|_: &mut [u8]| Err(enigma_platform::Error::RandomnessUnavailable));
    let mut platform =
        SimulatedPlatform::new(Secret::from_bytes(machine), simulated_measurement("worker"), random);
    Identity::start(&mut platform, Some(file("identity.sealed"))).expect("it opens").0
}

fn workers(network: &Network, of: &str) -> Vec<Value> {
    rpc::call(network.api_port(of), "enigma_workers", json!([])).as_array().expect("workers").clone()
}

/// Waits until a node says this of the workers.
fn await_workers(network: &Network, of: &str, what: &str, holds: impl Fn(&Value) -> bool) {
    wait_for(what, Duration::from_secs(60), || workers(network, of).iter().all(&holds).then_some(()));
}

/// The receipt of the newest commit of a contract, and who signed it.
async fn newest_receipt(
    chain: &Chain,
    contract: Address,
    digest: impl Fn(&Receipt) -> B256,
) -> (Receipt, Address) {
    let height = chain.height().await.expect("a height");
    let commit =
        chain.history(1, height).await.expect("events").into_iter().rev().find_map(|event| match event {
            Event::Commit(commit) if commit.contract == contract => Some(commit.transaction),
            _ => None,
        });
    let identity = chain.network_state().await.expect("a network").network;
    let receipts = chain.receipts_in(commit.expect("a commit"), identity).await.expect("receipts");
    let signed = receipts.into_iter().find(|r| r.receipt.secret_contract == contract).expect("its receipt");
    let signer = recover(digest(&signed.receipt), &signed.signatures[0]).expect("a signer");
    (signed.receipt, signer)
}

fn part(receipt: &Receipt, signature: [u8; 65]) -> SignedReceipt {
    SignedReceipt { receipt: receipt.into(), signature: signature.to_vec().into() }
}

#[tokio::test]
async fn a_broken_enclave_is_taken_out_by_one_command_and_the_network_goes_on() {
    let network = Network::planned();
    network.up_with(&["--workers", &WORKERS.to_string()]).succeeded();
    let contract = network.deploy(COUNTER);
    assert_eq!(network.call(&contract, ADD, &["1"]).result(), "1");

    let chain = network.chain();
    let domain = domain_separator(chain.chain_id().await.unwrap(), chain.enigma());
    let address: Address = contract.parse().unwrap();
    let (one, signer) = newest_receipt(&chain, address, |r| r.digest(domain)).await;
    let names: Vec<String> = (1..=WORKERS).map(|i| format!("worker-{i}")).collect();
    let opened: Vec<Identity> = names.iter().map(|name| break_open(&network, name)).collect();
    let keys: Vec<&SigningKey> = opened.iter().map(Identity::signer).collect();
    let broken = keys.iter().position(|key| key.address() == signer).expect("one of them");
    let id = chain.worker_id(signer).await.unwrap();
    let others: Vec<&String> = names.iter().filter(|name| **name != names[broken]).collect();
    let witness = others[0];
    let platforms: Vec<Value> = workers(&network, witness).iter().map(|w| w["platform"].clone()).collect();
    let apart = |platform: &Value| platforms.iter().filter(|one| *one == platform).count() == 1;
    assert!(platforms.len() == WORKERS && platforms.iter().all(apart), "{platforms:?}");

    // Two outcomes of the same task.
    let mut other = one.clone();
    other.state_head_after = B256::repeat_byte(1);
    let key = keys[broken];
    let proof = EquivocationProof {
        one: part(&one, key.sign_digest(one.digest(domain))),
        other: part(&other, key.sign_digest(other.digest(domain))),
    };
    let file = network.home().join("proof.json");
    let show = |proof: &EquivocationProof, more: &[&str]| {
        fs::write(&file, serde_json::to_vec(proof).unwrap()).unwrap();
        network.run(&[&["equivocation", file.to_str().unwrap()], more].concat())
    };
    let nothing = EquivocationProof { one: proof.one.clone(), other: proof.one.clone() };
    show(&nothing, &[]).failed(1, &["proves nothing", "both receipts may be right"]);
    let stranger = EquivocationProof {
        one: proof.one.clone(),
        other: part(&other, keys[(broken + 1) % WORKERS].sign_digest(other.digest(domain))),
    };
    show(&stranger, &[]).failed(1, &["proves nothing", "one and the same worker"]);
    let stake = chain.worker(id).await.unwrap().stake;
    let done = show(&proof, &["--json"]).succeeded().json();
    assert_eq!((&done["id"], &done["burnedWei"]), (&json!(id), &json!(stake.to_string())), "{done}");
    assert_eq!(done["platform"], platforms[id as usize]);
    show(&proof, &[]).failed(1, &["shown before"]);

    // The others' nodes have themselves checked; then the next in the order takes over.
    await_workers(&network, witness, "the others to be checked", |worker| {
        let is_broken = worker["id"] == id;
        worker["barred"] == is_broken && worker["checked"] == !is_broken && worker["loggedIn"] == !is_broken
    });
    assert_eq!(network.call(&contract, ADD, &["5", "--timeout", "60"]).result(), "6");
    let dir = |name: &str| network.data_dir().join(name).to_str().unwrap().to_owned();
    let status = network.run(&["worker", "status", "--json", "--data-dir", &dir(&names[broken])]).succeeded();
    assert_eq!(status.json()["worker"]["barred"], true);
    let status = network.run(&["worker", "status", "--data-dir", &dir(&names[broken])]).succeeded().stdout;
    assert!(status.contains("out for good: its enclave signed two outcomes"), "{status}");
    let status = network.run(&["worker", "status", "--data-dir", &dir(witness)]).succeeded();
    assert!(status.stdout.contains("platform  0x"), "{}", status.stdout);
    let all = network.run(&["recheck"]).succeeded().stdout;
    assert!(all.contains("every admission was checked"), "{all}");
    network.run(&["recheck", "99"]).failed(1, &["no worker 99"]);
    let admit = |platform: &Value| {
        let account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let measurement = simulated_measurement("worker").to_string();
        let platform = platform.as_str().unwrap();
        network.run(&[
            "admit",
            "--signer",
            account,
            "--operator",
            account,
            "--measurement",
            &measurement,
            "--platform",
            platform,
        ])
    };
    admit(&done["platform"]).failed(1, &["is barred"]);

    // The deployer bars a platform: the worker's own node takes it out of the lottery.
    let deployer = Sender::new(chain.clone(), accounts::local(accounts::DEPLOYER).unwrap());
    let platform: B256 = platforms[((id + 1) % WORKERS as u64) as usize].as_str().unwrap().parse().unwrap();
    deployer.call_enigma(&Enigma::barPlatformCall { platform }, U256::ZERO).await.unwrap();
    await_workers(&network, witness, "the second one to be out", |worker| {
        let is_out = worker["barred"] == true;
        worker["loggedIn"] == !is_out && worker["checked"] == !is_out
    });
    assert_eq!(workers(&network, witness).iter().filter(|w| w["barred"] == true).count(), 2);
    assert_eq!(network.call(&contract, ADD, &["1", "--timeout", "60"]).result(), "7");
    network.down();
}
