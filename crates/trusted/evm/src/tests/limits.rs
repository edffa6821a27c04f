//! Every limit is a count, and a task that meets one halts with its code.

use super::*;

fn halt(life: &mut Life, limits: Limits, call: Vec<u8>) -> Status {
    let calldata = call.into();
    life.run(Task { limits, gas_limit: TASK_GAS_CAP, ..task(Kind::Call { calldata: &calldata }, 0, 0) })
        .status
}

#[test]
fn gas_limits_follow_eip_7825_and_the_intrinsic_cost() {
    let life = Life::begun();
    let calldata = startCall {}.abi_encode().into();
    let run = |gas_limit| {
        execute(&life.world, &Task { gas_limit, ..task(Kind::Call { calldata: &calldata }, 0, 0) })
    };
    assert_eq!(run(TASK_GAS_CAP).status, Status::Success);
    let over = run(TASK_GAS_CAP + 1);
    assert_eq!((over.status, over.gas_used), (Status::Halt(HaltCode::GasCap), TASK_GAS_CAP + 1));
    assert_eq!(run(21_000).status, Status::Halt(HaltCode::IntrinsicGas));
    assert_eq!(run(0).status, Status::Halt(HaltCode::IntrinsicGas));
    assert_eq!(run(21_200).status, Status::Halt(HaltCode::OutOfGas));
}

#[test]
fn creation_code_follows_eip_3860_and_code_eip_170_and_eip_3541() {
    let mut life = Life::unborn(0);
    let long = vec![0; 49_153].into();
    assert_eq!(life.deploy(long, 0).status, Status::Halt(HaltCode::InitCodeSize));
    let returns = |size: u16| {
        let mut code = vec![0x61];
        code.extend(size.to_be_bytes());
        code.extend([0x5f, 0xf3]);
        Bytes::from(code)
    };
    let deploy = |life: &mut Life, init_code: Bytes| {
        life.run(Task { gas_limit: TASK_GAS_CAP, ..task(Kind::Deploy { init_code: &init_code }, 0, 0) })
            .status
    };
    assert_eq!(deploy(&mut life, returns(24_577)), Status::Halt(HaltCode::Create));
    // mstore8(0, 0xef); return(0, 1)
    let magic = hex::decode("60ef5f5360015ff3").unwrap().into();
    assert_eq!(deploy(&mut life, magic), Status::Halt(HaltCode::Create));
    assert_eq!(deploy(&mut life, returns(24_576)), Status::Success);
}

#[test]
fn output_logs_delta_world_and_memory_are_bounded() {
    let mut life = Life::begun();
    let limits = Limits { output: 1_000, logs: 1_000, delta: 1_000, world: 20_000, memory: 1 << 20 };
    let long = |n: u64| longCall { size: U256::from(n) }.abi_encode();
    assert_eq!(halt(&mut life, limits, long(1_000 - 64 - 8)), Status::Success);
    assert_eq!(halt(&mut life, limits, long(1_000)), Status::Halt(HaltCode::OutputLimit));
    let revert = |n: u64| longRevertCall { size: U256::from(n) }.abi_encode();
    assert_eq!(halt(&mut life, limits, revert(1_000)), Status::Revert);
    assert_eq!(halt(&mut life, limits, revert(1_001)), Status::Halt(HaltCode::OutputLimit));
    let log = |n: u64| logCall { size: U256::from(n) }.abi_encode();
    assert_eq!(halt(&mut life, limits, log(1_000 - 64 - 64 - 8)), Status::Success);
    assert_eq!(halt(&mut life, limits, log(1_000)), Status::Halt(HaltCode::LogLimit));
    let fill = |from: u64, n: u64| fillCall { from: U256::from(from), count: U256::from(n) }.abi_encode();
    assert_eq!(halt(&mut life, limits, fill(0, 20)), Status::Success);
    assert_eq!(halt(&mut life, limits, fill(100, 60)), Status::Halt(HaltCode::DeltaLimit));
    let room = Limits { delta: 1 << 20, ..limits };
    assert_eq!(halt(&mut life, room, fill(100, 400)), Status::Halt(HaltCode::WorldLimit));
    assert_eq!(halt(&mut life, room, fill(100, 60)), Status::Success);
    let hog = |depth: u64| hogCall { depth: U256::from(depth), size: U256::from(200_000) }.abi_encode();
    assert_eq!(halt(&mut life, limits, hog(3)), Status::Success);
    let status = halt(&mut life, limits, hog(8));
    assert!(status != Status::Success, "{status:?}: eight frames hold more than a megabyte");
    assert_eq!(halt(&mut life, Limits { memory: 4 << 20, ..limits }, hog(8)), Status::Success);
}

#[test]
fn calls_nest_no_deeper_than_gas_allows_and_nothing_panics() {
    let mut life = Life::begun();
    let hog = hogCall { depth: U256::from(2_000), size: U256::ZERO }.abi_encode();
    let status = halt(&mut life, Limits::default(), hog);
    assert!(status != Status::Success, "{status:?}");
}

#[test]
fn halt_codes_are_what_receipts_have_promised() {
    let codes = [
        (HaltCode::OutOfGas, 1),
        (HaltCode::MemoryLimit, 11),
        (HaltCode::NotDeployed, 32),
        (HaltCode::WorldLimit, 41),
        (HaltCode::Machine, 63),
    ];
    assert!(codes.iter().all(|(code, number)| code.code() == *number));
}
