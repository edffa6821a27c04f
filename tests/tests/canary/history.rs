//! What the chain keeps for ever: every block with its transactions, receipts and logs, and every call within them.

use enigma_tests::{
    network::{Network, rpc::quantity},
    scan::{Channel, Scanner},
};
use serde_json::json;

use super::scene::Scene;

pub fn search(scene: &Scene, scanner: &Scanner) -> Channel {
    let ask = |method: &str, params| scene.network.rpc(method, params);
    let mut channel = Channel::new("chain history");
    for number in 0..=height(&scene.network) {
        let tag = format!("{number:#x}");
        let block = ask("eth_getBlockByNumber", json!([tag, true]));
        let mut text = block.to_string() + &ask("eth_getBlockReceipts", json!([tag])).to_string();
        // The local chain traces only what it executed since it was started; the secrets came after that.
        if number > scene.resumed_at {
            for transaction in block["transactions"].as_array().unwrap() {
                let trace = json!([transaction["hash"], { "tracer": "callTracer" }]);
                text += &ask("debug_traceTransaction", trace).to_string();
            }
        }
        channel = channel.bytes(scanner, &format!("block {number}"), text.as_bytes());
    }
    channel
}

/// The chain's newest block.
pub fn height(network: &Network) -> u64 {
    quantity(&network.rpc("eth_blockNumber", json!([]))).to()
}
