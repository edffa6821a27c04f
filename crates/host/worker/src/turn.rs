//! What a worker has to do for a contract now. Pure: the same standing gives the same duty.

use enigma_protocol::input::Input;

use crate::Standing;

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Execute, gather signatures, commit.
    Lead,
    /// Show the chain that nobody can commit at this price.
    Hold,
    /// Skip the oldest input: its deadline is over.
    Skip,
    /// Nothing before this block, as far as can be seen.
    Wait(u64),
}

/// What `me` has to do for a contract whose oldest pending input is `oldest`. `failed`: whether its last try to execute
/// came to nothing.
pub(crate) fn duty(standing: &Standing, me: u64, oldest: &Input, failed: bool) -> Duty {
    let next = standing.next_block();
    let marks = standing.marks(oldest);
    let position = standing.position(me);
    let leads = position.map(|p| marks.start().saturating_add(standing.terms.lead(p)));
    let skips = marks.skip_from(standing.skip_after).saturating_add(stagger(standing, me, position));
    if let Some(from) = leads
        && from <= next
    {
        if standing.base_fee > oldest.price_cap {
            return held(standing, &marks.start(), next);
        }
        if !(failed && skips <= next) {
            return Duty::Lead;
        }
    }
    if skips <= next { Duty::Skip } else { Duty::Wait(leads.unwrap_or(skips).min(skips).max(next)) }
}

/// While the price is too high, the clock is held once before each turn that would pass.
fn held(standing: &Standing, start: &u64, next: u64) -> Duty {
    let passes = start.saturating_add(standing.terms.takeover).saturating_sub(1);
    if next >= passes { Duty::Hold } else { Duty::Wait(passes) }
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
            hold: 0,
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
    fn nobody_commits_at_a_loss_and_the_clock_is_held_before_the_turn_passes() {
        let dear = |block| Standing { base_fee: 21, ..standing(block) };
        assert_eq!(duty(&dear(110), 7, &oldest(110), false), Duty::Wait(112));
        assert_eq!(duty(&dear(111), 7, &oldest(110), false), Duty::Hold);
        let held = Standing { hold: 112, ..dear(112) };
        assert_eq!(duty(&held, 7, &oldest(110), false), Duty::Wait(114));
        assert_eq!(duty(&held, 8, &oldest(110), false), Duty::Wait(115));
    }
}
