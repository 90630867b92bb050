//! Reads a configuration from the file that was named, or from the environment when none was.

use crate::config::{Config, Mistake, Surroundings, Tenant};
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The configuration, or every mistake in it, one a line; `settings` says what the components think of a tenant's.
pub fn config(file: Option<&Path>, settings: &dyn Fn(&Tenant) -> Vec<Mistake>) -> Result<Config, String> {
    config_beside(file, &[], settings)
}

/// The same beside tenants that neither of the two names.
pub fn config_beside(
    file: Option<&Path>,
    others: &[Arc<Tenant>],
    settings: &dyn Fn(&Tenant) -> Vec<Mistake>,
) -> Result<Config, String> {
    let env = |name: &str| env::var(name).ok();
    let read = |path: &Path| fs::read_to_string(path);
    let base = match file.and_then(Path::parent) {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let surroundings = Surroundings {
        base: &base,
        env: &env,
        file: &read,
        settings,
    };
    match file {
        None => Config::from_env(&surroundings).map_err(|mistakes| format!("mistakes in the environment:\n{mistakes}")),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| format!("failed to read {}: {error}", path.display()))?;
            Config::from_toml_beside(&text, others, &surroundings)
                .map_err(|mistakes| format!("mistakes in {}:\n{mistakes}", path.display()))
        }
    }
}
