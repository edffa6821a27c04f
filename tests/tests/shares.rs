//! The share of fees on a real network: from the pay of commits to whoever posts beacons and to the seats of the
//! committee, to the wei; credit that pays the next task; and a worker below the smallest stake, which is not drawn.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, U256, address, keccak256};
use enigma_chain::{
    Account, CommitEvent, Event, Pool, Sender, accounts,
    deployment::{self, Admission},
};
use enigma_protocol::fees;
use enigma_tests::network::{Network, rpc::quantity, wait_for, watch::Watch};
use serde_json::{Value, json};

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";
const SEATS: u8 = 4;
const HEIR: Address = address!("00000000000000000000000000000000000000E2");
const PATIENCE: Duration = Duration::from_secs(60);

/// What the chain told of money, replayed from its logs by the schedule alone.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shares {
    accounts: BTreeMap<Address, Account>,
    pool: Pool,
    claimed: BTreeMap<u8, U256>,
    beacons: usize,
}

impl Shares {
    /// Follows every log of the contract, in their order.
    fn replay(network: &Network, watch: &Watch) -> Self {
        let logs = logs(network, watch);
        let commits: BTreeMap<(Address, u64), CommitEvent> = watch
            .since(1)
            .into_iter()
            .filter_map(|event| match event {
                Event::Commit(commit) => Some(((commit.contract, commit.first_index), *commit)),
                _ => None,
            })
            .collect();
        let mut shares = Self::default();
        for log in &logs {
            let (topic, data) = (|i: usize| word(&log["topics"][i]), |i: usize| word_of(&log["data"], i));
            let who = || Address::from_word(topic(1).into());
            match topic(0) {
                t if t
                    == hash(
                        "Committed(address,uint64,uint64,uint40,bytes32,bytes32,uint256[],bytes[],bytes[])",
                    ) =>
                {
                    shares.commit(watch, &commits[&(who(), topic(2).to())]);
                }
                t if t == hash("UpkeepCollected(address,uint256)") => {
                    let parked = std::mem::take(&mut shares.accounts.entry(who()).or_default().upkeep);
                    assert_eq!(data(0), parked, "all that was parked with {}", who());
                    shares.pool.amount += parked;
                }
                t if t == hash("BeaconPaid(address,uint256,uint256)") => {
                    let block = quantity(&log["blockNumber"]).to();
                    let base_fee = watch.ask(watch.chain().block(block)).base_fee;
                    let (reward, each) = fees::beacon(shares.pool.amount, base_fee.into(), SEATS);
                    assert_eq!((data(0), data(1)), (reward, each), "at {base_fee} wei per gas");
                    shares.pool.amount -= reward + each * U256::from(SEATS);
                    shares.pool.per_seat += each;
                    shares.accounts.entry(who()).or_default().credit += reward;
                    shares.beacons += 1;
                }
                t if t == hash("SeatClaimed(uint256,address,uint256)") => {
                    let (seat, operator): (u8, _) = (topic(1).to(), Address::from_word(topic(2).into()));
                    assert_eq!(operator, key_node(seat));
                    let due = shares.pool.per_seat - shares.claimed.get(&seat).copied().unwrap_or_default();
                    assert_eq!(data(0), due);
                    shares.claimed.insert(seat, shares.pool.per_seat);
                    shares.accounts.entry(operator).or_default().credit += due;
                }
                _ => {}
            }
        }
        shares
    }

    fn commit(&mut self, watch: &Watch, commit: &CommitEvent) {
        let [signer] = &watch.signers(commit)[..] else { panic!("one signer") };
        let operator = worker(signer.trim_start_matches("worker-").parse().unwrap());
        let pay: U256 = commit.outcomes.iter().map(|outcome| outcome.pay).sum();
        let account = self.accounts.entry(operator).or_default();
        account.credit += pay - fees::upkeep(pay);
        account.upkeep += fees::upkeep(pay);
    }

    /// What the contract has of the same accounts.
    fn on_chain(&self, watch: &Watch) -> Self {
        let chain = watch.chain();
        let accounts = self.accounts.keys().map(|who| (*who, watch.ask(chain.account(*who)))).collect();
        let seats = self.claimed.keys().map(|seat| {
            let found = watch.ask(chain.seat(*seat)).expect("a seat");
            assert_eq!(found.operator, key_node(*seat));
            (*seat, found.claimed)
        });
        Self { accounts, pool: watch.ask(chain.pool()), claimed: seats.collect(), beacons: self.beacons }
    }
}

