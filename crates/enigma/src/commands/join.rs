//! `enigma node worker --join`: from nothing to a worker that waits to be drawn. What is done already is not done again.
//!
//! ```text
//! source  what a node or a network.json tells of the network
//! check   whether the chain says the same
//! settle  the worker's directory: secrets, enclave, node.json
//! enter   admission, money, stake, login
//! ```

mod check;
mod enter;
mod settle;
mod source;

use std::path::Path;

use anyhow::{Context, Result, bail};
use enigma_node::{NodeConfig, Role};
use serde_json::json;

use crate::{
    cli::{Join, NodeMore},
    operator::{Operator, whole},
    testnet::Progress,
};
use source::Source;

/// Makes the worker of this directory a member of the network. Returns when it may be started.
pub async fn run(dir: &Path, args: &Join, more: &NodeMore) -> Result<()> {
    let progress = Progress::start(args.json);
    let told = args.join.as_deref().context("whom to join?")?;
    let config = match known(dir)? {
        Some(config) => {
            check::still(&config, args.network).await?;
            progress.done(&format!("{} holds a worker already, and its network is this one", dir.display()));
            config
        }
        None => {
            let source = Source::ask(told).await?;
            let chain = check::agrees(&source, args.network, &more.rpc).await?;
            progress.done(&format!("network {}, as its chain says", source.descriptor.network()));
            if args.network.is_none() && !source.is_pinned {
                progress.done("whether it is the one that you mean is yours to know: --network 0x… pins it");
            }
            settle::settle(dir, args, more, &source, chain, &progress).await?
        }
    };
    let operator = Operator::load(dir).await?;
    if let Some(path) = &args.operator_key
        && settle::read_key(path)?.address() != operator.sender.address()
    {
        bail!("{} has another operator's key than {}", dir.display(), path.display());
    }
    let entered = enter::enter(&operator, &config, whole(args.stake), &progress).await?;
    if args.json {
        out!(
            "{}",
            json!({
                "ok": true, "dataDir": dir, "id": entered.id, "signer": operator.signer,
                "operator": operator.sender.address(), "stakeWei": entered.stake.to_string(),
                "epoch": entered.epoch, "fromEpoch": entered.from_epoch, "listen": config.listen,
                "api": more.api.api.as_ref().or(config.api.as_ref()),
            })
        );
    } else {
        let when = match entered.from_epoch {
            from if from > entered.epoch => {
                format!("may be drawn from epoch {from} on (now {})", entered.epoch)
            }
            _ => "may be drawn now".into(),
        };
        progress.done(&format!("worker {} {when}; it runs, Ctrl-C stops it", entered.id));
    }
    Ok(())
}

/// The configuration that a former call left.
fn known(dir: &Path) -> Result<Option<NodeConfig>> {
    if !dir.join(enigma_node::config::FILE).is_file() {
        return Ok(None);
    }
    let config = NodeConfig::load(dir)?;
    if config.role != Role::Worker {
        bail!("{} is the directory of a key node", dir.display());
    }
    Ok(Some(config))
}
