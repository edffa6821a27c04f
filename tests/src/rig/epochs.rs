//! Opening epochs: beacons, and mining.

use alloy_primitives::U256;
use enigma_chain::bindings::{Enigma, epoch};
use enigma_crypto::{
    bls::{PublicKey, Signature},
    threshold::{MemberIndex, Partial, PublicPolynomial, open},
};
use enigma_primitives::tags;
use enigma_protocol::{
    door::{KeyEnclaveReply, UntrustedBeacon, UntrustedKeyRequest},
    network::{ERA, beacon_message},
};

use super::{Rig, THRESHOLD};

impl Rig {
    /// Posts the beacon of the next epoch, if it is missing, and mines until that epoch runs.
    ///
    /// # Panics
    /// Chain or enclaves refuse.
    pub async fn next_epoch(&mut self) -> u64 {
        let mut state = self.chain.network_state().await.expect("a network");
        let next = state.epoch + 1;
        if !state.next_seeded() {
            self.post_beacon(next).await;
            state = self.chain.network_state().await.expect("a network");
        }
        let height = self.chain.height().await.expect("a height");
        // One more than needed: then the newest block and the one after it are of the same epoch.
        self.mine(state.next_start.saturating_sub(height).max(1));
        assert_eq!(self.epoch().await, next);
        next
    }

    async fn post_beacon(&mut self, next: u64) {
        self.headers.sync(&self.chain).await;
        let mut partials = Vec::new();
        for key in self.keys.iter_mut().take(THRESHOLD) {
            let question = |facts| UntrustedKeyRequest::Beacon(UntrustedBeacon { epoch: next, facts });
            match key.ask(&self.chain, &self.headers, &mut self.facts, question).await {
                Ok(KeyEnclaveReply::Beacon(part)) => partials.push(Partial {
                    member: MemberIndex::new(part.member).expect("a member"),
                    signature: Signature::from_bytes(&part.partial).expect("a point"),
                }),
                other => panic!("expected a part of the beacon, {other:?} came"),
            }
        }
        let points = self.commitments.iter().map(|c| PublicKey::from_bytes(c).expect("a point")).collect();
        let polynomial = PublicPolynomial::from_commitments(points).expect("a polynomial");
        let message = beacon_message(self.network, ERA, next);
        let beacon = open(&polynomial, tags::CURVE_BEACON, &message, &partials).expect("a beacon");
        let call = Enigma::postBeaconCall {
            epoch: epoch(next),
            publicKey: polynomial.public_key().to_eip2537().into(),
            signature: beacon.to_eip2537().into(),
        };
        self.deployer.call_enigma(&call, U256::ZERO).await.expect("the beacon");
    }
}