fn hash(event: &str) -> U256 {
    keccak256(event).into()
}

fn word(text: &Value) -> U256 {
    text.as_str().unwrap().parse().unwrap()
}

fn word_of(data: &Value, place: usize) -> U256 {
    let text = data.as_str().unwrap();
    U256::from_str_radix(&text[2 + 64 * place..][..64], 16).unwrap()
}

fn logs(network: &Network, watch: &Watch) -> Vec<Value> {
    let all = json!({ "fromBlock": "0x1", "toBlock": "latest", "address": watch.chain().enigma() });
    network.rpc("eth_getLogs", json!([all])).as_array().unwrap().clone()
}

fn key_node(seat: u8) -> Address {
    accounts::local_address(accounts::FIRST_KEY_NODE + u32::from(seat)).unwrap()
}

/// The operator of worker `number`, from 1.
fn worker(number: u32) -> Address {
    accounts::local_address(accounts::FIRST_WORKER + number - 1).unwrap()
}

fn wei(text: &Value) -> U256 {
    text.as_str().unwrap().parse().unwrap()
}

fn credit(network: &Network, account: &str) -> U256 {
    wei(&network.run(&["credit", account, "--json"]).succeeded().json()["creditWei"])
}

/// Credit pays a task: what is sent is what it leaves.
fn pays_from_credit(network: &Network, watch: &Watch, contract: &str) {
    let had = credit(network, "1");
    assert!(!had.is_zero(), "its first task left something");
    let told = network.call(contract, ADD, &["2", "--from", "1", "--credit"]).succeeded().json();
    let (address, index) = (contract.parse().unwrap(), told["index"].as_u64().unwrap());
    let input = watch.ask(watch.chain().input(address, index, 1)).unwrap().input;
    let due = input.max_fee();
    let sent = network.rpc("eth_getTransactionByHash", json!([told["transaction"]]));
    assert_eq!(quantity(&sent["value"]), due.saturating_sub(had));
    assert_ne!(quantity(&sent["value"]), due);
}

fn withdraws(network: &Network) {
    let had = credit(network, "1");
    let heir = HEIR.to_string();
    let told = network.run(&["withdraw", "--from", "1", "--to", &heir, "--json"]).succeeded().json();
    assert_eq!(wei(&told["creditWei"]), had);
    assert_eq!(quantity(&network.rpc("eth_getBalance", json!([heir, "latest"]))), had);
    assert_eq!(credit(network, "1"), U256::ZERO);
    network.run(&["withdraw", "--from", "1"]).failed(1, &["nothing"]);
}

/// Goes on, epoch by epoch, until every seat has claimed more: key nodes collect in one epoch, are paid by the next beacon,
/// and claim then.
fn next_share(network: &Network, watch: &Watch, before: &Shares) -> Shares {
    let claimed = |shares: &Shares, seat| shares.claimed.get(&seat).copied().unwrap_or_default();
    for _ in 0..12 {
        let epoch = network.status()["epoch"].as_u64().unwrap();
        network.advance_to_epoch(epoch + 1);
        let deadline = Instant::now() + Duration::from_secs(4);
        while Instant::now() < deadline {
            let shares = Shares::replay(network, watch);
            if (0..SEATS).all(|seat| claimed(&shares, seat) > claimed(before, seat)) {
                return shares;
            }
        }
    }
    panic!("no share within 12 epochs: {:?}", Shares::replay(network, watch));
}

