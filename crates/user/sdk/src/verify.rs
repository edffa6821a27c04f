//! Whether an answer is the chain's: its signer serves the contract, and the state it was read from is the one that
//! Ethereum recorded, both by Merkle proofs against the header that hashes to the answer's block.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, ChainBlock};
use enigma_lightclient::{Block, EnigmaView, HeaderChain, Missing, ProvenSlots};
use enigma_protocol::{layout, query::QueryReply};

use crate::{Error, Result};

/// Rounds of questions for proofs: a draw walks five words of the stake tree for each of eight workers at most.
const ROUNDS: usize = 48;
/// Before a proof that does not hold is asked for again.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(45),
    Duration::from_millis(80),
];

/// Why an answer does not count yet, or never will.
enum Stop {
    Missing(Missing),
    False(Error),
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

/// Checks everything about an answer but its encryption; `signer` is who signed it.
pub(crate) async fn answer(
    chain: &Chain,
    contract: Address,
    signer: Address,
    reply: &QueryReply,
    most_behind: u64,
) -> Result<()> {
    let number = reply.block_number;
    recent(reply, chain.height().await?, most_behind)?;
    let block = matching(reply, &chain.block(number).await?)?;
    let mut slots = first_slots(contract, signer, reply.epoch);
    for _ in 0..ROUNDS {
        let asked: Vec<B256> = slots.iter().copied().collect();
        let proven = proven(chain, &asked, &block).await?;
        match judge(&EnigmaView::new(&proven, &block), contract, signer, reply) {
            Ok(()) => return Ok(()),
            Err(Stop::False(error)) => return Err(error),
            Err(Stop::Missing(missing)) => slots.extend(missing.0),
        }
    }
    Err(Error::Unproven(number))
}

/// The words of `slots` at `block`. A local chain that is just mining mixes up two blocks now and then: it is asked again.
async fn proven(chain: &Chain, slots: &[B256], block: &Block) -> Result<ProvenSlots> {
    let verify = async || {
        let facts = chain.prove(slots, block.number).await?;
        ProvenSlots::verify(&facts, chain.enigma(), block.state_root)
            .map_err(|_| Error::Unproven(block.number))
    };
    for pause in PAUSES {
        match verify().await {
            Err(Error::Unproven(_)) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    verify().await
}

fn recent(reply: &QueryReply, newest: u64, most: u64) -> Result<()> {
    let block = reply.block_number;
    match newest.checked_sub(block) {
        None => Err(unknown(reply)),
        Some(behind) if behind > most => Err(Error::Stale { block, behind, most }),
        Some(_) => Ok(()),
    }
}

/// The answer's block, if this header is its: hashed here, whatever the RPC says.
fn matching(reply: &QueryReply, header: &ChainBlock) -> Result<Block> {
    let before = header.number.checked_sub(1).ok_or_else(|| unknown(reply))?;
    let mut chain = HeaderChain::new(before, header.parent);
    let _ = chain.extend([header.rlp.as_slice()]);
    let is_its = |b: &&Block| b.hash == reply.block_hash && b.number == reply.block_number;
    chain.tip().filter(is_its).copied().ok_or_else(|| unknown(reply))
}

const fn unknown(reply: &QueryReply) -> Error {
    Error::UnknownBlock { number: reply.block_number, hash: reply.block_hash }
}

/// What every answer needs; more turns out on the way.
fn first_slots(contract: Address, signer: Address, epoch: u64) -> BTreeSet<B256> {
    BTreeSet::from([
        layout::EPOCH,
        layout::PARAMETERS,
        layout::TREE_ROOT,
        layout::seed(epoch),
        layout::worker_id(signer),
        layout::secret_contract(contract, 0),
        layout::secret_contract(contract, 1),
        layout::secret_contract(contract, 2),
    ])
}

/// The rules, on facts that were proven at the answer's block.
fn judge(
    view: &EnigmaView<'_>,
    contract: Address,
    signer: Address,
    reply: &QueryReply,
) -> core::result::Result<(), Stop> {
    let epochs = view.epochs()?;
    if epochs.current != reply.epoch {
        return Err(Stop::False(Error::WrongEpoch { told: reply.epoch, found: epochs.current }));
    }
    let record = view.secret_contract(contract)?.ok_or(Stop::False(Error::UnknownContract(contract)))?;
    if record.state_head != reply.state_head {
        let (told, found) = (reply.state_head, record.state_head);
        return Err(Stop::False(Error::WrongState { told, found }));
    }
    let stranger = || Stop::False(Error::NotAdmitted { signer });
    let worker = view.worker(signer)?.ok_or_else(stranger)?;
    if worker.expiry <= view.block().timestamp || view.is_revoked(worker.id)? {
        return Err(stranger());
    }
    if view.position(contract, reply.epoch, worker.id, epochs.group_size)?.is_none() {
        return Err(Stop::False(Error::NotInGroup { signer, epoch: reply.epoch }));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
