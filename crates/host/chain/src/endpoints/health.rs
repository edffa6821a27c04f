//! How far one endpoint is to be relied on: strikes, and the pauses that follow them.

use std::time::Duration;

use tokio::time::Instant;

/// Longest pause.
const LONGEST: Duration = Duration::from_secs(600);
/// A pause after a lie is so many times the pause after a failure.
const LIE: u32 = 30;
/// Strikes are forgotten after so many times the last pause without a new one.
const FORGIVEN: u32 = 10;

/// What an endpoint did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It did not answer, or too late.
    Silent,
    /// It is behind the others.
    Behind,
    /// It said what is not true.
    Lie,
}

/// The record of one endpoint.
#[derive(Debug, Default)]
pub(crate) struct Health {
    strikes: u32,
    pause: Duration,
    rests_until: Option<Instant>,
    /// The newest block that it last told of.
    pub(crate) height: Option<u64>,
}

impl Health {
    /// Rests it: longer with every strike that follows another. Returns for how long.
    pub(crate) fn strike(&mut self, fault: Fault, first: Duration, now: Instant) -> Duration {
        if self.rests_until.is_some_and(|until| now > until + self.pause * FORGIVEN) {
            self.strikes = 0;
        }
        let weight = if fault == Fault::Lie { LIE } else { 1 };
        self.pause = first.saturating_mul(weight).saturating_mul(1 << self.strikes.min(16)).min(LONGEST);
        self.strikes = self.strikes.saturating_add(1);
        // What it told before counts no more.
        self.height = None;
        // Requests that were under way together fail together: a pause never becomes shorter.
        self.rests_until = self.rests_until.max(Some(now + self.pause));
        self.pause
    }

    /// When its pause ends, if it rests.
    pub(crate) fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.rests_until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_grow_up_to_a_bound_and_are_forgiven() {
        let (mut health, start) = (Health::default(), Instant::now());
        assert_eq!(health.rests_until(start), None);
        let mut now = start;
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600] {
            assert_eq!(health.strike(Fault::Silent, FIRST, now), Duration::from_secs(expected));
            assert_eq!(health.rests_until(now), Some(now + Duration::from_secs(expected)));
            now += Duration::from_secs(expected);
            assert_eq!(health.rests_until(now), None);
        }
        now += LONGEST * FORGIVEN + FIRST;
        assert_eq!(health.strike(Fault::Behind, FIRST, now), FIRST);
    }

    #[test]
    fn a_lie_weighs_more_than_silence() {
        let (mut health, now) = (Health::default(), Instant::now());
        health.height = Some(7);
        assert_eq!(health.strike(Fault::Lie, FIRST, now), FIRST * LIE);
        assert_eq!(health.height, None);
    }
}
