//! A new network: contracts, admitted workers with their stakes, genesis.

use alloy::{providers::Provider, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, U256};
use enigma_protocol::network::{VERIFIER_DEV, simulated_root};

use crate::{
    Error, Result, Sender,
    bindings::{EngToken, Enigma, epoch},
    view::View,
};

/// Parameters of a network, immutable once deployed.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    /// Blocks in an epoch.
    pub epoch_length: u64,
    /// Workers in a group.
    pub group_size: u8,
    /// Blocks until the next rank may take over.
    pub takeover: u16,
    /// Epochs until anybody may skip an input.
    pub skip_epochs: u8,
    /// Epochs before the current one to which envelopes may be encrypted.
    pub window: u8,
    /// Whole ENG that a worker must have staked to be drawn.
    pub min_stake: u32,
}

impl Parameters {
    /// Those of a local network.
    pub const LOCAL: Self =
        Self { epoch_length: 64, group_size: 3, takeover: 3, skip_epochs: 2, window: 16, min_stake: 100 };
}

/// A worker that the deployer admits.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Address of the enclave's signing key.
    pub signer: Address,
    /// The operator's account.
    pub operator: Address,
    /// What runs there.
    pub measurement: B256,
    /// The machine that it runs on.
    pub platform: B256,
    /// Unix seconds until which it is admitted.
    pub expiry: u64,
}

/// What all members of the committee have signed.
#[derive(Clone, Debug)]
pub struct KeyGeneration {
    /// `S` in EIP-2537 form, 256 bytes.
    pub public_key: Vec<u8>,
    /// Hash of the public polynomial.
    pub commitments_hash: B256,
    /// Partials that make an evaluation.
    pub threshold: u8,
    /// Addresses of the members' signing keys, in the order of their seats.
    pub members: Vec<Address>,
    /// Accounts that are paid for the seats, in the same order.
    pub operators: Vec<Address>,
    /// Their signatures, in the same order.
    pub signatures: Vec<[u8; 65]>,
}

/// Deploys the stake token and the Enigma contract, in that order. Returns their addresses.
///
/// # Errors
/// The chain refuses or fails.
pub async fn deploy_contracts(
    deployer: &Sender,
    parameters: Parameters,
    measurements: Vec<B256>,
) -> Result<(Address, Address)> {
    let token = EngToken::deploy_builder(deployer.chain().endpoints().any().clone()).calldata().clone();
    let token = create(deployer, token).await?;
    let code = Enigma::deploy_builder(
        deployer.chain().endpoints().any().clone(),
        Enigma::Parameters {
            epochLength: epoch(parameters.epoch_length),
            groupSize: parameters.group_size,
            takeover: parameters.takeover,
            skipEpochs: parameters.skip_epochs,
            window: parameters.window,
            minStake: parameters.min_stake,
        },
        token,
        simulated_root(),
        VERIFIER_DEV,
        measurements,
    )
    .calldata()
    .clone();
    Ok((token, create(deployer, code).await?))
}

async fn create(deployer: &Sender, code: Bytes) -> Result<Address> {
    let receipt = deployer.send(None, code, U256::ZERO).await?;
    receipt.contract_address.ok_or(Error::Inconsistent("a creation without an address"))
}

/// Admits a worker and gives its operator `stake` (wei of ENG) to stake. The deployer's part.
///
/// # Errors
/// The chain refuses or fails.
pub async fn admit(deployer: &Sender, token: Address, worker: &Admission, stake: U256) -> Result<()> {
    admit_only(deployer, worker).await?;
    give(deployer, token, worker.operator, stake).await
}

/// Admits a worker. The deployer's part.
///
/// # Errors
/// The chain refuses or fails.
pub async fn admit_only(deployer: &Sender, worker: &Admission) -> Result<()> {
    let admit = Enigma::admitCall {
        signer: worker.signer,
        operator: worker.operator,
        measurement: worker.measurement,
        platform: worker.platform,
        expiry: epoch(worker.expiry),
    };
    deployer.call_enigma(&admit, U256::ZERO).await?;
    Ok(())
}

/// Gives somebody tokens, wei of them.
///
/// # Errors
/// The chain refuses or fails.
pub async fn give(from: &Sender, token: Address, to: Address, value: U256) -> Result<()> {
    from.send(Some(token), EngToken::transferCall { to, value }.abi_encode().into(), U256::ZERO).await?;
    Ok(())
}

/// Stakes and logs in. The operator's part.
///
/// # Errors
/// The chain refuses or fails.
pub async fn stake_and_login(operator: &Sender, token: Address, signer: Address, stake: U256) -> Result<()> {
    let id = operator.chain().worker_id(signer).await?;
    self::stake(operator, token, id, stake).await?;
    operator.call_enigma(&Enigma::loginCall { id: U256::from(id) }, U256::ZERO).await?;
    Ok(())
}

/// Adds to a worker's stake, wei of ENG. The operator's part.
///
/// # Errors
/// The chain refuses or fails.
pub async fn stake(operator: &Sender, token: Address, id: u64, amount: U256) -> Result<()> {
    let approve = EngToken::approveCall { spender: operator.chain().enigma(), value: amount };
    operator.send(Some(token), approve.abi_encode().into(), U256::ZERO).await?;
    operator.call_enigma(&Enigma::stakeCall { id: U256::from(id), amount }, U256::ZERO).await?;
    Ok(())
}

/// Starts the network with the committee's key.
///
/// # Errors
/// The chain refuses or fails.
pub async fn genesis(deployer: &Sender, keys: &KeyGeneration) -> Result<()> {
    let signatures = keys.signatures.iter().map(|s| s.to_vec().into()).collect();
    let contract = Enigma::new(deployer.chain().enigma(), deployer.chain().endpoints().any().clone());
    let call = contract.genesis(
        keys.public_key.clone().into(),
        keys.commitments_hash,
        keys.threshold,
        keys.members.clone(),
        keys.operators.clone(),
        signatures,
    );
    deployer.send(Some(deployer.chain().enigma()), call.calldata().clone(), U256::ZERO).await?;
    Ok(())
}

/// Mines one block on a local chain.
///
/// # Errors
/// The endpoint is no local chain.
pub async fn mine_block(sender: &Sender) -> Result<()> {
    let mine = |view: View| async move {
        let _: serde_json::Value = view.provider().raw_request("evm_mine".into(), ()).await?;
        Ok(())
    };
    sender.chain().endpoints().ask(mine).await
}
