//! Words shared by everything: identifiers, secrets, domain tags, error codes.
