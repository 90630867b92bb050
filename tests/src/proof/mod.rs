//! The promise that nothing accepted is lost, tried from outside. A [`Trial`] puts a real gateway between ESMEs and an upstream that write
//! down all they see ([`log`]), and kills it, starves it and lies to it; [`check()`] then judges the log, and knows nothing of how it came about.

mod chaos;
mod check;
mod crash;
mod disk;
mod esme;
pub mod log;
mod trial;

pub use chaos::chaos;
pub use check::{Breach, Counts, Invariant, NEVER, Verdict, check};
pub use crash::crash;
pub use disk::{Disk, Mood};
pub use esme::{Esme, FATES, Kind, Stage, Temper};
pub use trial::{Plan, Trial, seed};
