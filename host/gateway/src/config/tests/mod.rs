//! Whole configurations: what they come to, and every sentence that a wrong one gets.

mod accounts;
mod environment;
mod example;
mod file;
mod settings;

use super::*;
use std::collections::{BTreeSet, HashMap};

/// Surroundings that are a list: `NAME=value` is a variable, `path: text` a file under `/etc/edgebind`.
struct World {
    variables: HashMap<String, String>,
    files: HashMap<PathBuf, String>,
}

impl World {
    fn new(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let base = Path::new("/etc/edgebind");
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            files: files
                .iter()
                .map(|(path, text)| (base.join(path), (*text).to_owned()))
                .collect(),
        }
    }

    fn with<T>(&self, call: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let env = |name: &str| self.variables.get(name).cloned();
        let file = |path: &Path| self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
        call(&Surroundings {
            base: Path::new("/etc/edgebind"),
            env: &env,
            file: &file,
            settings: &|tenant| {
                let unknown = tenant.translator_settings.iter().filter(|(name, _)| name == "unknown");
                unknown
                    .map(|(name, _)| Mistake {
                        at: "translator_settings".into(),
                        what: format!("no setting {name}"),
                    })
                    .collect()
            },
        })
    }

    fn toml(&self, text: &str) -> Result<Config, Mistakes> {
        self.with(|surroundings| Config::from_toml(text, surroundings))
    }

    fn env(&self) -> Result<Config, Mistakes> {
        self.with(Config::from_env)
    }
}

fn accounts(tenant: &Tenant) -> &[Account] {
    match &tenant.mode {
        Mode::Accounts(accounts) => accounts,
        Mode::PassThrough => panic!("{} has no accounts", tenant.name),
    }
}

fn mistakes(read: Result<Config, Mistakes>) -> String {
    match read {
        Ok(config) => panic!("taken: {config:?}"),
        Err(mistakes) => mistakes.to_string(),
    }
}

/// The smallest file: everything else has a value of its own.
const SMALL: &str = r#"
    smpp.plain = "127.0.0.1:2775"

    [[tenants]]
    name = "acme"
    translator_settings.api_base_url = "http://localhost:8080"
    [[tenants.accounts]]
    system_id = "esme"
    password = "secret"
"#;

fn small_with(lines: &str) -> String {
    SMALL.replace("name = \"acme\"", &format!("name = \"acme\"\n{lines}"))
}
