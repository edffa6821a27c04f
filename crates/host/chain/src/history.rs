//! Past events: all of them, or inputs by whom and to what.

use alloy::{primitives::U256, rpc::types::Filter, sol_types::SolEvent};
use alloy_primitives::{Address, B256};

use crate::{
    Chain, Event, InputEvent, Result, bindings::Enigma, decode::KINDS, events::split, view::Question,
};

impl Chain {
    /// All events that nodes follow, of the blocks `from` to `to`, in the chain's order.
    ///
    /// # Errors
    /// As [`Chain::events`], here and below.
    pub async fn history(&self, from: u64, to: u64) -> Result<Vec<Event>> {
        Ok(self.events(from, to).await?.events)
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
        let mut question = self.some_events::<Enigma::InputCreated>();
        if let Some(contract) = contract {
            question.filter = question.filter.topic1(contract.into_word());
        }
        if let Some(sender) = sender {
            question.filter = question.filter.topic3(sender.into_word());
        }
        Ok(split(self.find(&question, from, to).await?).0)
    }

    /// The events of a question in the blocks `from` to `to`, none if `from` is later.
    pub(crate) async fn find(&self, question: &Question, from: u64, to: u64) -> Result<Vec<Event>> {
        if from > to {
            return Ok(Vec::new());
        }
        let work = |view: crate::view::View| async move { view.span(question, from, to).await };
        Ok(self.endpoints().ask_long(work).await?.1)
    }

    /// The question for all events.
    pub(crate) fn all_events(&self) -> Question {
        self.question(KINDS.to_vec(), true)
    }

    /// The question for some events of one kind; their words are to be set.
    pub(crate) fn some_events<E: SolEvent>(&self) -> Question {
        self.question(vec![E::SIGNATURE_HASH], false)
    }

    /// The question for events of one kind about one contract, which all kinds but one name first.
    pub(crate) fn events_about<E: SolEvent>(&self, contract: Address, second: Vec<U256>) -> Question {
        let mut question = self.some_events::<E>();
        question.filter = question.filter.topic1(contract.into_word());
        if !second.is_empty() {
            question.filter = question.filter.topic2(second.into_iter().map(B256::from).collect::<Vec<_>>());
        }
        question
    }

    fn question(&self, kinds: Vec<B256>, whole: bool) -> Question {
        let filter = Filter::new().address(self.enigma()).event_signature(kinds.clone());
        Question { filter, emitter: self.enigma(), kinds, whole }
    }
}
