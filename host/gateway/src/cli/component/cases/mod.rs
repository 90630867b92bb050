//! Cases: what a component of either world is told and what it is to do, as text that people write and review.

pub mod difference;
pub mod file;
mod http;
mod message;
pub mod scene;
mod session;
mod translator;
mod words;

pub use session::SessionStage;
pub use translator::TranslatorStage;
