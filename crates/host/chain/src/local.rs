//! What only a local chain can do, for tests and chaos.

use alloy::{primitives::Bytes, providers::Provider};
use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::{Chain, Result, view::View};

/// How often blocks are made anew until they are a chain.
const TRIES: usize = 8;

/// Makes the last `depth` blocks anew, empty, and sends their transactions again, as they would be in the pools of a
/// real network. Returns how many were taken.
///
/// # Errors
/// The endpoint is no local chain.
pub async fn reorganise(chain: &Chain, depth: u64) -> Result<usize> {
    let height = chain.height().await?;
    let mut raw = Vec::new();
    for number in height.saturating_sub(depth.saturating_sub(1))..=height {
        raw.extend(transactions(chain, number).await?);
    }
    let kept = height.saturating_sub(depth);
    let mut depth = depth;
    for _ in 0..TRIES {
        let again = |view: View| async move {
            let _: Value = view.provider().raw_request("anvil_reorg".into(), json!([depth, []])).await?;
            Ok(())
        };
        chain.endpoints().ask(again).await?;
        let tip = chain.height().await?;
        if chain.blocks(kept, tip).await.is_ok() {
            break;
        }
        // It mined a block in the same moment, and lost one: from the last sound one on, all are made anew.
        depth = tip.saturating_sub(kept);
    }
    let mut taken = 0;
    for transaction in &raw {
        let send = |view: View| async move { Ok(view.provider().send_raw_transaction(transaction).await?) };
        // One that built on the blocks that are gone may be refused now.
        taken += usize::from(chain.endpoints().ask(send).await.is_ok());
    }
    Ok(taken)
}

/// The transactions of a block, as they were signed.
async fn transactions(chain: &Chain, number: u64) -> Result<Vec<Bytes>> {
    let read = |view: View| async move {
        let block: Value = view
            .provider()
            .raw_request("eth_getBlockByNumber".into(), json!([format!("{number:#x}"), false]))
            .await?;
        let hashes: Vec<B256> = serde_json::from_value(block["transactions"].clone()).unwrap_or_default();
        let mut all = Vec::new();
        for hash in hashes {
            all.push(view.provider().raw_request("eth_getRawTransactionByHash".into(), (hash,)).await?);
        }
        Ok(all)
    };
    chain.endpoints().ask(read).await
}
