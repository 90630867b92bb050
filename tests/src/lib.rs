//! Edgebind from outside: what the scenarios share. A process of the real program ([`edgebind`]), the clients that others
//! wrote ([`script`], [`kannel`]), raw octets ([`wire`]), and the ear of an HTTP server ([`catcher`]).
//!
//! Everything here speaks TCP, HTTP and the command line only, and knows nothing of how the program works inside.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this crate is a test: a panic is its way to say no"
)]

pub mod catcher;
pub mod config;
pub mod edgebind;
pub mod kannel;
pub mod port;
pub mod program;
pub mod provision;
pub mod script;
pub mod wait;
pub mod wire;
