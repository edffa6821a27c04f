//! What a contract can ask about its surroundings.

use super::*;

#[test]
fn block_fields_are_those_of_the_task() {
    let mut life = Life::begun();
    let seen = life.ask(envCall {});
    let prevrandao = U256::from_be_bytes(BLOCK.prevrandao.0);
    let expected = [1_000, 1_800_000_000, 7, 31_337, 0, BLOCK_GAS_LIMIT, 0, 0, 1].map(U256::from);
    for (i, (seen, expected)) in seen.into_iter().zip(expected).enumerate() {
        assert_eq!(seen, if i == 4 { prevrandao } else { expected }, "field {i}");
    }
}

#[test]
fn sender_and_origin_are_the_tasks_sender() {
    let mut life = Life::begun();
    let seen = life.ask(whoCall {});
    assert_eq!((seen.sender, seen.origin), (ALICE, ALICE));
}

#[test]
fn blockhash_knows_the_hashes_that_the_task_brings() {
    let life = Life::begun();
    let hash = B256::repeat_byte(0xab);
    let block_hashes = BTreeMap::from([(999, hash), (998, hash), (1_000, hash), (743, hash)]);
    let ask = |number: u64| {
        let calldata = hashOfCall { number: U256::from(number) }.abi_encode().into();
        let task = Task { block_hashes: &block_hashes, ..task(Kind::Call { calldata: &calldata }, 0, 0) };
        B256::from_slice(&execute(&life.world, &task).output)
    };
    assert_eq!((ask(999), ask(998)), (hash, hash));
    assert_eq!(ask(997), B256::ZERO, "not brought");
    assert_eq!((ask(1_000), ask(743)), (B256::ZERO, B256::ZERO), "outside the last 256");
}

#[test]
fn randomness_differs_per_call_and_is_not_taken_back_by_a_revert() {
    let mut life = Life::begun();
    let one = life.ask(randomCall { size: U256::from(40), pers: Bytes::new() });
    assert_eq!(one.len(), 40);
    assert_eq!(life.ask(randomCall { size: U256::from(40), pers: Bytes::new() }), one, "same seed");
    assert_ne!(life.ask(randomCall { size: U256::from(40), pers: b"p"[..].into() }), one);
    let drawn = life.ask(retryCall { size: U256::from(40) });
    assert_eq!(drawn.first, one);
    assert_ne!(drawn.second, one, "trying again after a revert gives other bytes");

    let calldata = randomCall { size: U256::from(40), pers: Bytes::new() }.abi_encode().into();
    let other = Secret::from_bytes([10; 32]);
    let task = Task { randomness: &other, ..task(Kind::Call { calldata: &calldata }, 0, 0) };
    assert_ne!(execute(&life.world, &task).output, one.abi_encode());
}
