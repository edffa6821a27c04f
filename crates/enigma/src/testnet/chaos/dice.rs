//! A seed's choices: SplitMix64, which is short and good enough for dice.

/// Dice that fall alike for the same seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number. Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let roll = usize::try_from(self.roll() >> 33).unwrap_or_default();
        roll.checked_rem(end).unwrap_or_default()
    }

    /// Dice of their own, for what happens at the same time.
    pub const fn fork(&mut self) -> Self {
        Self(self.roll())
    }

    /// Any order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for place in (1..list.len()).rev() {
            list.swap(place, self.below(place + 1));
        }
    }
}
