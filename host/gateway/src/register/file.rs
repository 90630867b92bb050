//! Tenants of the configuration file: followed when the file changes, or taken over once by the admin API. A file with a mistake
//! changes nothing.

use super::{Entry, Owner, Register, audit, blocking, changed, configs, read, seal_name, take_effect, waiting};
use crate::{
    audit::{Audit, Change, FILE_OWNER},
    config::{self, Config, Mistake, Mode, TenantsOfFile},
    document::{self, Document},
    gateway::Gateway,
    releases::{self, deploy, restore},
    vault::{self, Vault},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, io, path::Path, sync::Arc};
use tokio::task::spawn_blocking;

/// Names the tenants that the file has given away: none of them is made twice, also when the API has removed it since.
const SEEDED: &str = "seeded-tenants.json";

/// Reads the configuration again: beside tenants that are not the file's, with what components say of settings.
pub type ReadAgain<'a> =
    dyn Fn(&[Arc<config::Tenant>], &dyn Fn(&config::Tenant) -> Vec<Mistake>) -> Result<Config, String> + Sync + 'a;

/// What following the file came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Tenants that are new.
    pub created: Vec<String>,
    /// Tenants of which something is other than before.
    pub changed: Vec<String>,
    /// Tenants that the file has no more.
    pub removed: Vec<String>,
}

/// What components say of a tenant's settings.
type Look<'a> = &'a dyn Fn(&config::Tenant) -> Vec<Mistake>;

