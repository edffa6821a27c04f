//! An account's nonces: which are waited for, which were left behind.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::fees::Fees;

/// Transactions of one nonce that nobody waits for any more; they may be mined or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// What the last of them offers.
    pub(crate) fees: Fees,
    /// All of them.
    pub(crate) hashes: Vec<B256>,
}

/// What this process knows of an account's nonces beyond what the chain says.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    waited_for: BTreeMap<u64, usize>,
    left: BTreeMap<u64, Left>,
}

impl Nonces {
    /// The nonce for a new transaction, given how many the chain has (`latest`) and how many with those in its pool
    /// (`pending`); and what it must replace. Nonces that were left behind come first, if the cap lets them be replaced:
    /// whatever follows waits for them.
    pub(crate) fn take(&mut self, latest: u64, pending: u64, cap: u128) -> (u64, Option<Left>) {
        self.left = self.left.split_off(&latest);
        let may_replace = |(nonce, left): (&u64, &Left)| {
            (left.fees.raised().within(cap).replace(left.fees)).then_some(*nonce)
        };
        if let Some(nonce) = self.left.iter().find_map(may_replace) {
            let left = self.left.remove(&nonce);
            self.hold(nonce);
            return (nonce, left);
        }
        let mut nonce = latest.max(pending);
        while self.waited_for.contains_key(&nonce) || self.left.contains_key(&nonce) {
            nonce += 1;
        }
        self.hold(nonce);
        (nonce, None)
    }

    fn hold(&mut self, nonce: u64) {
        *self.waited_for.entry(nonce).or_default() += 1;
    }

    /// A transaction is mined, or was never sent.
    pub(crate) fn release(&mut self, nonce: u64) {
        if let Some(count) = self.waited_for.get_mut(&nonce) {
            *count -= 1;
            if *count == 0 {
                self.waited_for.remove(&nonce);
            }
        }
    }

    /// Nobody waits any more for what was sent with this nonce.
    pub(crate) fn leave(&mut self, nonce: u64, left: Left) {
        self.left.insert(nonce, left);
    }

    pub(crate) fn is_waited_for(&self, nonce: u64) -> bool {
        self.waited_for.contains_key(&nonce)
    }

    pub(crate) fn left(&self, nonce: u64) -> Option<&Left> {
        self.left.get(&nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: u128 = 1_000;

    fn left(fee: u128) -> Left {
        Left { fees: Fees { max: fee, tip: 1 }, hashes: vec![B256::ZERO] }
    }

    #[test]
    fn nonces_are_consecutive_even_if_the_pool_forgets() {
        let mut nonces = Nonces::default();
        assert_eq!(nonces.take(5, 5, CAP), (5, None));
        assert_eq!(nonces.take(5, 5, CAP), (6, None), "an endpoint that has not heard of nonce 5");
        assert_eq!(nonces.take(5, 7, CAP), (7, None));
        nonces.release(6);
        assert_eq!(nonces.take(5, 5, CAP), (6, None), "the lowest that is free");
        assert_eq!(nonces.take(9, 9, CAP), (9, None), "somebody else sends too");
    }

    #[test]
    fn what_a_former_life_left_in_the_pool_is_kept() {
        assert_eq!(Nonces::default().take(5, 8, CAP), (8, None));
    }

    #[test]
    fn what_was_left_behind_is_replaced_first_unless_it_was_mined_or_the_cap_forbids() {
        let mut nonces = Nonces::default();
        nonces.leave(4, left(10));
        nonces.leave(5, left(999));
        nonces.leave(6, left(10));
        assert_eq!(nonces.take(5, 7, CAP), (6, Some(left(10))), "4 is mined, 5 cannot be raised");
        assert_eq!(nonces.take(5, 5, CAP), (7, None), "5 is left, 6 is waited for");
        assert!(nonces.left(5).is_some() && nonces.left(4).is_none());
    }
}
