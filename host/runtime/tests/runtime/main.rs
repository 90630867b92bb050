//! The runtime with real components: what healthy ones do, what it does to faulty ones, and whom it does not let in.
#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing fails where it should")]

mod allowances;
mod compiled;
mod frames;
mod guests;
mod limits;
mod neighbour;
mod recordings;
mod session_misdeeds;
mod sessions;
mod shapes;
mod translator_misdeeds;
mod versions;
mod wasi;
mod worlds;
