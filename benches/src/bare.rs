//! The transfer without anything around it: what the EVM itself costs.

use std::{collections::BTreeMap, time::Instant};

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use anyhow::{Context as _, Result, ensure};
use enigma_evm::{BlockContext, Kind, Limits, Status, Task, World, execute};
use enigma_primitives::Secret;
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext, context::TxEnv, database::InMemoryDB,
    state::AccountInfo,
};

use crate::{series::Series, token::Token};

const OWNER: Address = Address::repeat_byte(0x0e);

pub fn run(token: &Token, runs: usize) -> Result<()> {
    println!("{}", in_revm(token, runs)?);
    println!("{}", in_a_sealed_world(token, runs)?);
    Ok(())
}

/// revm with its own in-memory database, one machine for all transfers.
fn in_revm(token: &Token, runs: usize) -> Result<Series> {
    let mut db = InMemoryDB::default();
    db.insert_account_info(OWNER, AccountInfo { balance: U256::MAX >> 1, ..AccountInfo::default() });
    let mut evm = Context::mainnet().with_db(db).build_mainnet();
    let mut nonce = 0;
    let mut send = |kind: TxKind, data: Vec<u8>| {
        let tx = TxEnv {
            caller: OWNER,
            kind,
            data: data.into(),
            gas_limit: 5_000_000,
            nonce,
            chain_id: Some(1),
            ..TxEnv::default()
        };
        nonce += 1;
        let begin = Instant::now();
        let result = evm.transact_commit(tx);
        (begin, Instant::now(), result)
    };
    let (_, _, deployed) = send(TxKind::Create, token.creation.clone());
    let address = deployed?.created_address().context("a deployment")?;
    let mut series = Series::new("transfer, bare revm");
    for i in 0..runs {
        let (begin, end, result) = send(TxKind::Call(address), Token::transfer(i));
        ensure!(result?.is_success(), "the transfer failed");
        series.push(end - begin);
    }
    Ok(series)
}

/// The sealed world of the enclaves, with its delta applied, but no keys, proofs or frames.
fn in_a_sealed_world(token: &Token, runs: usize) -> Result<Series> {
    let mut world = World::empty(Address::repeat_byte(0xc0));
    let seed = Secret::from_bytes([7; 32]);
    let (hashes, limits) = (BTreeMap::new(), Limits::RULESET_1);
    let block = BlockContext { number: 1, timestamp: 1, base_fee: 7, chain_id: 1, prevrandao: B256::ZERO };
    let mut send = |kind: Kind<'_>| {
        let task = Task {
            kind,
            sender: OWNER,
            caller: OWNER,
            on_behalf_of: B256::ZERO,
            relayed: None,
            value: U256::ZERO,
            inflow: U256::ZERO,
            gas_limit: 5_000_000,
            block,
            block_hashes: &hashes,
            randomness: &seed,
            limits,
        };
        let begin = Instant::now();
        let outcome = execute(&world, &task);
        world.apply(&outcome.delta);
        (begin.elapsed(), outcome.status)
    };
    let code = Bytes::copy_from_slice(&token.creation);
    ensure!(send(Kind::Deploy { init_code: &code }).1 == Status::Success, "the deployment failed");
    let mut series = Series::new("transfer, sealed world, no enclave");
    for i in 0..runs {
        let calldata = Token::transfer(i).into();
        let (taken, status) = send(Kind::Call { calldata: &calldata });
        ensure!(status == Status::Success, "the transfer failed");
        series.push(taken);
    }
    Ok(series)
}
