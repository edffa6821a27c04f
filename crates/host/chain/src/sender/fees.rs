//! What a transaction offers: from the market, raised when it is stuck, never above a cap.

use alloy::{eips::BlockNumberOrTag, providers::Provider};

use crate::{Result, view::View};

/// Blocks whose tips are looked at, and which of a block's tips: one that a fifth of its gas paid less than.
const BLOCKS: u64 = 10;
const PERCENTILE: f64 = 20.0;
/// Bounds of what an endpoint's word about tips is followed to: wei per gas.
const LEAST_TIP: u128 = 1_000_000;
const MOST_TIP: u128 = 10_000_000_000;
/// Offered where nobody tells of a tip.
const USUAL_TIP: u128 = 1_000_000_000;

/// Wei per gas (EIP-1559).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fees {
    /// At most, in all.
    pub(crate) max: u128,
    /// For whoever builds the block.
    pub(crate) tip: u128,
}

impl Fees {
    /// What is mined soon, unless the base fee doubles.
    pub(crate) async fn of_market(view: &View) -> Result<Self> {
        let history =
            view.provider().get_fee_history(BLOCKS, BlockNumberOrTag::Latest, &[PERCENTILE]).await?;
        let tips = history.reward.unwrap_or_default();
        let base = history.base_fee_per_gas.last().copied().unwrap_or_default();
        Ok(Self::of(base, tips.into_iter().filter_map(|tips| tips.first().copied()).collect()))
    }

    fn of(base_fee: u128, mut tips: Vec<u128>) -> Self {
        tips.retain(|tip| *tip > 0);
        tips.sort_unstable();
        let tip = tips.get(tips.len() / 2).copied().unwrap_or(USUAL_TIP).clamp(LEAST_TIP, MOST_TIP);
        Self { max: base_fee.saturating_mul(2).saturating_add(tip), tip }
    }

    /// An eighth more: what every pool takes as a replacement.
    pub(crate) const fn raised(self) -> Self {
        Self { max: eighth_more(self.max), tip: eighth_more(self.tip) }
    }

    /// At least the other, in both.
    pub(crate) fn at_least(self, other: Self) -> Self {
        Self { max: self.max.max(other.max), tip: self.tip.max(other.tip) }
    }

    /// Within a cap.
    pub(crate) fn within(self, cap: u128) -> Self {
        let max = self.max.min(cap);
        Self { max, tip: self.tip.min(max) }
    }

    /// Whether a pool takes these in place of `other`.
    pub(crate) const fn replace(self, other: Self) -> bool {
        let least = other.raised();
        self.max >= least.max && self.tip >= least.tip
    }
}

const fn eighth_more(fee: u128) -> u128 {
    fee.saturating_add(fee.div_ceil(8)).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raise_is_an_eighth_at_least_whatever_the_fee() {
        for fee in [0, 1, 7, 8, 9, 1_000_000_007, u128::MAX / 2] {
            let raised = Fees { max: fee, tip: fee }.raised();
            assert!(raised.max - fee >= fee.div_ceil(8) && raised.max > fee, "{fee}");
            assert!(raised.replace(Fees { max: fee, tip: fee }));
        }
        assert_eq!(Fees { max: u128::MAX, tip: 1 }.raised().max, u128::MAX);
    }

    #[test]
    fn no_endpoint_talks_us_into_a_large_tip_or_above_the_cap() {
        let fees = Fees::of(u128::MAX, vec![u128::MAX; 10]);
        assert_eq!((fees.max, fees.tip), (u128::MAX, MOST_TIP));
        assert_eq!(fees.within(5), Fees { max: 5, tip: 5 });
        assert_eq!(Fees::of(100, vec![]), Fees { max: 200 + USUAL_TIP, tip: USUAL_TIP });
        assert_eq!(Fees::of(100, vec![0, 0, 1]).tip, LEAST_TIP);
    }

    #[test]
    fn the_cap_can_forbid_a_replacement() {
        let old = Fees { max: 100, tip: 10 };
        assert!(!old.raised().within(105).replace(old));
        assert!(old.raised().within(200).replace(old));
    }
}
