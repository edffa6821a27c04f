//! Headers, Merkle proofs and the verified view of the Enigma contract.
