//! Changes of tenants while the gateway runs. Every change is one motion: the document is edited, read like a file is, written to
//! the disk, noted in the audit trail, and only then in effect. What a file or the environment says is not changed here.

pub mod file;

use crate::{
    audit::{Change, Difference},
    config::{self, Mistake, Mistakes, Surroundings},
    document::{self, Document},
    gateway::Gateway,
    limits::TENANTS_MAX,
    releases::{self, deploy, restore},
    smpp::outbind,
    vault::{self, Vault},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{sync::Mutex, task::spawn_blocking};
use utoipa::ToSchema;

const DIR: &str = "tenants";

/// Who may change a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The admin API.
    Api,
    /// The configuration file.
    File,
    /// The environment variables that the gateway was started with.
    Environment,
}

/// Every tenant's document, and the directory that keeps those that the API owns.
pub struct Register {
    dir: PathBuf,
    /// Held while one of them changes.
    tenants: Mutex<BTreeMap<String, Entry>>,
}

/// One tenant's.
#[derive(Clone)]
struct Entry {
    owner: Owner,
    document: Document,
}

/// Why a change is not made.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such thing.
    Unknown(String),
    /// Not in this state, or not by this way.
    Conflict(String),
    /// The document says what it must not say.
    Mistakes(Mistakes),
    /// The disk failed us.
    Disk(io::Error),
}

