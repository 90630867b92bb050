//! What Edgebind does for those outside it: each scenario is a real process, a simulated SMSGate, and clients that others wrote.

#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a panic is a test's way to say no")]

mod bounds;
mod cli;
mod clients;
mod crash;
mod dead_letters;
mod deliveries;
mod http_template;
mod kannel;
mod kit;
mod languages;
mod ledger;
mod life;
mod long;
mod misdeeds;
mod neighbour;
mod openapi;
mod operations;
mod owners;
mod pass_through;
mod pki;
mod presets;
mod privacy;
mod probes;
mod proof;
mod quirks;
mod receipts;
mod releases;
mod requests;
mod restarts;
mod routing;
mod shares;
mod starts;
mod tenants;
mod transport;
mod trouble;
mod upstreams;
mod vonage;
mod webhooks;
mod world;
