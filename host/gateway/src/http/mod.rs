//! The HTTP side: the only way out to upstreams, and what upstreams and operators reach.

pub mod egress;
pub mod listener;
pub mod server;
pub mod webhook;
