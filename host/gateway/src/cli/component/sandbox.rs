//! Components run here as a gateway runs them: the same engine, the same box, the same limits.

use super::cases::{
    SessionStage, TranslatorStage,
    scene::{Said, Stage},
};
use clap::Args;
use edgebind_runtime::{
    Allowance, Engine, Fault, GuestLimits, Limits, LoadError, SessionComponent, Shape, TranslatorComponent, World, inspect,
};
use std::{fs, path::Path, sync::Arc};

/// What a tenant's guests may use
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Allowed {
    /// Memory of an instance in MiB, as `guest_memory_bytes` allows it [default: 16]
    #[arg(long, value_name = "MIB")]
    pub memory: Option<usize>,
    /// Milliseconds of processor time of a call [default: 20 for a session, 50 for a translator]
    #[arg(long, value_name = "MS")]
    pub call_ms: Option<u64>,
}

/// A component that was let in.
pub struct Guest {
    pub code: Code,
    pub allowance: Arc<Allowance>,
    pub said: Said,
}

/// It, for its world.
pub enum Code {
    Session(SessionComponent),
    Translator(TranslatorComponent),
}

impl Allowed {
    /// What the gateway would give its guests.
    pub fn limits(self) -> Limits {
        let defaults = Limits::default();
        let guest = defaults.guest.clone();
        let memory_bytes = self.memory.map_or(guest.memory_bytes, |mib| mib << 20);
        Limits {
            memory_bytes: memory_bytes.max(defaults.memory_bytes),
            // One after another: a pool for thousands would only take its time to make.
            sessions_max: 16,
            calls_max: 16,
            guest: GuestLimits {
                memory_bytes,
                session_call_ms: self.call_ms.unwrap_or(guest.session_call_ms),
                translator_call_ms: self.call_ms.unwrap_or(guest.translator_call_ms),
                ..guest
            },
            ..defaults
        }
    }
}

/// The octets of a file, and what they are.
pub fn read(file: &Path) -> Result<(Vec<u8>, Shape), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let octets = fs::read(file).map_err(|error| failed(&error))?;
    let shape = inspect(&octets, Limits::default().component_bytes_max).map_err(|error| failed(&error))?;
    Ok((octets, shape))
}

impl Guest {
    /// Compiles it and makes an instance, as a deploy does.
    pub fn load(octets: &[u8], shape: &Shape, allowed: Allowed) -> Result<Self, LoadError> {
        let limits = allowed.limits();
        let engine = Engine::new(&limits).map_err(|error| LoadError::Host(error.to_string()))?;
        let said = Said::default();
        let heard = said.clone();
        let voice = move |line: &str| {
            heard
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push(line.to_owned());
        };
        let allowance = Allowance::new(limits.guest.clone(), Arc::new(voice));
        let code = match shape.world {
            World::Session => Code::Session(SessionComponent::load(&engine, octets)?.within(&allowance)),
            World::Translator => Code::Translator(TranslatorComponent::load(&engine, octets)?.within(&allowance)),
        };
        Ok(Self { code, allowance, said })
    }

    /// Of a file, with a hint where a larger allowance would help.
    pub fn of(file: &Path, allowed: Allowed) -> Result<Self, String> {
        let (octets, shape) = read(file)?;
        Self::load(&octets, &shape, allowed).map_err(|error| {
            let hint = match &error {
                LoadError::TrialRun(Fault::Memory { .. }) => ": allow it more, for example --memory 64",
                LoadError::TrialRun(Fault::Deadline { .. }) => ": allow it more, for example --call-ms 1000",
                _ => "",
            };
            format!("{}: {error}{hint}", file.display())
        })
    }

    /// Where it plays cases.
    pub fn stage(&self, moved: bool) -> Box<dyn Stage> {
        let said = self.said.clone();
        match &self.code {
            Code::Session(session) => Box::new(SessionStage::new(session.clone(), said, moved)),
            Code::Translator(translator) => Box::new(TranslatorStage::new(translator.clone(), said)),
        }
    }
}
