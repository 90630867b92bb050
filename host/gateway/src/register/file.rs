//! Tenants of the configuration file: followed when the file changes, or taken over once by the admin API. A file with a mistake
//! changes nothing.

use super::{Entry, Owner, Register, audit, blocking, changed, configs, read, seal_name, take_effect, waiting};
use crate::{
    audit::FILE_OWNER,
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
        (of_file, settings): (&[config::Tenant], &dyn Fn(&config::Tenant) -> Vec<Mistake>),
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

    /// Makes the tenants that the file owns what it says now, all of them or none.
    ///
    /// # Errors
    /// A sentence; everything is as it was.
    pub async fn follow_file(&self, gateway: &Arc<Gateway>, read_again: &ReadAgain<'_>) -> Result<Followed, String> {
        let mut tenants = self.tenants.lock().await;
        let mut others = configs(gateway);
        others.retain(|other| tenants.get(&other.name).is_some_and(|entry| entry.owner != Owner::File));
        let settings = |config: &config::Tenant| match gateway.directory.tenant(&config.name) {
            Some(tenant) if tenant.is_pass_through() == matches!(config.mode, Mode::PassThrough) => {
                releases::settings_mistakes(&tenant, config)
            }
            _ => gateway.depot.builtin().settings_mistakes(config),
        };
        let config = read_again(&others, &settings)?;
        if config.tenants_of_file != gateway.config.tenants_of_file {
            return Err("tenants_of_file is other than it was, which takes a restart".into());
        }
        if config.tenants_of_file == TenantsOfFile::Seed {
            return Err("its tenants are the admin API's; those that are new are made by a restart".into());
        }
        for config in &config.tenants {
            if let Some(tenant) = gateway.directory.tenant(&config.name) {
                releases::may_follow(&tenant, config).map_err(|why| format!("tenant {}: {why}", config.name))?;
            }
        }
        let failed = |refusal: super::Refusal| refusal.to_string();
        let mut followed = Followed::default();
        let gone: Vec<String> = tenants
            .iter()
            .filter(|(name, entry)| {
                let stays = config
                    .tenants
                    .iter()
                    .any(|tenant| tenant.name == **name && is_same_mode(tenant, &entry.document));
                entry.owner == Owner::File && !stays
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            let Some(entry) = tenants.get(&name) else { continue };
            let change = changed("tenant removed", &name, None, &entry.document, &Document::new());
            audit(gateway, FILE_OWNER, change).await.map_err(failed)?;
            let left = waiting(gateway, &name, None);
            if left > 0 {
                tracing::warn!(
                    tenant = name,
                    waiting = left,
                    "what waits of a removed tenant stays until there is one of this name again"
                );
            }
            let (depot, gone) = (gateway.depot.clone(), name.clone());
            blocking(move || depot.forget_journal(&gone)).await.map_err(failed)?;
            tenants.remove(&name);
            if let Some(tenant) = gateway.directory.remove(&name) {
                tenant.remove();
            }
            gateway.binds.end_unserved();
            followed.removed.push(name);
        }
        for config in config.tenants {
            let (name, after) = (config.name.clone(), resolved(&config));
            let before = tenants.get(&name).map(|entry| entry.document.clone());
            if before.as_ref() == Some(&after) {
                continue;
            }
            let action = if before.is_some() {
                "tenant changed"
            } else {
                "tenant created"
            };
            let change = changed(action, &name, None, before.as_ref().unwrap_or(&Document::new()), &after);
            audit(gateway, FILE_OWNER, change).await.map_err(failed)?;
            let entry = Entry {
                owner: Owner::File,
                document: after,
            };
            tenants.insert(name.clone(), entry);
            match gateway.directory.tenant(&name) {
                Some(tenant) => {
                    tenant.change(config);
                    gateway.directory.put(&tenant);
                    let done = deploy::follow_document(gateway, &tenant, FILE_OWNER).await;
                    done.map_err(|refusal| format!("settings of tenant {name} are not in use: {refusal}"))?;
                    followed.changed.push(name.clone());
                }
                None => {
                    let (depot, now) = (gateway.depot.clone(), gateway.clock.now());
                    let made = spawn_blocking(move || restore::tenant(&depot, &config, now)).await;
                    let tenant = made.map_err(|error| error.to_string()).flatten()?;
                    gateway.directory.put(&tenant);
                    followed.created.push(name.clone());
                }
            }
            take_effect(gateway, &name);
        }
        Ok(followed)
    }
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
pub fn audit_of_seeds(audit: &crate::audit::Audit, at: u64, names: &[String]) -> io::Result<()> {
    for name in names {
        audit.write(&crate::audit::Change {
            at,
            by: FILE_OWNER.into(),
            ..changed("tenant created", name, None, &Document::new(), &Document::new())
        })?;
    }
    Ok(())
}
