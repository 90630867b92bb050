//! Edgebind from outside: what the scenarios share. A process of the real program ([`edgebind`]), the clients that others
//! wrote ([`script`], [`kannel`]), raw octets ([`wire`]), the ear of an HTTP server ([`catcher`]), and a decoder that others wrote
//! ([`tshark`]), which looks at everything that a gateway has sent ([`tap`]). Requests to
//! upstreams are held against their makers' documents ([`openapi`]). [`proof`] judges what was seen from outside against what
//! the README promises.
//!
//! Everything here speaks TCP, HTTP and the command line only, and knows nothing of how the program works inside.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this crate is a test: a panic is its way to say no"
)]

pub mod admin;
pub mod capture;
pub mod catcher;
pub mod config;
pub mod edgebind;
pub mod guests;
pub mod guide;
pub mod kannel;
pub mod openapi;
pub mod port;
pub mod program;
pub mod proof;
pub mod provision;
pub mod script;
pub mod tap;
pub mod tshark;
pub mod wait;
pub mod wire;
