//! Requests to upstreams, held against the OpenAPI documents of their makers. The documents are not ours to copy: they are read from
//! the folder that the environment variable `EDGEBIND_OPENAPI` names, and without it nothing is checked.

mod document;
mod inspected;

pub use document::{Document, Request};
pub use inspected::{Documents, FOLDER, Inspect, Inspected};
