//! The only user of the embedded database.
