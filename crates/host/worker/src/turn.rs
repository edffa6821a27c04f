//! What a worker has to do for a contract now. Pure: the same standing gives the same duty.

use enigma_protocol::input::Input;

use crate::Standing;

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Execute, gather signatures, commit.
    Lead,
    /// Show the chain that nobody can commit at this price: the clock stands still.
    Hold,
    /// Show it that the price is not too high any more: the clock goes on.
    Resume,
    /// Skip the oldest input: its deadline is over, and each of the group had its turn.
    Skip,
    /// Nothing before this block, as far as can be seen.
    Wait(u64),
}

/// What `me` has to do for a contract whose oldest pending input is `oldest`. `failed`: whether its last try to execute
/// came to nothing.
pub(crate) fn duty(standing: &Standing, me: u64, oldest: &Input, failed: bool) -> Duty {
    let next = standing.next_block();
    let (marks, terms) = (standing.marks(oldest), &standing.terms);
    let position = standing.position(me);
    let leads = position.and_then(|p| marks.reaches(terms.lead(p)));
    let has_come = leads.is_some_and(|from| from <= next);
    let skips = marks.skip_from(terms, standing.skip_after).saturating_add(stagger(standing, me, position));
    let is_dear = standing.base_fee > oldest.price_cap;
    let resumes = marks.is_held() && !is_dear && position.is_some_and(|p| is_turn_to_resume(standing, p));
    if has_come && !is_dear && !(failed && (skips <= next || resumes)) {
        return Duty::Lead;
    }
    if skips <= next {
        return Duty::Skip;
    }
    if resumes {
        return Duty::Resume;
    }
    if let Some(position) = position.filter(|_| has_come && is_dear && !marks.is_held())
        && marks.elapsed(next) < passed(standing, position)
    {
        return Duty::Hold;
    }
    Duty::Wait(leads.unwrap_or(skips).min(skips).max(next))
}

/// Blocks of the clock after which the worker at `position` can be passed over, by the next one's commit or by a skip.
/// Whoever came before it can be already, and has nothing to gain by a hold.
fn passed(standing: &Standing, position: usize) -> u64 {
    let (behind, terms) = (position.saturating_add(1), &standing.terms);
    if behind < standing.ids.len() { terms.wait(behind.max(terms.signers.into())) } else { terms.whole() }
}

/// Not all resume a clock in the same block: each worker of the sequence may for two blocks, one after the other. Those
/// whose turn has come would rather commit, which resumes it too.
fn is_turn_to_resume(standing: &Standing, position: usize) -> bool {
    let count = standing.ids.len().max(1) as u64;
    standing.next_block() / 2 % count == position as u64
}

