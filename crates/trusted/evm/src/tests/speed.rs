//! How long a small task takes. `cargo test --release -p enigma-evm -- --ignored --nocapture speed`

use std::time::Instant;

use super::*;

#[test]
#[ignore = "a measurement, not a test"]
fn of_a_token_transfer() {
    const RUNS: u32 = 20_000;
    for slots in [0u64, 100_000] {
        let mut life = Life::begun();
        let storage = (0..slots).map(|i| (U256::from(i) << 128, U256::from(1))).collect();
        let filled = AccountDelta { address: ROOT, storage, ..AccountDelta::default() };
        life.world.apply(&WorldDelta { accounts: vec![filled], ..WorldDelta::default() });
        let calldata = transferCall { to: BOB, amount: U256::from(1) }.abi_encode().into();
        let task = task(Kind::Call { calldata: &calldata }, 0, 0);
        let (mut bytes, begin) = (0, Instant::now());
        for _ in 0..RUNS {
            let outcome = execute(&life.world, &task);
            bytes = outcome.delta.to_bytes().len();
            life.world.apply(&outcome.delta);
        }
        let each = begin.elapsed() / RUNS;
        println!("transfer in a world of {slots} slots: {each:?} with apply, delta {bytes} bytes");
    }
}
