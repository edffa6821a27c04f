//! Has the admission checked anew when something was revoked: until then nothing that this worker signs lands.

use alloy_primitives::U256;
use enigma_chain::{Result, Sender, bindings::Enigma};

use crate::tip::Tip;

/// Looks at every new block, for ever.
pub(crate) async fn keep(id: u64, sender: &Sender, mut tip: Tip) {
    let mut done = None;
    loop {
        match look(id, sender, done).await {
            Ok(revocations) => done = Some(revocations),
            Err(error) => tracing::warn!(id, %error, "the admission could not be checked"),
        }
        tip.moved().await;
    }
}

/// Checks what came after the first `done` revocations; returns how many there are.
async fn look(id: u64, sender: &Sender, done: Option<u16>) -> Result<u16> {
    let chain = sender.chain();
    let revocations = chain.revocations().await?;
    if done == Some(revocations) {
        return Ok(revocations);
    }
    let record = chain.worker(id).await?;
    // Who is not in the lottery signs nothing, and a login is a check.
    if record.checked == revocations || (!record.logged_in && record.stake.is_zero()) {
        return Ok(revocations);
    }
    match sender.call_enigma(&Enigma::recheckCall { id: U256::from(id) }, U256::ZERO).await {
        // More than these, if something else was revoked meanwhile.
        Ok(_) if chain.worker(id).await?.checked >= revocations => {
            tracing::info!(id, revocations, "the admission was checked after a revocation, and holds");
        }
        // What was revoked stays revoked: asking again would only cost gas.
        Ok(_) => tracing::error!(id, revocations, "this worker may not serve any more, and is logged out"),
        Err(error) if is_final(&error) => {
            tracing::error!(id, revocations, %error, "this worker may not serve any more");
        }
        Err(error) => return Err(error),
    }
    Ok(revocations)
}

fn is_final(error: &enigma_chain::Error) -> bool {
    ["AdmissionExpired", "MeasurementNotAllowed", "BarredPlatform"].iter().any(|name| error.is_refusal(name))
}
