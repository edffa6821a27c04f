//! The stake tree and the lottery, against `vectors/lottery.json`, which an implementation of its own has made
//! (`vectors/scripts/lottery.py`).

use std::{cell::Cell, collections::BTreeMap, convert::Infallible};

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    layout,
    lottery::{LEVELS, Slots, sequence, total_weight},
};
use serde_json::Value;

use crate::{
    stake_tree::{Storage, set_weight},
    stored,
};

#[derive(Default)]
struct Memory {
    words: BTreeMap<B256, U256>,
    reads: Cell<u32>,
}

impl Storage for Memory {
    fn get(&self, slot: B256) -> U256 {
        self.words.get(&slot).copied().unwrap_or_default()
    }

    fn set(&mut self, slot: B256, word: U256) {
        self.words.insert(slot, word);
    }
}

impl Slots for Memory {
    type Error = Infallible;

    fn read(&self, slot: B256) -> Result<U256, Infallible> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.get(slot))
    }
}

fn list<'a>(vectors: &'a Value, name: &str) -> &'a [Value] {
    vectors[name].as_array().unwrap()
}

fn int(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap()
}

fn number(value: &Value) -> U256 {
    value.as_str().unwrap().parse().unwrap()
}

fn check_read(memory: &Memory, read: &Value) {
    let (epoch, count) = (int(read, "epoch"), int(read, "count"));
    let Ok(total) = total_weight(memory, epoch);
    assert_eq!(total, int(read, "total"));
    let seed = B256::from(number(&read["seed"]));
    let contract: Address = read["contract"].as_str().unwrap().parse().unwrap();
    memory.reads.set(0);
    let Ok(drawn) = sequence(memory, contract, epoch, seed, count as usize);
    let ids: Vec<u64> = list(read, "ids").iter().map(|id| id.as_u64().unwrap()).collect();
    assert_eq!(drawn.iter().map(|d| d.id).collect::<Vec<_>>(), ids, "epoch {epoch}");
    assert_eq!(memory.reads.get(), 1 + LEVELS * ids.len() as u32, "a word a level and draw");
}

#[test]
fn trees_and_sequences_are_those_of_the_vectors() {
    let vectors = stored("lottery");
    let mut memory = Memory::default();
    let mut reads = list(&vectors, "reads").iter().peekable();
    let mut checked = 0;
    for (done, operation) in (1u64..).zip(list(&vectors, "operations")) {
        let weight = u32::try_from(int(operation, "weight")).unwrap();
        set_weight(&mut memory, int(operation, "epoch"), int(operation, "seat"), weight);
        while let Some(read) = reads.next_if(|read| int(read, "after") == done) {
            check_read(&memory, read);
            checked += 1;
        }
    }
    assert!(checked >= 50 && reads.next().is_none(), "{checked} reads");
    assert_eq!(memory.get(layout::TREE_ROOT), number(&vectors["treeRoot"]));
    for stored in list(&vectors, "words") {
        let key = number(&stored["key"]).to::<u64>();
        let word = layout::tree_word((key >> 32) as u32, (key & 0xffff_ffff) >> 2, (key & 3) as u32);
        assert_eq!(memory.get(word), number(&stored["value"]), "{key:#x}");
    }
    let written = memory.words.values().filter(|w| !w.is_zero()).count();
    assert_eq!(written, list(&vectors, "words").len() + 1, "no word but these and the root");
}

#[test]
fn nobody_is_drawn_twice_and_an_empty_lottery_draws_nobody() {
    let mut memory = Memory::default();
    let Ok(nobody) = sequence(&memory, Address::ZERO, 2, B256::ZERO, 3);
    assert!(nobody.is_empty());
    for seat in [0, 1, 9, 4_000, 32_767] {
        set_weight(&mut memory, 0, seat, 1 + seat as u32);
    }
    for n in 0..50u8 {
        let Ok(drawn) = sequence(&memory, Address::repeat_byte(n), 2, B256::repeat_byte(n), 9);
        let mut ids: Vec<u64> = drawn.iter().map(|d| d.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, [0, 1, 9, 4_000, 32_767]);
    }
}

#[test]
fn a_reader_that_lies_gets_an_answer_and_no_panic() {
    struct Liar(u64);
    impl Slots for Liar {
        type Error = Infallible;
        fn read(&self, slot: B256) -> Result<U256, Infallible> {
            Ok(U256::from_be_bytes(
                alloy_primitives::keccak256([slot.as_slice(), &self.0.to_be_bytes()].concat()).0,
            ))
        }
    }
    for n in 0..2_000 {
        let Ok(drawn) = sequence(&Liar(n), Address::ZERO, n % 5, B256::ZERO, 8);
        assert!(drawn.len() <= 8);
    }
}
