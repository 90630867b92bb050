//! Sees what guests are told and what comes of it, and passes it on: to a tenant's recordings, and to the shadow of a translator on
//! trial. Stands beside the way and never in it: whoever is behind misses something, which is counted.

use super::{files::Files, frames::Pdus};
use crate::{config::Recording, gateway::Gateway, limits::RECORDED_QUEUE_MAX, releases::trials, tenant::Tenant};
use edgebind_runtime::{
    Release, SessionComponent, TranslatorComponent,
    message::Setting,
    recording::{Guest, Recorded, Work, remake},
};
use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::mpsc, task::spawn_blocking};

/// The recordings of all tenants.
pub struct Witness {
    dir: PathBuf,
    tenants: Mutex<HashMap<Arc<str>, Arc<Mutex<Files>>>>,
    queue: mpsc::Sender<Seen>,
}

/// What was seen, and who did it: who did it can do it again without what stood in the messages.
struct Seen {
    tenant: Arc<Tenant>,
    recording: Recording,
    recorded: Recorded,
    by: By,
}

/// The release that did it.
pub enum By {
    /// A session's.
    Session(Arc<Release<SessionComponent>>),
    /// A translator's.
    Translator(Arc<Release<TranslatorComponent>>),
}

impl Witness {
    /// Keeps what tenants want kept in this directory. Needs a runtime to run in.
    pub fn new(dir: PathBuf) -> Arc<Self> {
        let (queue, mut seen) = mpsc::channel::<Seen>(RECORDED_QUEUE_MAX);
        let witness = Arc::new(Self {
            dir,
            tenants: Mutex::default(),
            queue,
        });
        let weak = Arc::downgrade(&witness);
        tokio::spawn(async move {
            while let (Some(seen), Some(witness)) = (seen.recv().await, weak.upgrade()) {
                let tenant = seen.tenant.name.clone();
                let kept = spawn_blocking(move || witness.keep(seen)).await;
                if let Err(error) = kept.unwrap_or_else(|error| Err(io::Error::other(error))) {
                    tracing::error!(%tenant, %error, "what a guest did could not be recorded");
                }
            }
        });
        witness
    }

    /// The recordings of a tenant.
    pub fn files(&self, tenant: &Arc<str>) -> io::Result<Arc<Mutex<Files>>> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = tenants.get(tenant) {
            return Ok(files.clone());
        }
        let files = Arc::new(Mutex::new(Files::open(&self.dir.join(&**tenant))?));
        tenants.insert(tenant.clone(), files.clone());
        Ok(files)
    }

    fn see(&self, seen: Seen) {
        let tenant = seen.tenant.name.clone();
        if self.queue.try_send(seen).is_err() {
            metrics::counter!("edgebind_recordings_missed_total", "tenant" => tenant).increment(1);
        }
    }

    fn keep(&self, seen: Seen) -> io::Result<()> {
        let Seen {
            tenant,
            recording,
            mut recorded,
            by,
        } = seen;
        if recording.is_redacted {
            let guest = match &by {
                By::Session(release) => Guest::Session(&release.component),
                By::Translator(release) => Guest::Translator(&release.component),
            };
            let redacted = recorded.redact(&Pdus).map_err(|error| error.to_string());
            let redacted = redacted.and_then(|()| remake(&mut recorded, guest).map_err(|error| error.to_string()));
            if let Err(why) = redacted {
                tracing::debug!(tenant = %tenant.name, why, "not recorded: it could not be made anew without what stood in the messages");
                return Ok(());
            }
        }
        let kind = match &recorded.work {
            Work::Operation(_) => "operation",
            Work::Webhook(_) => "webhook",
            Work::Bind(_) => "bind",
        };
        let files = self.files(&tenant.name)?;
        lock(&files).put(kind, recorded.at, &recorded.to_line(), recording.octets_max)
    }
}

/// Whether anybody wants to know what the translator of this tenant does.
pub fn watches(tenant: &Tenant) -> bool {
    tenant.config().recording.is_some() || trials::shadow(tenant).is_some()
}

/// A translator of this tenant has done this, beginning at that time, for an account with these settings of its own.
pub fn saw(
    gateway: &Gateway,
    tenant: &Arc<Tenant>,
    own: &[Setting],
    release: &Arc<Release<TranslatorComponent>>,
    at: u64,
    work: Work,
) {
    let recorded = Recorded::new(at, Guest::Translator(&release.component), release.revision, work);
    if let Some(shadow) = trials::shadow(tenant) {
        shadow.tell(recorded.clone(), release, own);
    }
    if let Some(recording) = tenant.config().recording {
        gateway.witness.see(Seen {
            tenant: tenant.clone(),
            recording,
            recorded,
            by: By::Translator(release.clone()),
        });
    }
}

/// A bind of this tenant has gone so.
pub fn saw_bind(gateway: &Gateway, tenant: &Arc<Tenant>, release: &Arc<Release<SessionComponent>>, recorded: Recorded) {
    if let Some(recording) = tenant.config().recording {
        gateway.witness.see(Seen {
            tenant: tenant.clone(),
            recording,
            recorded,
            by: By::Session(release.clone()),
        });
    }
}

/// The files, for as long as one thing is done with them.
pub fn lock(files: &Mutex<Files>) -> MutexGuard<'_, Files> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}