impl Register {
    /// The register of a data directory: tenants that the API made, beside those that were configured.
    ///
    /// # Errors
    /// A sentence: a kept document cannot be read, or does not go with the configuration.
    pub fn open(
        data_dir: &Path,
        vault: &Vault,
        configured: &[config::Tenant],
        owner: Owner,
    ) -> Result<(Self, Vec<config::Tenant>), String> {
        let dir = data_dir.join(DIR);
        let failed = |error: io::Error| format!("{}: {error}", dir.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(failed)?;
        vault::remove_unfinished(&dir).map_err(failed)?;
        let mut tenants: BTreeMap<String, Entry> = configured
            .iter()
            .map(|tenant| {
                let document = file::resolved(tenant);
                (tenant.name.clone(), Entry { owner, document })
            })
            .collect();
        let mut all: Vec<Arc<config::Tenant>> = configured.iter().cloned().map(Arc::new).collect();
        let mut names: Vec<_> = fs::read_dir(&dir)
            .map_err(failed)?
            .filter_map(Result::ok)
            .map(|entry| entry.file_name())
            .collect();
        names.sort();
        for name in names.iter().filter_map(|name| name.to_str()) {
            let path = dir.join(name);
            let sealed = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let kept = vault
                .open_sealed(&seal_name(name), &sealed)
                .and_then(|octets| serde_json::from_slice::<Document>(&octets).ok())
                .ok_or_else(|| {
                    format!(
                        "{} was damaged, or sealed with another key: bring it back from a backup, or remove it and create the tenant again",
                        path.display()
                    )
                })?;
            // Its settings are looked at with its own components.
            let tenant = read(&kept, &all, &|_| Vec::new()).map_err(|mistakes| {
                format!(
                    "tenant {name}, which the admin API has made, no longer goes with the configuration: {}",
                    in_a_line(&mistakes)
                )
            })?;
            tenants.insert(
                name.to_owned(),
                Entry {
                    owner: Owner::Api,
                    document: kept,
                },
            );
            all.push(Arc::new(tenant));
        }
        let register = Self {
            dir,
            tenants: Mutex::new(tenants),
        };
        Ok((register, all.into_iter().map(Arc::unwrap_or_clone).collect()))
    }

    /// Who owns each tenant, by name.
    pub async fn owners(&self) -> BTreeMap<String, Owner> {
        let tenants = self.tenants.lock().await;
        tenants.iter().map(|(name, entry)| (name.clone(), entry.owner)).collect()
    }

    /// A tenant's document with its secrets in it, for those who show it without.
    pub async fn document(&self, name: &str) -> Result<Document, Refusal> {
        let tenants = self.tenants.lock().await;
        tenants
            .get(name)
            .map(|entry| entry.document.clone())
            .ok_or_else(|| unknown(name))
    }

    /// Makes a tenant; its name.
    pub async fn create(&self, gateway: &Arc<Gateway>, mut new: Document, by: &str) -> Result<String, Refusal> {
        if new.get("mode").is_none_or(|mode| mode != "pass-through") {
            new.entry("accounts").or_insert_with(|| json!([]));
        }
        let mut tenants = self.tenants.lock().await;
        if tenants.len() >= TENANTS_MAX {
            return Err(Refusal::Conflict(format!(
                "there are {TENANTS_MAX} tenants already, and no gateway serves more"
            )));
        }
        let name = new.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let others: Vec<_> = configs(gateway);
        let config =
            read(&new, &others, &|tenant| gateway.depot.builtin().settings_mistakes(tenant)).map_err(Refusal::Mistakes)?;
        let change = changed("tenant created", &name, None, &Document::new(), &new);
        self.keep(gateway, &name, &new).await?;
        audit(gateway, by, change).await?;
        tenants.insert(
            name.clone(),
            Entry {
                owner: Owner::Api,
                document: new,
            },
        );
        let (depot, now) = (gateway.depot.clone(), gateway.clock.now());
        let tenant = spawn_blocking(move || restore::tenant(&depot, &config, now)).await;
        let tenant = tenant
            .map_err(|error| error.to_string())
            .flatten()
            .map_err(Refusal::Conflict)?;
        gateway.directory.put(&tenant);
        take_effect(gateway, &name);
        Ok(name)
    }

    /// Changes a tenant's document: `edit` does, or says why it cannot be.
    pub async fn change(
        &self,
        gateway: &Arc<Gateway>,
        name: &str,
        account: Option<&str>,
        (action, by): (&str, &str),
        edit: impl FnOnce(&mut Document) -> Result<(), Refusal>,
    ) -> Result<Document, Refusal> {
        let mut tenants = self.tenants.lock().await;
        let entry = tenants.get_mut(name).ok_or_else(|| unknown(name))?;
        may_change(name, entry.owner)?;
        let mut edited = entry.document.clone();
        edit(&mut edited)?;
        if ["name", "mode"]
            .iter()
            .any(|key| edited.get(*key) != entry.document.get(*key))
        {
            return Err(Refusal::Conflict(
                "name and mode stay what they are: create another tenant".into(),
            ));
        }
        let mut others = configs(gateway);
        others.retain(|other| other.name != name);
        let tenant = gateway.directory.tenant(name).ok_or_else(|| unknown(name))?;
        let mistakes = |config: &config::Tenant| releases::settings_mistakes(gateway.depot.builtin(), &tenant, config);
        let config = read(&edited, &others, &mistakes).map_err(Refusal::Mistakes)?;
        releases::may_follow(&tenant, &config).map_err(Refusal::Conflict)?;
        let change = changed(action, name, account, &entry.document, &edited);
        self.keep(gateway, name, &edited).await?;
        audit(gateway, by, change).await?;
        entry.document = edited.clone();
        tenant.change(config);
        gateway.directory.put(&tenant);
        let followed = deploy::follow_document(gateway, &tenant, by).await;
        followed.map_err(|refusal| {
            Refusal::Conflict(format!("the document is changed, and its settings are not in use: {refusal}"))
        })?;
        take_effect(gateway, name);
        Ok(edited)
    }

    /// Removes a tenant. What waits of it stays in the ledger, where a tenant of the same name finds it again.
    pub async fn remove(&self, gateway: &Arc<Gateway>, name: &str, is_forced: bool, by: &str) -> Result<(), Refusal> {
        let mut tenants = self.tenants.lock().await;
        let entry = tenants.get(name).ok_or_else(|| unknown(name))?;
        may_change(name, entry.owner)?;
        let waiting = waiting(gateway, name, None);
        if waiting > 0 && !is_forced {
            return Err(Refusal::Conflict(format!(
                "{waiting} messages of tenant {name} wait: suspend it until they are gone, or force, which leaves them until a tenant of this \
                 name is there again"
            )));
        }
        let change = changed("tenant removed", name, None, &entry.document, &Document::new());
        audit(gateway, by, change).await?;
        let path = self.dir.join(name);
        let dir = self.dir.clone();
        let (depot, tenant) = (gateway.depot.clone(), name.to_owned());
        blocking(move || {
            fs::remove_file(&path).and_then(|()| vault::sync_dir(&dir))?;
            depot.forget_journal(&tenant)
        })
        .await?;
        tenants.remove(name);
        if let Some(tenant) = gateway.directory.remove(name) {
            tenant.remove();
        }
        gateway.binds.end_unserved();
        tracing::info!(tenant = name, by, "tenant removed");
        Ok(())
    }

    async fn keep(&self, gateway: &Arc<Gateway>, name: &str, document: &Document) -> Result<(), Refusal> {
        let (path, dir) = (self.dir.join(name), self.dir.clone());
        let octets = serde_json::to_vec(document).map_err(|error| Refusal::Disk(error.into()))?;
        let sealed = gateway
            .vault
            .seal(&seal_name(name), octets)
            .map_err(|error| Refusal::Disk(io::Error::other(error.to_string())))?;
        blocking(move || vault::write_whole(&dir, &[&sealed], |file| file.persist(&path).map(drop))).await
    }
}

/// Messages that wait of a tenant, or of one account of it.
pub fn waiting(gateway: &Gateway, tenant: &str, account: Option<&str>) -> usize {
    let lanes = gateway.records.lanes("").into_iter();
    let of_it = lanes.filter(|(lane, _)| {
        crate::work::lane::Lane::parse(lane)
            .is_some_and(|lane| *lane.tenant == *tenant && account.is_none_or(|account| *lane.account == *account))
    });
    of_it.map(|(_, count)| count).sum()
}

/// What a document says, beside the others.
fn read(
    document: &Document,
    others: &[Arc<config::Tenant>],
    settings: &dyn Fn(&config::Tenant) -> Vec<Mistake>,
) -> Result<config::Tenant, Mistakes> {
    let mistake = |what: String| {
        Mistakes(vec![Mistake {
            at: "document".into(),
            what,
        }])
    };
    let table = document::table(document).map_err(mistake)?;
    let surroundings = Surroundings {
        base: Path::new(""),
        env: &|_| None,
        file: &|_| {
            Err(io::Error::other(
                "files and the environment are for the configuration file: give the value itself",
            ))
        },
        settings,
    };
    config::Tenant::from_document(&table, others, &surroundings)
}

/// What is configured of all tenants that there are.
fn configs(gateway: &Gateway) -> Vec<Arc<config::Tenant>> {
    gateway
        .directory
        .tenants()
        .iter()
        .map(|tenant| tenant.config().clone())
        .collect()
}

/// Whoever is not served any more is told so, and what waits of those who are finds its workers.
fn take_effect(gateway: &Arc<Gateway>, name: &str) {
    gateway.binds.end_unserved();
    if let Some(tenant) = gateway.directory.tenant(name) {
        gateway.take_up_of(&tenant);
        if let Err(error) = outbind::follow(gateway, &tenant) {
            tracing::error!(tenant = name, %error, "ESMEs of this tenant cannot be called");
        }
    }
}

fn may_change(name: &str, owner: Owner) -> Result<(), Refusal> {
    match owner {
        Owner::Api => Ok(()),
        Owner::File => Err(Refusal::Conflict(format!(
            "tenant {name} is the configuration file's: change it there, and send SIGHUP"
        ))),
        Owner::Environment => Err(Refusal::Conflict(format!(
            "tenant {name} is made of environment variables: change those, and restart"
        ))),
    }
}

fn changed(action: &str, tenant: &str, account: Option<&str>, before: &Document, after: &Document) -> Change {
    let [before, after] = [before, after].map(|document| Value::Object(document::shown(document)));
    let differences = document::differences(&before, &after).into_iter();
    Change {
        at: 0,
        by: String::new(),
        action: action.into(),
        tenant: Some(tenant.into()),
        account: account.map(Into::into),
        what: differences
            .map(|(path, before, after)| Difference { path, before, after })
            .collect(),
    }
}

/// Notes a change in the audit trail and in the log.
pub async fn audit(gateway: &Arc<Gateway>, by: &str, change: Change) -> Result<(), Refusal> {
    let change = Change {
        at: gateway.clock.now(),
        by: by.into(),
        ..change
    };
    tracing::info!(tenant = change.tenant, by, "{}", change.action);
    let gateway = gateway.clone();
    blocking(move || gateway.audit.write(&change)).await
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), Refusal> {
    let done = spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(Refusal::Disk)
}

fn seal_name(tenant: &str) -> String {
    format!("tenants/{tenant}")
}

fn unknown(name: &str) -> Refusal {
    Refusal::Unknown(format!("there is no tenant {name}"))
}

fn in_a_line(mistakes: &Mistakes) -> String {
    mistakes.to_string().replace('\n', "; ")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unknown(what) | Refusal::Conflict(what) => f.write_str(what),
            Refusal::Mistakes(mistakes) => f.write_str(&in_a_line(mistakes)),
            Refusal::Disk(error) => write!(f, "the change could not be written to the disk, and is not made: {error}"),
        }
    }
}
