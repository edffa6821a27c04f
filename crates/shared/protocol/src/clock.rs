//! Whose turn it is: the order of a contract's workers in an epoch, and the blocks at which their turns come
//! (`docs/bytes.md`, "The order and the clock"). Solidity computes the same; `vectors/clock.json` holds both to it.

/// Ranks that may serve a contract in one epoch. The first `groupSize` are its group; the rest is drawn when needed.
pub const SEQUENCE: usize = 8;

/// What fixes how long a position waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Signatures that a receipt needs (m).
    pub signers: u8,
    /// Workers of a group (k).
    pub group_size: u8,
    /// Blocks between two turns (T).
    pub takeover: u64,
}

impl Terms {
    /// Blocks after the clock's start from which the worker at `position` may sign: none for the first m, T more for
    /// each one up to the group's end, and beyond it steps that double.
    pub fn wait(&self, position: usize) -> u64 {
        let (m, k) = (usize::from(self.signers), usize::from(self.group_size));
        if position < m {
            return 0;
        }
        if position < k {
            return self.takeover.saturating_mul((position - m + 1) as u64);
        }
        let within = self.takeover.saturating_mul(k.saturating_sub(m) as u64);
        let doublings = (position - k + 2).min(40);
        within.saturating_add(self.takeover.saturating_mul((1u64 << doublings) - 2))
    }

    /// Blocks after the clock's start from which the worker at `position` leads: executes, gathers the others'
    /// signatures and commits. Of those that may sign at once, one after the other.
    pub fn lead(&self, position: usize) -> u64 {
        let last = usize::from(self.signers).saturating_sub(1);
        self.wait(position).max(self.takeover.saturating_mul(position.min(last) as u64))
    }
}

/// The ranks of an epoch's sequence in the order of their turns: those that were not passed over, then those that were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Bit r: rank r was passed over in this epoch.
    pub silent: u8,
    /// Ranks that there are, at most [`SEQUENCE`].
    pub count: usize,
}

impl Order {
    /// Where `rank` comes. `None` if there is no such rank.
    pub fn position(&self, rank: usize) -> Option<usize> {
        let count = self.count.min(SEQUENCE);
        if rank >= count {
            return None;
        }
        let silent_before = (0..rank).filter(|&r| self.is_silent(r)).count();
        Some(if self.is_silent(rank) {
            let speaking = (0..count).filter(|&r| !self.is_silent(r)).count();
            speaking + silent_before
        } else {
            rank - silent_before
        })
    }

    /// The ranks by position.
    pub fn ranks(&self) -> Vec<usize> {
        let all = 0..self.count.min(SEQUENCE);
        let (silent, mut order): (Vec<_>, Vec<_>) = all.partition(|&r| self.is_silent(r));
        order.extend(silent);
        order
    }

    /// The order after a receipt by `signers` (ranks): whoever came before the last of them and did not sign was
    /// passed over.
    pub fn after(&self, signers: &[usize]) -> Self {
        let last = signers.iter().filter_map(|&r| self.position(r)).max();
        let passed = self.ranks().into_iter().take(last.unwrap_or_default()).filter(|r| !signers.contains(r));
        let silent = passed.fold(self.silent, |silent, rank| silent | (1 << rank));
        Self { silent, count: self.count }
    }

    fn is_silent(&self, rank: usize) -> bool {
        self.silent >> rank & 1 == 1
    }
}

/// The blocks that a contract's clock starts at the latest of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Block from which the oldest pending input can be executed: its own, and as many above it as the contract asks for.
    pub oldest_input: u64,
    /// First block of the epoch.
    pub epoch_start: u64,
    /// Block of the last commit.
    pub last_commit: u64,
    /// Last block in which somebody showed that the base fee was above the oldest input's price cap.
    pub hold: u64,
}

impl Marks {
    /// The block from which waiting counts.
    pub fn start(&self) -> u64 {
        self.oldest_input.max(self.epoch_start).max(self.last_commit).max(self.hold)
    }

    /// The block from which anybody may skip the oldest input, `deadline` blocks after it could have been committed.
    /// Neither an epoch's beginning nor a hold moves it.
    pub fn skip_from(&self, deadline: u64) -> u64 {
        self.oldest_input.max(self.last_commit).saturating_add(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { signers: 1, group_size: 3, takeover: 5 };

    #[test]
    fn each_rank_of_the_group_waits_one_step_more_and_beyond_it_steps_double() {
        let waits: Vec<u64> = (0..8).map(|p| TERMS.wait(p)).collect();
        assert_eq!(waits, [0, 5, 10, 20, 40, 80, 160, 320]);
    }

    #[test]
    fn the_first_m_may_sign_at_once_but_lead_one_after_the_other() {
        let terms = Terms { signers: 3, ..TERMS };
        assert_eq!((0..5).map(|p| terms.wait(p)).collect::<Vec<_>>(), [0, 0, 0, 10, 30]);
        assert_eq!((0..5).map(|p| terms.lead(p)).collect::<Vec<_>>(), [0, 5, 10, 10, 30]);
    }

    #[test]
    fn waiting_grows_with_the_position_whatever_the_terms() {
        for signers in 1..=8 {
            for group_size in signers..=8 {
                let terms = Terms { signers, group_size, takeover: 3 };
                for p in 0..SEQUENCE - 1 {
                    assert!(terms.wait(p) <= terms.wait(p + 1), "{terms:?} {p}");
                    assert!(
                        terms.lead(p) <= terms.lead(p + 1) && terms.wait(p) <= terms.lead(p),
                        "{terms:?} {p}"
                    );
                }
            }
        }
        assert_eq!(Terms { takeover: u64::MAX, ..TERMS }.wait(usize::MAX), u64::MAX);
    }

    #[test]
    fn who_was_passed_over_comes_last_and_the_taker_first() {
        let order = Order { silent: 0, count: 8 };
        let after = order.after(&[2]);
        assert_eq!(after.silent, 0b11);
        assert_eq!(after.ranks(), [2, 3, 4, 5, 6, 7, 0, 1]);
        assert_eq!(after.position(2), Some(0));
        assert_eq!(after.position(0), Some(6));
        assert_eq!(after.after(&[2]), after, "nobody is passed over by who comes first");
        let again = after.after(&[0]);
        assert_eq!(again.silent, 0b1111_1111, "a silent one that comes back passes over all that speak");
        assert_eq!(again.ranks(), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn every_rank_has_one_position_and_beyond_the_count_none() {
        for silent in 0..=u8::MAX {
            for count in 0..=SEQUENCE {
                let order = Order { silent, count };
                for (position, rank) in order.ranks().into_iter().enumerate() {
                    assert_eq!(order.position(rank), Some(position), "{order:?} {rank}");
                }
                assert_eq!(order.position(count), None);
            }
        }
    }

    #[test]
    fn of_two_signers_only_who_stood_between_is_passed_over() {
        let order = Order { silent: 0, count: 3 };
        assert_eq!(order.after(&[0, 1]).silent, 0);
        assert_eq!(order.after(&[0, 2]).silent, 0b10);
        assert_eq!(order.after(&[1, 2]).silent, 0b1);
    }

    #[test]
    fn the_clock_starts_at_the_last_mark_and_the_skip_ignores_epochs_and_holds() {
        let marks = Marks { oldest_input: 10, epoch_start: 30, last_commit: 20, hold: 40 };
        assert_eq!(marks.start(), 40);
        assert_eq!(Marks { hold: 0, ..marks }.start(), 30);
        assert_eq!(marks.skip_from(128), 148);
    }
}