#[test]
fn fees_of_tasks_reach_who_posts_beacons_and_the_seats_to_the_wei() {
    let network = Network::started();
    let watch = Watch::of(&network);
    let contract = network.deploy(COUNTER);
    network.call(&contract, ADD, &["1", "--from", "1"]).succeeded();
    pays_from_credit(&network, &watch, &contract);
    withdraws(&network);
    network.run(&["seat", "5"]).failed(1, &["4 seats"]);

    let first = next_share(&network, &watch, &Shares::default());
    for _ in 0..2 {
        network.call(&contract, ADD, &["1"]).succeeded();
    }
    let second = next_share(&network, &watch, &first);
    assert!(second.beacons > first.beacons, "{first:?} {second:?}");

    // What the logs say is what the contract has, and nothing of a key node's is anything else.
    let agreed = wait_for("a moment in which nothing moves", PATIENCE, || {
        let before = Shares::replay(&network, &watch);
        let found = before.on_chain(&watch);
        (Shares::replay(&network, &watch) == before).then(|| {
            assert_eq!(found, before);
            before
        })
    });
    let operators = (1..=3).map(worker);
    let all: U256 = operators.map(|who| agreed.accounts.get(&who).map_or(U256::ZERO, |a| a.upkeep)).sum();
    let of_keys: U256 = (0..SEATS).map(|seat| agreed.accounts[&key_node(seat)].credit).sum();
    let due: U256 = agreed.claimed.values().map(|claimed| agreed.pool.per_seat - claimed).sum();
    let parked = all + agreed.pool.amount + due + of_keys;
    let earned: U256 = (1..=3).filter_map(|n| agreed.accounts.get(&worker(n))).map(|a| a.credit).sum();
    // A 1/32 of each commit, rounded down: so of all pay, but for less than a wei a commit.
    assert!(earned / U256::from(31) >= parked && earned / U256::from(32) < parked, "{earned} {parked}");

    let told = network.run(&["seat", "--json"]).succeeded().json();
    assert_eq!(wei(&told["poolWei"]), watch.ask(watch.chain().pool()).amount);
    for (seat, told) in (0..SEATS).zip(told["seats"].as_array().unwrap()) {
        assert_eq!(told["operator"], json!(key_node(seat)));
        assert_eq!(told["seat"], json!(seat + 1));
    }
    network.run(&["seat"]).succeeded();
    // Whatever was left, after a claim it is nothing.
    network.run(&["seat", "2", "--claim"]);
    network.run(&["seat", "2", "--claim"]).failed(1, &["nothing"]);
}

fn eng(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

#[test]
fn whom_a_slash_leaves_below_the_smallest_stake_is_not_drawn_until_it_stakes_again() {
    let network = Network::planned();
    network.up_with(&["--workers", "2"]).succeeded();
    let watch = Watch::of(&network);
    let chain = watch.chain();
    let contract = network.deploy(COUNTER);
    let address: Address = contract.parse().unwrap();

    // A third one with just the smallest stake, whose machine never answers.
    let least = watch.ask(chain.parameters()).min_stake;
    assert_eq!(least, 100);
    let deployer = Sender::new(chain.clone(), accounts::local(accounts::DEPLOYER).unwrap());
    let operator = Sender::new(chain.clone(), accounts::local(accounts::FIRST_WORKER + 9).unwrap());
    let first = watch.ask(chain.worker(0));
    let token = watch.ask(chain.token());
    let admission = Admission {
        signer: Address::from_word(B256::repeat_byte(0x5e)),
        operator: operator.address(),
        measurement: first.measurement,
        platform: B256::repeat_byte(0x5e),
        expiry: first.expiry,
    };
    watch.ask(deployment::admit(&deployer, token, &admission, eng(100)));
    watch.ask(deployment::stake_and_login(&operator, token, admission.signer, eng(100)));
    let id = watch.ask(chain.worker_id(admission.signer));
    let drawn = || {
        let epoch = watch.ask(chain.network_state()).epoch;
        watch.ask(chain.sequence(address, epoch, 8)).contains(&id)
    };
    let two_epochs_on = || {
        let epoch = network.status()["epoch"].as_u64().unwrap();
        network.advance_to_epoch(epoch + 2);
    };
    two_epochs_on();
    assert!(drawn());

    // Nobody executes a task, so somebody skips it, and its whole group is slashed.
    network.kill_node("worker-1");
    network.kill_node("worker-2");
    network.call(&contract, ADD, &["1", "--timeout", "1"]).failed(1, &[]);
    two_epochs_on();
    network.rpc("anvil_mine", json!(["0x90"]));
    let skipped = wait_for("a skip", PATIENCE, || {
        network.rpc("anvil_mine", json!(["0x10"]));
        let answer = network.run(&["skip", &contract, "--json"]).json();
        (answer["ok"] == true).then_some(answer)
    });
    assert_eq!(watch.slashed(address, skipped["block"].as_u64().unwrap()).len(), 3);
    let record = watch.ask(chain.worker(id));
    assert_eq!((record.stake, record.logged_in), (eng(99), true));

    two_epochs_on();
    assert!(!drawn(), "its stake is below the smallest");
    let epoch = watch.ask(chain.network_state()).epoch;
    assert_eq!(watch.ask(chain.total_weight(epoch)), 2 * 9_900);

    watch.ask(deployment::give(&deployer, token, operator.address(), eng(1)));
    watch.ask(deployment::stake(&operator, token, id, eng(1)));
    two_epochs_on();
    assert!(drawn());
}
