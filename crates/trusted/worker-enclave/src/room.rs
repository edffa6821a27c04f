//! What fits one receipt: as much as one transaction carries, and as much execution as one task may take. Of the inputs that
//! a host offers, as many are executed as fit, whatever they turn out to be. It looks at nothing but what the receipt tells
//! everybody, so where it ends gives nothing away; and whoever signs too comes to the same end.

use enigma_protocol::{fees, outbound::outbound_gas};

use crate::execute::Done;

/// What is left of a receipt.
pub(crate) struct Room {
    /// Schedule gas of the commit. All tasks of a receipt may cost no more than one alone may: what fits a transaction.
    commit: u64,
    /// Charged gas: as much as one task may use, and the one that began before it was used up. Whoever signs executes all
    /// of a receipt while the first signer waits, and for everybody else the enclave stands still.
    gas: u64,
}

impl Room {
    pub(crate) const fn new() -> Self {
        Self { commit: fees::MAX_COMMIT_GAS - fees::RECEIPT_GAS, gas: fees::MAX_GAS_LIMIT }
    }

    /// Whether another task may be executed.
    pub(crate) const fn is_left(&self) -> bool {
        self.gas > 0
    }

    /// Takes up what a task left behind, if it fits.
    pub(crate) fn take(&mut self, done: &Done) -> bool {
        let bytes = done.output.0.len().saturating_add(done.sealed.0.len());
        let commit = fees::task_gas(bytes as u64, outbound_gas(&done.outbound));
        let Some(left) = self.commit.checked_sub(commit) else { return false };
        (self.commit, self.gas) = (left, self.gas.saturating_sub(done.gas_charged));
        true
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, U256};
    use enigma_evm::WorldDelta;
    use enigma_protocol::{
        outbound::{OutboundCall, OutboundKind},
        output::EncryptedOutput,
        receipt::Status,
        state::SealedDelta,
    };

    use super::*;

    /// Bytes of output, the gas of each call, and the gas used inside.
    type Size = (usize, &'static [u64], u64);

    fn done((bytes, calls, gas_charged): Size) -> Done {
        let call = |&gas: &u64| OutboundCall {
            index: 7,
            kind: OutboundKind::Call,
            target: Address::ZERO,
            value: U256::ZERO,
            gas,
            data: Vec::new().into(),
        };
        Done {
            status: Status::Completed,
            gas_charged,
            output: EncryptedOutput(vec![1; bytes]),
            sealed: SealedDelta(vec![1; 144]),
            delta: WorldDelta::default(),
            outbound: calls.iter().map(call).collect(),
        }
    }

    /// How many of so many tasks are in a receipt.
    fn fitting(tasks: &[Size]) -> usize {
        let mut room = Room::new();
        tasks.iter().take_while(|size| room.is_left() && room.take(&done(**size))).count()
    }

    #[test]
    fn what_fits_a_transaction_is_committed_together() {
        let (usual, calling): (Size, Size) = ((1_168, &[], 65_536), (144, &[100_000], 65_536));
        assert_eq!(fitting(&[usual; 50]), 50);
        assert_eq!(fitting(&[calling; 50]), 22);
    }

    #[test]
    fn what_fits_no_transaction_together_is_committed_apart() {
        let (small, long, poison): (Size, Size, Size) =
            ((144, &[], 32_768), (100_000, &[], 32_768), (144, &[4_700_000], 32_768));
        assert_eq!(fitting(&[poison; 3]), 1);
        assert_eq!(fitting(&[long; 3]), 1);
        assert_eq!(fitting(&[small, small, small, poison, small]), 4);
        assert_eq!(fitting(&[long, small, poison, small]), 2, "what comes before it");
        let many: [Size; 3] =
            [(144, &[2_000_000], 1), (144, &[1_000_000, 1_000_000], 1), (144, &[600_000], 1)];
        assert_eq!(fitting(&many), 2);
    }

    #[test]
    fn all_of_them_cost_no_more_than_one_alone_may() {
        let rest = fees::MAX_COMMIT_GAS - fees::RECEIPT_GAS - 2 * fees::task_gas(144, 0);
        let bytes = (rest / fees::BYTE_GAS) as usize;
        assert_eq!(fitting(&[(0, &[], 1), (bytes, &[], 1)]), 2);
        assert_eq!(fitting(&[(0, &[], 1), (bytes + 1, &[], 1)]), 1);
    }

    #[test]
    fn any_task_that_its_sender_paid_for_fits_alone() {
        let bytes = (fees::MAX_COMMIT_GAS - fees::RECEIPT_GAS - fees::TASK_GAS) / fees::BYTE_GAS;
        assert!(fees::covers(fees::MAX_COMMIT_GAS, bytes, 0));
        assert!(!fees::covers(fees::MAX_COMMIT_GAS, bytes + 1, 0));
        assert_eq!(fitting(&[(bytes as usize - 144, &[], fees::MAX_GAS_LIMIT)]), 1);
    }

    #[test]
    fn tasks_that_take_long_are_executed_apart() {
        let (short, half, long): (Size, Size, Size) =
            ((144, &[], 65_536), (144, &[], fees::MAX_GAS_LIMIT / 2), (144, &[], fees::MAX_GAS_LIMIT));
        assert_eq!(fitting(&[long; 3]), 1);
        assert_eq!(fitting(&[half; 5]), 2);
        assert_eq!(fitting(&[short, short, long, short]), 3, "what began before it was used up");
    }
}
