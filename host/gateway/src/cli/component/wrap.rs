//! `edgebind component wrap`: a component of the module that cargo built for wasm32-unknown-unknown, which describes its world in a section of
//! its own.

use super::super::output;
use clap::Args;
use std::{fs, path::PathBuf};

/// Make a component of what cargo built for wasm32-unknown-unknown; what is built for wasm32-wasip2 is one already
#[derive(Debug, Args)]
pub struct Wrap {
    /// What cargo built
    #[arg(value_name = "MODULE.wasm")]
    module: PathBuf,
    /// Where the component is to be
    #[arg(value_name = "FILE.wasm")]
    out: PathBuf,
}

impl Wrap {
    pub fn run(self) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", self.module.display());
        let module = fs::read(&self.module).map_err(|error| failed(&error))?;
        let component = wit_component::ComponentEncoder::default()
            .module(&module)
            .and_then(|encoder| encoder.validate(true).encode())
            .map_err(|error| failed(&format!("{error:#}")))?;
        fs::write(&self.out, component).map_err(|error| format!("{}: {error}", self.out.display()))?;
        output::print(&format!("{} is a component\n", self.out.display()))
    }
}
