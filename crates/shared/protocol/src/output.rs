//! What the sender gets back, encrypted under the reply key of its envelope.

use alloy_primitives::{Address, B256};
use enigma_crypto::{Error, aead::SingleUseKey, kdf};
use enigma_primitives::{
    Secret,
    codec::{Decode, DecodeError, Encode, Reader, Writer},
    tags,
};

use crate::state::{NotOpened, zero_fill};

/// Largest output that a reader accepts, bytes.
pub const MAX_OUTPUT: usize = 1 << 20;
const MAX_LOGS: u16 = 4_096;

/// An output that only the sender reads. Empty if its envelope did not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedOutput(pub Vec<u8>);

/// How a task ended inside the sealed world. Only its sender learns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum InnerStatus {
    /// It returned.
    Success = 0,
    /// It reverted; the data is revert data.
    Reverted = 1,
    /// It stopped by a rule of the EVM; the data is one byte, the reason.
    Halted = 2,
    /// Its expiry was over at its block.
    Expired = 3,
    /// Its output and state change are larger than its `commitGas` pays for; nothing was changed.
    TooLarge = 4,
    /// The contract is not there: its deployment failed.
    NotDeployed = 5,
    /// A relayed task that its author's authorisation does not cover; the data is the reason
    /// ([`crate::relayed::Unauthorised`]), and nothing was changed.
    NotAuthorised = 6,
}

impl Encode for InnerStatus {
    fn encode(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }
}

impl Decode for InnerStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match r.u8()? {
            0 => Self::Success,
            1 => Self::Reverted,
            2 => Self::Halted,
            3 => Self::Expired,
            4 => Self::TooLarge,
            5 => Self::NotDeployed,
            6 => Self::NotAuthorised,
            tag => return Err(DecodeError::UnknownTag { what: "inner status", tag: tag.into() }),
        })
    }
}

/// A log of the sealed world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateLog {
    /// The contract that emitted it.
    pub address: Address,
    /// At most four.
    pub topics: Vec<B256>,
    /// Its data.
    pub data: Vec<u8>,
}

/// The outcome as its sender sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: InnerStatus,
    /// Gas used inside, exact.
    pub gas_used: u64,
    /// Return or revert data.
    pub data: Vec<u8>,
    /// Logs, in order.
    pub logs: Vec<PrivateLog>,
}

impl Encode for PrivateLog {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.address).u8(self.topics.len().min(4) as u8);
        self.topics.iter().take(4).for_each(|t| {
            w.put(t);
        });
        w.bytes(&self.data);
    }
}

impl Decode for PrivateLog {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let address = r.get()?;
        let count = r.u8()?;
        if count > 4 {
            return Err(DecodeError::TooLong { what: "items", len: count.into(), max: 4 });
        }
        let topics = (0..count).map(|_| r.get()).collect::<Result<_, _>>()?;
        Ok(Self { address, topics, data: r.bytes(MAX_OUTPUT)?.to_vec() })
    }
}

impl Output {
    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.put(&self.status).u64(self.gas_used).bytes(&self.data);
        w.u16(self.logs.len().min(MAX_LOGS.into()) as u16);
        self.logs.iter().take(MAX_LOGS.into()).for_each(|l| {
            w.put(l);
        });
        w.finish()
    }

    /// Bytes that the encrypted form takes.
    pub fn encrypted_len(&self) -> usize {
        zero_fill(self.encode()).len() + crate::state::TAG
    }

    /// Encrypts for the holder of `reply_key`, bound to the task's context.
    ///
    /// # Errors
    /// Only for absurd lengths (gibibytes).
    pub fn encrypt(&self, reply_key: &Secret<[u8; 32]>, ctx: B256) -> Result<EncryptedOutput, Error> {
        self.seal(single_use(reply_key, ctx), ctx)
    }

    pub(crate) fn seal(&self, key: SingleUseKey, ctx: B256) -> Result<EncryptedOutput, Error> {
        let padded = Secret::new(zero_fill(self.encode()));
        padded.expose(|p| key.seal(ctx.as_slice(), p)).map(EncryptedOutput)
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`NotOpened`]: other bytes, another key or another task.
    pub fn decrypt(reply_key: &Secret<[u8; 32]>, ctx: B256, encrypted: &[u8]) -> Result<Self, NotOpened> {
        Self::open(single_use(reply_key, ctx), ctx, encrypted)
    }

    pub(crate) fn open(key: SingleUseKey, ctx: B256, encrypted: &[u8]) -> Result<Self, NotOpened> {
        let bytes = key.open(ctx.as_slice(), encrypted).map_err(|_| NotOpened)?;
        bytes.expose(|b| Self::decode(b)).ok_or(NotOpened)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let (status, gas_used) = (r.get().ok()?, r.u64().ok()?);
        let data = r.bytes(MAX_OUTPUT).ok()?.to_vec();
        let count = r.u16().ok().filter(|&c| c <= MAX_LOGS)?;
        let logs = (0..count).map(|_| r.get().ok()).collect::<Option<_>>()?;
        r.rest().iter().all(|&b| b == 0).then_some(Self { status, gas_used, data, logs })
    }
}

fn single_use(reply_key: &Secret<[u8; 32]>, ctx: B256) -> SingleUseKey {
    kdf::derive_single_use(tags::OUTPUT, reply_key, ctx.as_slice())
}
