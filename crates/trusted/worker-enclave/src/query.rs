//! Queries: a static call on the last committed state, for who proves to be entitled, answered to nobody else.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use enigma_evm::{BlockContext, Kind, Limits, Outcome, Task};
use enigma_lightclient::EnigmaView;
use enigma_platform::{Awake, random_secret};
use enigma_protocol::{
    door::{Code, Refusal, Stop, UntrustedQuery},
    envelope::{Claim, Envelope, Plaintext},
    keys::Purpose,
    output::{InnerStatus, Output},
    query::{self, Place, QueryReply, Unread},
    receipt::domain_separator,
};

use crate::{
    door::Joined,
    execute::{MAX_WORLD, recent_hashes, reported},
    facts::{Ground, survey},
    open,
    ready::ready,
};

/// The block that a query runs in: the enclave's tip.
struct Now {
    timestamp: u64,
    base_fee: u64,
}

/// Answers a query.
///
/// # Errors
/// `Stop::Need` while facts, keys or state are missing; else a refusal: `EpochNotReleased`, `NotOpened`, `Expired`,
/// `NotAuthorised`, `Replayed`.
pub(crate) fn answer(
    awake: &mut Awake,
    joined: &mut Joined,
    query: &UntrustedQuery,
) -> Result<QueryReply, Stop> {
    let (slots, tip) = joined.follower.prove(&query.facts)?;
    let now = Now { timestamp: tip.timestamp, base_fee: tip.base_fee };
    let ground = survey(&EnigmaView::new(&slots, tip), joined.follower.network(), query.contract)?;
    let envelope = Envelope::parse(&query.envelope.0).map_err(|_| Code::NotOpened)?;
    if !(ground.oldest..=ground.epoch).contains(&envelope.epoch) {
        return Err(Refusal { code: Code::EpochNotReleased, detail: ground.epoch }.into());
    }
    let wanted = vec![ground.key(Purpose::Input, envelope.epoch)];
    ready(awake, joined, &ground, wanted)?;
    let plaintext = open::open_query(&ground, &envelope, &mut joined.keys)?.map_err(|_| Code::NotOpened)?;
    let reader = entitled(joined, &ground, &now, envelope.epoch, &plaintext)?;
    let question = keccak256(&query.envelope.0);
    if joined.answered.has(question, now.timestamp) {
        return Err(Code::Replayed.into());
    }
    let output = if let Claim::Account(_) = &plaintext.claim {
        account(joined, &ground, reader)?
    } else {
        let task = Asked { reader, calldata: plaintext.body.expose(|body| Bytes::copy_from_slice(body)) };
        reported(&run(awake, joined, &ground, &now, &task)?)
    };
    let mut reply = QueryReply {
        epoch: ground.epoch,
        state_head: ground.record.state_head,
        block_number: ground.anchor.number,
        block_hash: ground.anchor.hash,
        salt: random_word(awake)?,
        output: Vec::new().into(),
        signature: [0; 65],
    };
    let context = reply.context(ground.network, ground.contract, &query.envelope.0);
    let encrypted = query::encrypt(&output, &plaintext.reply_key, context).map_err(|_| Code::Internal)?;
    reply.output = encrypted.0.into();
    reply.signature = awake.identity.signer().sign_digest(reply.digest(context));
    joined.answered.note(question, plaintext.expiry);
    Ok(reply)
}

/// On whose behalf the query reads.
fn entitled(
    joined: &Joined,
    ground: &Ground,
    now: &Now,
    epoch: u64,
    plaintext: &Plaintext,
) -> Result<Address, Refusal> {
    let descriptor = joined.follower.descriptor();
    let place = Place {
        domain: domain_separator(descriptor.chain_id, descriptor.enigma),
        network: ground.network,
        contract: ground.contract,
        epoch,
        now: now.timestamp,
    };
    query::reader(&place, plaintext).map_err(|unread| match unread {
        Unread::Expired => Refusal { code: Code::Expired, detail: now.timestamp },
        Unread::NotAuthorised => Code::NotAuthorised.into(),
    })
}

/// The nonce of the reader's next relayed task. Nothing runs, and nothing needs to be deployed.
fn account(joined: &mut Joined, ground: &Ground, reader: Address) -> Result<Output, Refusal> {
    let world = joined.worlds.at(ground).ok_or(Code::WrongState)?;
    let data = U256::from(world.task_nonce(reader)).to_be_bytes::<32>().to_vec();
    Ok(Output { status: InnerStatus::Success, gas_used: 0, data, logs: Vec::new() })
}

struct Asked {
    reader: Address,
    calldata: Bytes,
}

/// Runs the call. Its randomness is fresh: a query must not foretell what a task will draw.
fn run(
    awake: &mut Awake,
    joined: &mut Joined,
    ground: &Ground,
    now: &Now,
    asked: &Asked,
) -> Result<Outcome, Refusal> {
    let (prevrandao, seed) = (random_word(awake)?, random_secret(awake.platform.as_mut())?);
    let hashes = recent_hashes(joined.follower.chain(), ground.anchor.number);
    let task = Task {
        kind: Kind::Query { calldata: &asked.calldata },
        sender: asked.reader,
        caller: Address::ZERO,
        on_behalf_of: B256::ZERO,
        relayed: None,
        value: U256::ZERO,
        inflow: U256::ZERO,
        gas_limit: query::GAS,
        block: BlockContext {
            number: ground.anchor.number,
            timestamp: now.timestamp,
            base_fee: now.base_fee,
            chain_id: joined.follower.descriptor().chain_id,
            prevrandao,
        },
        block_hashes: &hashes,
        randomness: &seed,
        limits: Limits { world: MAX_WORLD, ..Limits::RULESET_1 },
    };
    let world = joined.worlds.at(ground).ok_or(Code::WrongState)?;
    Ok(enigma_evm::execute(world, &task))
}

fn random_word(awake: &mut Awake) -> Result<B256, Refusal> {
    let word = random_secret::<32>(awake.platform.as_mut())?;
    Ok(word.expose(|bytes| B256::new(*bytes)))
}
