//! Past events: all of them, or inputs by whom and to what.

use alloy::sol_types::SolEvent;
use alloy_primitives::Address;

use crate::{Chain, Event, InputEvent, Result, bindings::Enigma};

impl Chain {
    /// New contracts, inputs and commits of the blocks `from` to `to`, in the chain's order.
    ///
    /// # Errors
    /// The endpoint failed, or its logs make no sense; here and below.
    pub async fn history(&self, from: u64, to: u64) -> Result<Vec<Event>> {
        let topics = vec![
            Enigma::SecretContractCreated::SIGNATURE_HASH,
            Enigma::InputCreated::SIGNATURE_HASH,
            Enigma::Committed::SIGNATURE_HASH,
        ];
        self.read_events(&self.logs().event_signature(topics).from_block(from).to_block(to)).await
    }

    /// Inputs of the blocks `from` to `to`, of one contract or by one sender if these are named.
    ///
    /// # Errors
    /// As above.
    pub async fn inputs(
        &self,
        from: u64,
        to: u64,
        contract: Option<Address>,
        sender: Option<Address>,
    ) -> Result<Vec<InputEvent>> {
        let mut filter = self.logs().event_signature(Enigma::InputCreated::SIGNATURE_HASH);
        if let Some(contract) = contract {
            filter = filter.topic1(contract.into_word());
        }
        if let Some(sender) = sender {
            filter = filter.topic3(sender.into_word());
        }
        let found = self.read_events(&filter.from_block(from).to_block(to)).await?;
        let input = |event| if let Event::Input(input) = event { Some(*input) } else { None };
        Ok(found.into_iter().filter_map(input).collect())
    }
}
