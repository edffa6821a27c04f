//! Stakes: what they weigh in the draw, and what a slash takes of them.

use enigma_chain::Event;

use super::{ENG, MAX_SLASHES, Now, Refused, Rules, SLASH_DIVISOR, State};
use crate::Bug;

impl State {
    pub(super) fn log(&mut self, now: Now, id: u64, logged_in: bool) -> Result<Vec<Event>, Refused> {
        let worker = &mut self.workers[id as usize];
        if worker.logged_in == logged_in {
            return Err("LoginUnchanged");
        }
        if logged_in && worker.stake < ENG {
            return Err("StakeTooSmall");
        }
        worker.logged_in = logged_in;
        self.set_weight(now, id);
        Ok(Vec::new())
    }

    pub(super) fn slash(&mut self, rules: &Rules, now: Now, id: u64, epoch: u64) -> Option<u128> {
        let worker = &mut self.workers[id as usize];
        if worker.slash_epoch != epoch {
            (worker.slash_epoch, worker.slash_base, worker.slashes) = (epoch, worker.stake, 0);
        }
        if worker.slashes >= MAX_SLASHES {
            return None;
        }
        worker.slashes += 1;
        let of_what = if rules.bug == Some(Bug::SlashesTheRest) { worker.stake } else { worker.slash_base };
        let amount = (of_what / SLASH_DIVISOR).min(worker.stake);
        worker.stake -= amount;
        self.burned += amount;
        if self.workers[id as usize].logged_in {
            self.set_weight(now, id);
        }
        Some(amount)
    }

    fn set_weight(&mut self, now: Now, id: u64) {
        let from = self.epoch_at(now.number).0 + 2;
        let worker = &mut self.workers[id as usize];
        let weight = if worker.logged_in { (worker.stake / ENG) as u64 } else { 0 };
        worker.weights.split_off(&from);
        worker.weights.insert(from, weight);
    }
}
