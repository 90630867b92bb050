//! Inputs that nobody thought of, for everything that reads octets from outside: targets, and the engine that finds inputs for them.
//!
//! A target is a function of octets that panics when something does not hold. The engine changes inputs and keeps those that take
//! the code where no input went before. It is small and our own because the known ones need a C++ compiler or a nightly Rust;
//! what tells it where the code goes is LLVM's, as theirs ([`coverage`]). Nothing here knows a socket or a component: guests are
//! linked in natively.

pub mod black_box;
pub mod corpus;
pub mod coverage;
pub mod engine;
pub mod hex;
pub mod maze;
pub mod memory;
pub mod mutation;
pub mod target;

mod targets;
