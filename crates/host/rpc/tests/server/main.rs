//! The server as a client meets it, in front of a node that is made up.

mod fake;
mod http;
mod jsonrpc;
mod sockets;
