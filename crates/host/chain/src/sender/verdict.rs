//! What a pool says to a transaction, in the words of the clients that are in use.

/// What became of a transaction that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is in the pool, now or already.
    Taken,
    /// Its nonce is mined.
    NonceTooLow,
    /// The pool has another one with its nonce, which offers too much to be replaced by this.
    ReplacesTooCheaply,
    /// It offers too little for the pool.
    TooCheap,
}

/// Reads an error's message; `None` if it says something else.
pub(crate) fn verdict(message: &str) -> Option<Verdict> {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // geth and its kin; erigon, nethermind, besu; anvil.
    if says(&["already known", "alreadyknown", "known transaction", "already imported", "already exists"]) {
        Some(Verdict::Taken)
    } else if says(&["nonce too low", "nonce is too low", "oldnonce", "nonce below"]) {
        Some(Verdict::NonceTooLow)
    } else if says(&["replacement", "could not replace", "replacenotallowed"]) {
        Some(Verdict::ReplacesTooCheaply)
    } else if says(&[
        "underpriced",
        "block base fee",
        "fee cap",
        "feetoolow",
        "gas price too low",
        "below base",
    ]) {
        Some(Verdict::TooCheap)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_usual_clients_are_understood() {
        for (message, expected) in [
            ("already known", Some(Verdict::Taken)),
            ("transaction already imported", Some(Verdict::Taken)),
            ("AlreadyKnown", Some(Verdict::Taken)),
            ("nonce too low: next nonce 4, tx nonce 3", Some(Verdict::NonceTooLow)),
            ("OldNonce, Current nonce: 4", Some(Verdict::NonceTooLow)),
            ("replacement transaction underpriced", Some(Verdict::ReplacesTooCheaply)),
            (
                "Transaction gas price cannot replace: could not replace existing tx",
                Some(Verdict::ReplacesTooCheaply),
            ),
            ("transaction underpriced: gas tip cap 0, minimum needed 1", Some(Verdict::TooCheap)),
            ("max fee per gas less than block base fee", Some(Verdict::TooCheap)),
            ("FeeTooLow, MaxFeePerGas too low", Some(Verdict::TooCheap)),
            ("insufficient funds for gas * price + value", None),
            ("", None),
        ] {
            assert_eq!(verdict(message), expected, "{message}");
        }
    }
}
