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

    /// Blocks that the clock counts until each of the group had its turn, and as long as another one to use it.
    pub fn whole(&self) -> u64 {
        self.wait(usize::from(self.group_size).saturating_sub(1)).saturating_add(self.takeover)
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

/// What the clock of a contract's oldest pending input counts from, and whether it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Block from which the oldest pending input can be executed: its own, and as many above it as the contract asks for.
    pub oldest_input: u64,
    /// First block of the epoch.
    pub epoch_start: u64,
    /// Block of the last commit.
    pub last_commit: u64,
    /// Block that the last resume or skip set.
    pub clock_from: u64,
    /// Block in which the clock was held, and since when it stands still; 0 while it runs.
    pub paused_at: u64,
}

impl Marks {
    /// The block from which the clock counts.
    pub const fn start(&self) -> u64 {
        later(later(self.since(), self.epoch_start), self.clock_from)
    }

    /// Blocks that the clock has counted at block `number`: those since its start, and none of a pause.
    pub const fn elapsed(&self, number: u64) -> u64 {
        let number = if self.is_held() { self.paused_at } else { number };
        number.saturating_sub(self.start())
    }

    /// Whether the clock stands still.
    pub const fn is_held(&self) -> bool {
        self.paused_at != 0
    }

    /// The block at which the clock has counted `wait` blocks; `None` if it is held before that.
    pub const fn reaches(&self, wait: u64) -> Option<u64> {
        let block = self.start().saturating_add(wait);
        if wait > 0 && self.is_held() && self.paused_at < block { None } else { Some(block) }
    }

    /// The block from which anybody may skip the oldest input, as long as its clock does not change: `deadline` blocks
    /// after it could have been committed, but not before the whole group had its turns; four times `deadline` after it in
    /// any case.
    pub fn skip_from(&self, terms: &Terms, deadline: u64) -> u64 {
        let last = self.since().saturating_add(deadline.saturating_mul(4));
        let reached = self.reaches(terms.whole()).unwrap_or(last);
        reached.max(self.since().saturating_add(deadline)).min(last)
    }

    const fn since(&self) -> u64 {
        later(self.oldest_input, self.last_commit)
    }
}

const fn later(one: u64, other: u64) -> u64 {
    if one > other { one } else { other }
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

    const MARKS: Marks =
        Marks { oldest_input: 10, epoch_start: 30, last_commit: 20, clock_from: 40, paused_at: 0 };

    #[test]
    fn the_clock_starts_at_the_last_mark() {
        assert_eq!(MARKS.start(), 40);
        assert_eq!(Marks { clock_from: 0, ..MARKS }.start(), 30);
        assert_eq!(Marks { last_commit: 50, ..MARKS }.start(), 50);
        assert_eq!((MARKS.elapsed(39), MARKS.elapsed(45)), (0, 5));
        assert_eq!(MARKS.reaches(5), Some(45));
    }

    #[test]
    fn a_held_clock_counts_nothing_and_turns_that_have_come_stay_come() {
        let held = Marks { paused_at: 47, ..MARKS };
        assert_eq!((held.elapsed(47), held.elapsed(1_000)), (7, 7));
        assert_eq!((held.reaches(0), held.reaches(7), held.reaches(8)), (Some(40), Some(47), None));
        // Held before it could count: the first ones need no clock.
        let early = Marks { paused_at: 35, ..MARKS };
        assert_eq!((early.elapsed(60), early.reaches(0), early.reaches(1)), (0, Some(40), None));
    }

    #[test]
    fn a_skip_needs_the_deadline_and_the_whole_clock_but_not_for_ever() {
        assert_eq!(TERMS.whole(), 15);
        assert_eq!(Terms { signers: 3, ..TERMS }.whole(), 5);
        assert_eq!(MARKS.skip_from(&TERMS, 128), 148);
        assert_eq!(MARKS.skip_from(&TERMS, 32), 55);
        assert_eq!(MARKS.skip_from(&TERMS, 8), 52, "four times the deadline, whatever the clock says");
        let held = Marks { paused_at: 54, ..MARKS };
        assert_eq!(held.skip_from(&TERMS, 128), 20 + 4 * 128);
        assert_eq!(Marks { paused_at: 55, ..MARKS }.skip_from(&TERMS, 128), 148);
    }
}
