//! What crosses any wire: envelopes, inputs, receipts, lottery, enclave messages.
