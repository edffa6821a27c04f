//! Why an enclave refused a query, in words.

use core::fmt;

use enigma_protocol::{Decode, door::Code};

/// An enclave's refusal code as a node passed it on (`protocol::door::Code`); 0: no worker could be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal(pub u16);

impl Refusal {
    /// The code, if this version knows it.
    pub fn code(self) -> Option<Code> {
        Code::from_bytes(&self.0.to_be_bytes()).ok()
    }

    /// What it means for who asked, and what to do.
    pub fn words(self) -> &'static str {
        let Some(code) = self.code() else {
            return if self.0 == 0 {
                "no worker that holds the contract's keys could be asked; try again, or another node"
            } else {
                "a refusal that this version does not know; update, or ask another node"
            };
        };
        match code {
            Code::NotOpened => {
                "the query's envelope does not open: is the pinned network the node's, and the contract one of it?"
            }
            Code::NotAuthorised => {
                "the query does not prove that the account lets its session key read this contract"
            }
            Code::Expired => {
                "the query or its authorisation is over, or would live too long: is the RPC's newest block recent?"
            }
            Code::Replayed => "the enclave has answered this very query already; ask anew",
            Code::UnknownContract => "no secret contract lives at this address",
            Code::NotStarted => "the network's lottery has not begun yet; try again soon",
            Code::NotDrawn | Code::NotAdmitted => {
                "the asked worker does not serve this contract in this epoch; try again, or another node"
            }
            Code::EpochNotReleased => {
                "the key of the query's epoch is not released now: an epoch may just have begun; ask again"
            }
            Code::UnusableReplies | Code::ForeignBlock | Code::WrongPartial => {
                "the worker did not get the contract's keys from the key nodes; try again"
            }
            Code::WrongState => {
                "the worker's copy of the state is not the chain's; try again, or another node"
            }
            _ => "the asked worker could not answer; try again, or another node",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", self.words(), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_words() {
        assert_eq!(Refusal(24).code(), Some(Code::NotAuthorised));
        assert!(Refusal(24).to_string().contains("session key") && Refusal(24).to_string().contains("24"));
        assert!(Refusal(0).words().contains("no worker"));
        assert!(Refusal(60_000).words().contains("update"));
        for code in 1..100 {
            assert!(!Refusal(code).words().is_empty());
        }
    }
}
