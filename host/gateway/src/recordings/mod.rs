//! Recordings: what the guests of a tenant were told and what came of it, where the tenant wants that kept. Between those who make
//! the calls and a directory of lines; what to do with a line is the runtime's to know.

pub mod bind;
pub mod files;
pub mod frames;
pub mod witness;