impl Register {
    /// Keeps those tenants of the file that it has not given away before, for the API to change from now on; their names. None is
    /// kept if one of them does not go with those that there are.
    ///
    /// # Errors
    /// A sentence.
    pub fn seed(
        &mut self,
        data_dir: &Path,
        vault: &Vault,
        (of_file, settings): (&[config::Tenant], Look<'_>),
        all: &mut Vec<config::Tenant>,
    ) -> Result<Vec<String>, String> {
        let path = data_dir.join(SEEDED);
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let mut seeded: BTreeSet<String> = match fs::read(&path) {
            Ok(octets) => serde_json::from_slice(&octets)
                .map_err(|error| {
                    format!("{error}: bring it back from a backup, or write down in it which tenants not to make again")
                })
                .map_err(|error| failed(&error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(failed(&error)),
        };
        let tenants = self.tenants.get_mut();
        let mut beside: Vec<Arc<config::Tenant>> = all.iter().cloned().map(Arc::new).collect();
        let mut new = Vec::new();
        for tenant in of_file {
            if seeded.contains(&tenant.name) || tenants.contains_key(&tenant.name) {
                continue;
            }
            let document = resolved(tenant);
            let tenant = read(&document, &beside, settings).map_err(|mistakes| {
                format!(
                    "tenant {} of the file cannot be made: {}",
                    tenant.name,
                    super::in_a_line(&mistakes)
                )
            })?;
            beside.push(Arc::new(tenant.clone()));
            new.push((tenant, document));
        }
        let mut names = Vec::new();
        for (tenant, document) in new {
            let octets = serde_json::to_vec(&document).map_err(|error| failed(&error))?;
            let sealed = vault.seal(&seal_name(&tenant.name), octets).map_err(|error| failed(&error))?;
            let kept = self.dir.join(&tenant.name);
            vault::write_whole(&self.dir, &[&sealed], |file| file.persist(&kept).map(drop)).map_err(|error| failed(&error))?;
            let owner = Owner::Api;
            tenants.insert(tenant.name.clone(), Entry { owner, document });
            names.push(tenant.name.clone());
            all.push(tenant);
        }
        let before = seeded.len();
        seeded.extend(of_file.iter().map(|tenant| tenant.name.clone()));
        if seeded.len() > before {
            let octets = serde_json::to_vec(&seeded).map_err(|error| failed(&error))?;
            vault::write_whole(data_dir, &[&octets], |file| file.persist(&path).map(drop)).map_err(|error| failed(&error))?;
        }
        Ok(names)
    }

    /// Makes the tenants that the file owns what it says now. What cannot be done of it on the disk is said in the log.
    ///
    /// # Errors
    /// A sentence; everything is as it was.
    pub async fn follow_file(&self, gateway: &Arc<Gateway>, read_again: &ReadAgain<'_>) -> Result<Followed, String> {
        let mut tenants = self.tenants.lock().await;
        let mut others = configs(gateway);
        others.retain(|other| tenants.get(&other.name).is_some_and(|entry| entry.owner != Owner::File));
        let config = read_again(&others, &|config| settings_mistakes(gateway, config))?;
        may_follow(gateway, &config)?;

        let is_gone = |name: &str, entry: &Entry| {
            let mut of_file = config.tenants.iter();
            entry.owner == Owner::File && !of_file.any(|tenant| tenant.name == *name && is_same_mode(tenant, &entry.document))
        };
        let gone: Vec<String> = tenants
            .iter()
            .filter(|(name, entry)| is_gone(name, entry))
            .map(|(name, _)| name.clone())
            .collect();
        let nothing = Document::new();
        let mut changes: Vec<Change> = gone
            .iter()
            .filter_map(|name| Some(changed("tenant removed", name, None, &tenants.get(name)?.document, &nothing)))
            .collect();
        let mut others_than_before = Vec::new();
        for config in config.tenants {
            let after = resolved(&config);
            let before = tenants.get(&config.name).filter(|_| !gone.contains(&config.name));
            let (action, before) = match before {
                Some(entry) if entry.document == after => continue,
                Some(entry) => ("tenant changed", &entry.document),
                None => ("tenant created", &nothing),
            };
            changes.push(changed(action, &config.name, None, before, &after));
            others_than_before.push((config, after));
        }
        for change in changes {
            audit(gateway, FILE_OWNER, change)
                .await
                .map_err(|refusal| refusal.to_string())?;
        }

        let mut followed = Followed::default();
        for name in gone {
            tenants.remove(&name);
            part_with(gateway, &name).await;
            followed.removed.push(name);
        }
        for (config, document) in others_than_before {
            let (name, owner) = (config.name.clone(), Owner::File);
            let is_known = gateway.directory.tenant(&name).is_some();
            match put(gateway, config).await {
                Ok(()) => drop(tenants.insert(name.clone(), Entry { owner, document })),
                Err(why) => {
                    tracing::error!(tenant = name, "is not what the file says: {why}");
                    continue;
                }
            }
            take_effect(gateway, &name);
            if is_known {
                &mut followed.changed
            } else {
                &mut followed.created
            }
            .push(name);
        }
        Ok(followed)
    }
}

/// What is wrong with the settings of a tenant of the file, as its own components say, or the built-in ones if it is new.
fn settings_mistakes(gateway: &Gateway, config: &config::Tenant) -> Vec<Mistake> {
    match gateway.directory.tenant(&config.name) {
        Some(tenant) if tenant.is_pass_through() == matches!(config.mode, Mode::PassThrough) => {
            releases::settings_mistakes(gateway.depot.builtin(), &tenant, config)
        }
        _ => gateway.depot.builtin().settings_mistakes(config),
    }
}

/// Whether a file can be followed at all.
fn may_follow(gateway: &Gateway, config: &Config) -> Result<(), String> {
    if config.tenants_of_file != gateway.config.tenants_of_file {
        return Err("tenants_of_file is other than it was, which takes a restart".into());
    }
    if config.tenants_of_file == TenantsOfFile::Seed {
        return Err("its tenants are the admin API's; a restart makes those that are new".into());
    }
    for config in &config.tenants {
        if let Some(tenant) = gateway.directory.tenant(&config.name) {
            releases::may_follow(&tenant, config).map_err(|why| format!("tenant {}: {why}", config.name))?;
        }
    }
    Ok(())
}

/// Lets go of a tenant that the file has no more.
async fn part_with(gateway: &Arc<Gateway>, name: &str) {
    let left = waiting(gateway, name, None);
    if left > 0 {
        tracing::warn!(
            tenant = name,
            waiting = left,
            "what waits of a removed tenant stays until there is one of this name again"
        );
    }
    if let Some(tenant) = gateway.directory.remove(name) {
        tenant.remove();
    }
    gateway.binds.end_unserved();
    let (depot, tenant) = (gateway.depot.clone(), name.to_owned());
    if let Err(refusal) = blocking(move || depot.forget_journal(&tenant)).await {
        tracing::error!(tenant = name, "releases of a removed tenant are remembered: {refusal}");
    }
}

/// Has a tenant be what is configured now.
async fn put(gateway: &Arc<Gateway>, config: config::Tenant) -> Result<(), String> {
    if let Some(tenant) = gateway.directory.tenant(&config.name) {
        tenant.change(config);
        gateway.directory.put(&tenant);
        let followed = deploy::follow_document(gateway, &tenant, FILE_OWNER).await;
        return followed.map_err(|refusal| format!("its settings are not in use: {refusal}"));
    }
    let (depot, now) = (gateway.depot.clone(), gateway.clock.now());
    let made = spawn_blocking(move || restore::tenant(&depot, &config, now)).await;
    gateway.directory.put(&made.map_err(|error| error.to_string()).flatten()?);
    Ok(())
}

/// The document of a tenant with the secrets themselves in it, wherever its table says that they come from.
pub(super) fn resolved(tenant: &config::Tenant) -> Document {
    let text = |secret: &config::Secret| json!(String::from_utf8_lossy(secret.bytes()));
    let mut document = document::document(&tenant.document.0);
    if !tenant.secrets.is_empty() {
        let secrets = tenant.secrets.iter().map(|(name, secret)| (name.clone(), text(secret)));
        document.insert("secrets".into(), Value::Object(secrets.collect()));
    }
    let Mode::Accounts(configured) = &tenant.mode else {
        return document;
    };
    let written = document.get_mut("accounts").and_then(Value::as_array_mut);
    for (written, account) in written.into_iter().flatten().zip(configured) {
        written["password"] = text(&account.password);
        if let (Some(outbind), Some(written)) = (&account.outbind, written.get_mut("outbind")) {
            written["password"] = text(&outbind.password);
        }
    }
    document
}

fn is_same_mode(tenant: &config::Tenant, document: &Document) -> bool {
    let was_pass_through = document.get("mode").is_some_and(|mode| mode == "pass-through");
    was_pass_through == matches!(tenant.mode, Mode::PassThrough)
}

/// Notes in the audit trail what was seeded.
pub fn audit_of_seeds(audit: &Audit, at: u64, names: &[String]) -> io::Result<()> {
    for name in names {
        audit.write(&Change {
            at,
            by: FILE_OWNER.into(),
            ..changed("tenant created", name, None, &Document::new(), &Document::new())
        })?;
    }
    Ok(())
}
