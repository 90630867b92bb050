//! `edgebind check`: every mistake of a configuration at once, without starting anything.

use super::load;
use crate::{components, config::EXAMPLE, descriptors, start, tls::Tls};
use clap::Args;
use edgebind_runtime::Engine;
use std::path::PathBuf;

/// Read a configuration, with the secrets and certificates that it names, and let the components look at their settings.
/// Prints every mistake, one a line, and exits with 1 if there is any.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration, in TOML; without it the environment is checked, as `edgebind serve` would read it
    #[arg(long, value_name = "FILE", env = "EDGEBIND_CONFIG")]
    config: Option<PathBuf>,
    /// Print an example that explains every setting, and check nothing
    #[arg(long)]
    example: bool,
}

impl Check {
    /// Checks.
    pub fn run(self) -> Result<(), String> {
        if self.example {
            print!("{EXAMPLE}");
            return Ok(());
        }
        let mut engine = Engine::new(&edgebind_runtime::Limits::default()).map_err(|error| error.to_string())?;
        if let Some(compiler) = components::lasting_compiler() {
            engine = engine.with_compiler(compiler).map_err(|error| error.to_string())?;
        }
        let builtin = components::load(&engine)?;
        let config = load::config(self.config.as_deref(), &|tenant| builtin.settings_mistakes(tenant))?;
        let of_settings = config.tenants.iter().flat_map(|tenant| builtin.settings_mistakes(tenant));
        let mut mistakes: Vec<String> = of_settings.map(|mistake| mistake.to_string()).collect();
        mistakes.extend(
            Engine::new(&start::limits(&config.limits))
                .err()
                .map(|error| error.to_string()),
        );
        mistakes.extend(descriptors::connections(config.limits.connections_max).err());
        let smpp = config.smpp.tls.as_ref().map(|tls| (&tls.files, tls.client_ca.as_deref()));
        let other = [&config.http.tls, &config.admin.tls].into_iter().flatten();
        for (files, client_ca) in smpp.into_iter().chain(other.map(|files| (files, None))) {
            mistakes.extend(Tls::open(files, client_ca).err());
        }
        if !mistakes.is_empty() {
            return Err(format!("mistakes:\n{}", mistakes.join("\n")));
        }
        println!("no mistakes: {} tenants", config.tenants.len());
        Ok(())
    }
}
