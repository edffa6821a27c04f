//! Solidity and Rust: the same trees, word for word, and the same sequences.

use std::{collections::BTreeMap, path::PathBuf, process::Command};

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, sol};
use enigma_protocol::{
    layout,
    lottery::{sequence, total_weight},
};
use enigma_tests::{
    anvil::{Anvil, bytes},
    sealed::stake::{Storage, set_weight},
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::{
    history::{History, MOST, Shape},
    memory::Memory,
};

/// Trees of a run, unless `ENIGMA_TREES` says otherwise.
const TREES: usize = 1_000;
/// Where nobody deployed anything: the harness is put there for the call.
const HARNESS: Address = Address::repeat_byte(0x7e);

sol! {
    #[derive(Debug)]
    struct Change {
        uint256 epoch;
        uint256 seat;
        uint256 weight;
    }
    #[derive(Debug)]
    struct Draw {
        uint256 made;
        uint256 epoch;
        bytes32 seed;
        address secretContract;
        uint256 count;
    }
    #[derive(Debug, PartialEq)]
    struct Drawn {
        uint256 root;
        uint256 total;
        uint256[] ids;
    }
    function run(Change[] changes, Draw[] draws, uint256[] keys)
        returns (Drawn[] drawn, uint256[] words, uint256 last);
}

/// What came of a history.
#[derive(Debug, PartialEq)]
struct Result {
    drawn: Vec<Drawn>,
    words: Vec<U256>,
    last: U256,
}

#[test]
fn solidity_and_rust_draw_the_same_groups_from_the_same_trees() {
    let number = |name: &str| std::env::var(name).ok().map(|v| v.parse::<u64>().expect("a number"));
    let seed = number("ENIGMA_SEED").unwrap_or_else(rand::random);
    let trees = number("ENIGMA_TREES").map_or(TREES, |n| usize::try_from(n).expect("a count"));
    println!("replay with ENIGMA_SEED={seed} ENIGMA_TREES={trees}");
    let mut rng = StdRng::seed_from_u64(seed);
    let (chain, code) = (Anvil::start(&["--no-mining"]), harness());
    let mut seen = Seen::default();
    for (i, shape) in (0..trees).zip(Shape::ALL.into_iter().cycle()) {
        let history = History::random(&mut rng, shape);
        let here = in_rust(&history);
        assert_eq!(in_solidity(&chain, &code, &history), here, "tree {i}: {history:#?}");
        seen.note(&history, &here);
    }
    println!("{seen:?}");
    assert!(trees < TREES || seen.is_varied(), "the histories have become one-sided");
}

/// What the run was made of: a comparison of empty trees would prove nothing.
#[derive(Debug, Default)]
struct Seen {
    by_shape: BTreeMap<Shape, usize>,
    changes: usize,
    draws: usize,
    empty: usize,
    short: usize,
    whole: usize,
    full: usize,
}

impl Seen {
    fn note(&mut self, history: &History, result: &Result) {
        *self.by_shape.entry(history.shape).or_default() += 1;
        self.changes += history.changes.len();
        self.draws += history.draws.len();
        for (draw, drawn) in history.draws.iter().zip(&result.drawn) {
            self.empty += usize::from(draw.count > 0 && drawn.ids.is_empty());
            self.short += usize::from(!drawn.ids.is_empty() && drawn.ids.len() < draw.count);
            self.whole += usize::from(draw.count == 8 && drawn.ids.len() == 8);
            self.full += usize::from(drawn.total == U256::from(MOST));
        }
    }

    fn is_varied(&self) -> bool {
        self.by_shape.values().all(|&n| n >= TREES / Shape::ALL.len())
            && [self.empty, self.short, self.whole, self.full].iter().all(|&n| n > TREES / 2)
    }
}

fn in_rust(history: &History) -> Result {
    let mut memory = Memory::default();
    let mut draws = history.draws.iter().peekable();
    let mut drawn = Vec::new();
    for made in 0..=history.changes.len() {
        while let Some(draw) = draws.next_if(|draw| draw.made == made) {
            let Ok(total) = total_weight(&memory, draw.epoch);
            let Ok(ids) = sequence(&memory, draw.contract, draw.epoch, draw.seed, draw.count);
            drawn.push(Drawn {
                root: memory.get(layout::TREE_ROOT),
                total: U256::from(total),
                ids: ids.iter().map(|one| U256::from(one.id)).collect(),
            });
        }
        if let Some(change) = history.changes.get(made) {
            set_weight(&mut memory, change.epoch, change.seat, change.weight);
        }
    }
    let slots: Vec<B256> = history.nodes().into_iter().map(|(l, i, v)| layout::tree_word(l, i, v)).collect();
    let written = memory.0.keys().filter(|slot| **slot != layout::TREE_ROOT);
    assert!(written.into_iter().all(|slot| slots.contains(slot)), "a word off the paths was written");
    Result {
        drawn,
        words: slots.iter().map(|slot| memory.get(*slot)).collect(),
        last: memory.get(layout::TREE_ROOT),
    }
}

fn in_solidity(chain: &Anvil, code: &str, history: &History) -> Result {
    let int = |n: u64| U256::from(n);
    let call = runCall {
        changes: history
            .changes
            .iter()
            .map(|c| Change { epoch: int(c.epoch), seat: int(c.seat), weight: U256::from(c.weight) })
            .collect(),
        draws: history
            .draws
            .iter()
            .map(|d| Draw {
                made: U256::from(d.made),
                epoch: int(d.epoch),
                seed: d.seed,
                secretContract: d.contract,
                count: U256::from(d.count),
            })
            .collect(),
        keys: history
            .nodes()
            .into_iter()
            .map(|(level, index, version)| int(u64::from(level) << 32 | index << 2 | u64::from(version)))
            .collect(),
    };
    let call = json!({ "to": HARNESS, "data": hex(&call.abi_encode()), "gas": "0x1c9c380" });
    let answer = chain.call("eth_call", json!([call, "latest", { HARNESS.to_string(): { "code": code } }]));
    let answer = runCall::abi_decode_returns(&bytes(&answer)).expect("what run returns");
    Result { drawn: answer.drawn, words: answer.words, last: answer.last }
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// The harness's code.
fn harness() -> String {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new("node")
        .arg(repository.join("tools/compile.mjs"))
        .arg(repository.join("contracts/test/LotteryHarness.sol"))
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compiled: Value = serde_json::from_slice(&output.stdout).expect("the compiler's JSON");
    compiled["deployedBytecode"].as_str().expect("code").to_owned()
}
