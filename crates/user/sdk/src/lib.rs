//! The client: encrypt, submit, wait, verify, decrypt.
