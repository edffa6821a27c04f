//! Starts an enclave as a process and talks to it through its door.