/// Not all skip in the same block: workers of the sequence by position, the others after them.
fn stagger(standing: &Standing, me: u64, position: Option<usize>) -> u64 {
    position.map_or(standing.ids.len() as u64 + me % 8, |p| p as u64).saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{B256, U256};
    use enigma_protocol::{clock::Terms, input::Kind};

    use super::*;

    fn standing(block: u64) -> Standing {
        Standing {
            block,
            epoch: 5,
            epoch_start: 100,
            state_head: B256::ZERO,
            cursor: 0,
            last_commit: 90,
            clock_from: 0,
            paused_at: 0,
            depth: 0,
            terms: Terms { signers: 1, group_size: 3, takeover: 3 },
            skip_after: 128,
            epoch_length: 64,
            silent: 0,
            ids: vec![7, 8, 9],
            base_fee: 10,
        }
    }

    fn oldest(block_number: u64) -> Input {
        Input {
            kind: Kind::Task,
            sender: Default::default(),
            on_behalf_of: B256::ZERO,
            value: U256::ZERO,
            gas_limit: 1,
            commit_gas: 1,
            price_cap: 20,
            tip: 1,
            epoch: 5,
            inclusion_epoch: 5,
            block_number,
            timestamp: 1,
            base_fee: 1,
            inflow: U256::ZERO,
            code_hash: B256::ZERO,
            envelope_hash: B256::ZERO,
        }
    }

    #[test]
    fn the_first_leads_at_once_and_the_others_when_their_turn_comes() {
        assert_eq!(duty(&standing(110), 7, &oldest(110), false), Duty::Lead);
        assert_eq!(duty(&standing(110), 8, &oldest(110), false), Duty::Wait(113));
        assert_eq!(duty(&standing(112), 8, &oldest(110), false), Duty::Lead);
        assert_eq!(duty(&standing(114), 9, &oldest(110), false), Duty::Wait(116));
        assert_eq!(duty(&standing(115), 9, &oldest(110), false), Duty::Lead);
    }

    #[test]
    fn who_was_passed_over_waits_behind_all_others() {
        let passed = Standing { silent: 1, ..standing(112) };
        assert_eq!(duty(&passed, 8, &oldest(110), false), Duty::Lead);
        assert_eq!(duty(&passed, 7, &oldest(110), false), Duty::Wait(116));
    }

    #[test]
    fn who_is_not_drawn_only_skips_and_only_after_the_deadline() {
        let stranger = 42;
        let from = 110 + 128 + 2 * (3 + 42 % 8);
        assert_eq!(duty(&standing(110), stranger, &oldest(110), false), Duty::Wait(from));
        assert_eq!(duty(&standing(from - 1), stranger, &oldest(110), false), Duty::Skip);
    }

    #[test]
    fn an_input_that_cannot_be_executed_is_skipped_after_its_deadline_by_whom_it_is_up_to() {
        assert_eq!(duty(&standing(237), 7, &oldest(110), false), Duty::Lead);
        assert_eq!(duty(&standing(236), 7, &oldest(110), true), Duty::Lead);
        assert_eq!(duty(&standing(237), 7, &oldest(110), true), Duty::Skip);
    }

    #[test]
    fn nobody_commits_at_a_loss_and_whose_turn_it_is_holds_the_clock() {
        let dear = |block| Standing { base_fee: 21, ..standing(block) };
        assert_eq!(duty(&dear(110), 7, &oldest(110), false), Duty::Hold);
        assert_eq!(duty(&dear(110), 8, &oldest(110), false), Duty::Wait(113));
        // Once the next one's turn has come, it is that one's.
        assert_eq!(duty(&dear(112), 7, &oldest(110), false), Duty::Wait(113));
        assert_eq!(duty(&dear(112), 8, &oldest(110), false), Duty::Hold);
        // The last one holds it until all of the group had its turn.
        assert_eq!(duty(&dear(117), 9, &oldest(110), false), Duty::Hold);
        assert_eq!(duty(&dear(118), 9, &oldest(110), false), Duty::Wait(119));
        let held = Standing { paused_at: 111, ..dear(112) };
        for me in [7, 8, 9] {
            assert!(matches!(duty(&held, me, &oldest(110), false), Duty::Wait(_)), "{me}");
        }
    }

    #[test]
    fn all_that_sign_share_a_turn_and_the_first_holds_it() {
        let terms = Terms { signers: 2, group_size: 3, takeover: 3 };
        let dear = |block| Standing { base_fee: 21, terms, ..standing(block) };
        assert_eq!(duty(&dear(111), 7, &oldest(110), false), Duty::Hold);
        assert_eq!(duty(&dear(112), 8, &oldest(110), false), Duty::Wait(113));
        assert_eq!(duty(&dear(112), 9, &oldest(110), false), Duty::Hold);
    }

    #[test]
    fn once_the_price_is_paid_again_whose_turn_it_is_commits_and_the_others_resume_one_after_the_other() {
        let held = |block| Standing { paused_at: 111, ..standing(block) };
        for block in 112..124 {
            assert_eq!(duty(&held(block), 7, &oldest(110), false), Duty::Lead);
            let resumes = [8, 9].map(|me| duty(&held(block), me, &oldest(110), false) == Duty::Resume);
            let next = block + 1;
            let turn = next / 2 % 3;
            assert_eq!(resumes, [turn == 1, turn == 2], "{block}");
        }
        // Who cannot execute resumes too, so that the group can be passed over in the end.
        assert_eq!(duty(&held(112), 7, &oldest(110), true), Duty::Lead);
        assert_eq!(duty(&held(113), 7, &oldest(110), true), Duty::Resume);
        assert!(matches!(duty(&held(112), 42, &oldest(110), false), Duty::Wait(_)), "not drawn");
    }

    #[test]
    fn while_the_clock_is_held_a_skip_waits_for_four_deadlines() {
        let held = |block| Standing { paused_at: 111, base_fee: 21, ..standing(block) };
        let last = 110 + 4 * 128;
        assert_eq!(duty(&held(110 + 128), 7, &oldest(110), false), Duty::Wait(239));
        assert_eq!(duty(&held(last - 2), 7, &oldest(110), false), Duty::Wait(last - 1));
        assert_eq!(duty(&held(last - 1), 7, &oldest(110), false), Duty::Skip);
        // All of the group had its turn before it was held: the deadline alone counts.
        let late = Standing { paused_at: 119, ..held(110 + 127) };
        assert_eq!(duty(&late, 7, &oldest(110), false), Duty::Skip);
    }
}
