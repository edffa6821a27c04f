//! What only a local chain can do, for tests and chaos.

use alloy::{primitives::Bytes, providers::Provider};
use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::{Chain, Result, view::View};

/// Makes the last `depth` blocks anew, empty, and sends their transactions again, as they would be in the pools of a
/// real network. Returns how many were taken. From then on the chain makes a block a second, and none for a transaction
/// alone: it loses blocks if it mines while it reorganises itself, and cannot be told to mine as it did before.
///
/// # Errors
/// The endpoint is no local chain, or its blocks are no chain afterwards.
pub async fn reorganise(chain: &Chain, depth: u64) -> Result<usize> {
    tell(chain, "evm_setIntervalMining", json!([0])).await?;
    let done = remake(chain, depth).await;
    tell(chain, "evm_setIntervalMining", json!([1])).await?;
    done
}

/// The same while nothing else is mined.
async fn remake(chain: &Chain, depth: u64) -> Result<usize> {
    // Waits for the block that it may be making.
    tell(chain, "evm_mine", json!([])).await?;
    let height = chain.height().await?;
    let kept = height.saturating_sub(depth);
    let mut raw = Vec::new();
    for number in kept + 1..=height {
        raw.extend(transactions(chain, number).await?);
    }
    tell(chain, "anvil_reorg", json!([depth, []])).await?;
    chain.blocks(kept, chain.height().await?).await?;
    let mut taken = 0;
    for transaction in &raw {
        let send = |view: View| async move { Ok(view.provider().send_raw_transaction(transaction).await?) };
        // One that built on the blocks that are gone may be refused now.
        taken += usize::from(chain.endpoints().ask(send).await.is_ok());
    }
    Ok(taken)
}

async fn tell(chain: &Chain, method: &'static str, arguments: Value) -> Result<()> {
    let arguments = &arguments;
    let ask = |view: View| async move {
        let _: Value = view.provider().raw_request(method.into(), arguments).await?;
        Ok(())
    };
    chain.endpoints().ask(ask).await
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
