//! `edgebind component check`: what a component is, whether a gateway would take it, and what it would cost, in words.

use super::{
    super::output,
    cost,
    sandbox::{self, Allowed, Code, Guest},
};
use clap::Args;
use edgebind_runtime::{Limits, LoadError, World};
use std::{fmt::Write as _, path::PathBuf, time::Instant};

/// Say what a component is, whether a gateway would take it, and what it costs. Exits with 1 if it would be refused
#[derive(Debug, Args)]
pub struct Check {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    #[command(flatten)]
    allowed: Allowed,
}

/// What is tried where a component needs more than is allowed.
const MORE: Allowed = Allowed {
    memory: Some(64),
    call_ms: Some(1000),
};

impl Check {
    pub fn run(self) -> Result<(), String> {
        let (octets, shape) = sandbox::read(&self.file)?;
        let mut text = String::new();
        let world = match shape.world {
            World::Session => "session",
            World::Translator => "translator",
        };
        let _ = writeln!(text, "world: {world}, version {} of the contract", shape.contract);
        let _ = writeln!(
            text,
            "imports: {}",
            match shape.imports.is_empty() {
                true => "nothing".to_owned(),
                false => shape.imports.join(", "),
            }
        );
        let allowed_octets = cost::octets(Limits::default().component_bytes_max);
        let _ = writeln!(text, "size: {} of {allowed_octets} allowed", cost::octets(octets.len()));
        let began = Instant::now();
        let mut refused = None;
        let guest = match Guest::load(&octets, &shape, self.allowed) {
            Ok(guest) => guest,
            Err(error @ LoadError::TrialRun(_)) => {
                let guest = Guest::load(&octets, &shape, MORE).map_err(|_| format!("{}: {error}", self.file.display()))?;
                refused = Some(error);
                guest
            }
            Err(error) => return Err(format!("{}: {error}", self.file.display())),
        };
        let _ = writeln!(text, "compiling it: {}", cost::shown(began.elapsed()));
        let _ = writeln!(text, "an instance, entered once: {}", cost::shown(cost::instance(&guest)?));
        let limits = guest.allowance.limits();
        let memory = guest.allowance.usage().memory_peak_bytes;
        let _ = writeln!(
            text,
            "its memory: {} of {} allowed",
            cost::octets(memory),
            cost::octets(limits.memory_bytes)
        );
        let call_ms = match guest.code {
            Code::Session(_) => limits.session_call_ms,
            Code::Translator(_) => limits.translator_call_ms,
        };
        let _ = writeln!(text, "a call may take: {call_ms} ms of processor time");
        output::print(&text)?;
        match refused {
            None => output::print("a gateway takes it\n"),
            Some(error) => Err(format!(
                "{}: {error}; a gateway takes it for a tenant with guest = {{ memory_bytes = {}, {world}_call_ms = {call_ms} }}, as --memory 64 \
                 --call-ms 1000 says here",
                self.file.display(),
                limits.memory_bytes
            )),
        }
    }
}
