//! Starts a gateway from its configuration, and stops it without losing anything.

use crate::{
    admin,
    audit::Audit,
    clock::Clock,
    components,
    config::{self, Config, TenantsOfFile},
    descriptors,
    gateway::{Gateway, Kept},
    http::{
        egress::{self, Egress},
        server,
    },
    limits::{CONNECTIONS_PER_ADDRESS_MAX, DRAIN},
    register::{
        Owner, Register,
        file::{ReadAgain, audit_of_seeds},
    },
    releases::{depot::Depot, restore, trials},
    smpp::{
        listener::{self, Door},
        outbind,
        places::Places,
    },
    tls::{self, Tls},
    vault::Vault,
    work::{awaited, holding, sweep},
};
use edgebind_ledger::{Embedded, Options, limits::SPACE_MIN_BYTES};
use edgebind_runtime::Engine;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{fs::DirBuilder, io, mem, net::SocketAddr, os::unix::fs::DirBuilderExt as _, sync::Arc};
use tokio::{net::TcpListener, sync::Notify, time::timeout};

/// A gateway that runs, and where it listens.
pub struct Started {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// The plain SMPP listener.
    pub smpp: Option<SocketAddr>,
    /// The TLS listener.
    pub smpps: Option<SocketAddr>,
    /// The HTTP listener.
    pub http: SocketAddr,
    /// The listener of the admin API.
    pub admin: SocketAddr,
    /// Notified when certificates are to be read again without waiting.
    again: Arc<Notify>,
    ledger: Arc<Embedded>,
}

/// Opens the ledger, loads the components, listens. The error is one sentence.
pub async fn start(mut config: Config, metrics: Option<PrometheusHandle>) -> Result<Started, String> {
    // Messages lie in it: for nobody else on the machine to read.
    let data_dir = DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir);
    data_dir.map_err(|error| format!("data directory {}: {error}", config.data_dir.display()))?;
    let ledger = Embedded::open(
        config.data_dir.join("ledger"),
        Options {
            node: config.node,
            space_min_bytes: config.limits.disk_free_bytes.unwrap_or(SPACE_MIN_BYTES),
            ..Options::default()
        },
    )
    .map_err(|error| format!("ledger in {}: {error}", config.data_dir.display()))?;
    let ledger = Arc::new(ledger);
    let vault = Vault::open(&config.data_dir).map_err(|error| error.to_string())?;
    let connections_max = descriptors::connections(config.limits.connections_max)?;
    let guest_limits = limits(&config.limits);
    let engine = Engine::new(&guest_limits)
        .and_then(|engine| engine.with_compiler(components::compiler(&config.data_dir)))
        .map_err(|error| error.to_string())?;
    let builtin = components::load(&engine)?;
    let depot = Arc::new(Depot::open(
        &config.data_dir,
        engine,
        builtin,
        guest_limits.component_bytes_max,
    )?);
    let owner = if config.is_from_environment {
        Owner::Environment
    } else {
        Owner::File
    };
    let seeds = match config.tenants_of_file {
        TenantsOfFile::Own => Vec::new(),
        TenantsOfFile::Seed => mem::take(&mut config.tenants),
    };
    let (mut register, mut tenants) = Register::open(&config.data_dir, &vault, &config.tenants, owner)?;
    let settings = |tenant: &config::Tenant| depot.builtin().settings_mistakes(tenant);
    let seeded = register.seed(&config.data_dir, &vault, (&seeds, &settings), &mut tenants)?;
    let trail = |error: io::Error| format!("audit trail in {}: {error}", config.data_dir.display());
    let audit = Audit::open(&config.data_dir).map_err(trail)?;
    audit_of_seeds(&audit, Clock::start().now(), &seeded).map_err(trail)?;
    let token = admin::token(config.admin.token.as_ref(), &config.data_dir)?;
    if tenants.is_empty() {
        tracing::warn!("there is no tenant yet: nobody can bind until the admin API, or `edgebind tenants create`, has made one");
    }
    let now = Clock::start().now();
    let tenants = tenants
        .iter()
        .map(|tenant| restore::tenant(&depot, tenant, now))
        .collect::<Result<Vec<_>, _>>()?;
    let egress =
        Egress::new(egress::Limits::default()).map_err(|error| format!("failed to set up TLS for upstreams: {error}"))?;
    let http = bind("HTTP", config.http.addr).await?;
    if let Some(url) = &mut config.http.webhook_base_url
        && url.port() == Some(0)
    {
        // The port that was free, like the listener's own.
        let _ = url.set_port(Some(http.1.port()));
    }
    let admin = bind("the admin API", config.admin.addr).await?;
    let kept = Kept {
        backup: {
            let ledger = ledger.clone();
            Box::new(move |path| ledger.backup(path))
        },
        vault,
        register,
        audit,
        depot,
    };
    let gateway = Arc::new(Gateway::new(config, ledger.clone(), ledger.clone(), egress, kept, tenants));
    if gateway.config.http.webhook_base_url.is_none() {
        tracing::warn!("no webhook base URL is configured: receipts and incoming messages will not come");
    }

    let smpp = &gateway.config.smpp;
    let smpps = smpp.tls.as_ref().map(|tls| Tls::open(&tls.files, tls.client_ca.as_deref()));
    let smpps = smpps.transpose()?;
    let https = gateway
        .config
        .http
        .tls
        .as_ref()
        .map(|files| Tls::open(files, None))
        .transpose()?;
    let admins = gateway
        .config
        .admin
        .tls
        .as_ref()
        .map(|files| Tls::open(files, None))
        .transpose()?;
    let names = ["SMPP", "HTTP", "admin"].into_iter();
    let with_certificates = names
        .zip([smpps.clone(), https.clone(), admins.clone()])
        .filter_map(|(name, tls)| Some((name, tls?)))
        .collect();
    let plain = match &smpp.plain {
        Some(listener) => Some((bind("SMPP", listener.addr).await?, listener.proxies.clone())),
        None => None,
    };
    let tls = match &smpp.tls {
        Some(tls) => Some((bind("SMPP over TLS", tls.listener.addr).await?, tls.listener.proxies.clone())),
        None => None,
    };
    let started = Started {
        smpp: plain.as_ref().map(|((_, addr), _)| *addr),
        smpps: tls.as_ref().map(|((_, addr), _)| *addr),
        again: Arc::default(),
        http: http.1,
        admin: admin.1,
        gateway: gateway.clone(),
        ledger,
    };

    gateway.resume();
    for tenant in &*gateway.directory.tenants() {
        outbind::follow(&gateway, tenant)?;
    }
    let bounds = &gateway.config.limits;
    let places = Places::new(
        connections_max,
        bounds.connections_per_address_max.unwrap_or(CONNECTIONS_PER_ADDRESS_MAX),
    );
    for (name, door, tls) in [("SMPP", plain, None), ("SMPP over TLS", tls, smpps)] {
        if let Some(((listener, addr), proxies)) = door {
            tracing::info!(%addr, "{name} listens");
            let places = places.clone();
            let door = Door { proxies, tls, places };
            gateway.tasks.spawn(listener::listen(gateway.clone(), listener, door));
        }
    }
    tokio::spawn(tls::watch(with_certificates, started.again.clone()));
    tracing::info!(addr = %http.1, "HTTP listens");
    let server = server::serve(gateway.clone(), http.0, https, metrics);
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the HTTP listener failed");
        }
    });
    tracing::info!(addr = %admin.1, "the admin API listens");
    let server = admin::serve(gateway.clone(), admin.0, admins, token);
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the listener of the admin API failed");
        }
    });
    gateway.tasks.spawn(sweep::sweep(gateway.clone()));
    gateway.tasks.spawn(awaited::say(gateway.clone()));
    gateway.tasks.spawn(holding::keep(gateway.clone()));
    gateway.tasks.spawn(trials::watch(gateway.clone()));
    Ok(started)
}

impl Started {
    /// Reads certificates again, for connections from now on; what is wrong with them is said in the log.
    pub fn read_certificates_again(&self) {
        self.again.notify_one();
    }

    /// Makes the tenants of the configuration file what it says now; what is wrong with it is said in the log.
    pub async fn follow_file(&self, read_again: &ReadAgain<'_>) {
        match self.gateway.register.follow_file(&self.gateway, read_again).await {
            Ok(followed) => tracing::info!(?followed, "the configuration file is followed"),
            Err(error) => tracing::error!("the configuration file is not followed, everything stays as it is: {error}"),
        }
    }

    /// No new binds and claims, open binds are told to unbind, work under way is settled; what is left after the deadline is
    /// handed back to the ledger by ending.
    pub async fn drain(self) {
        self.gateway.draining.cancel();
        self.gateway.tasks.close();
        let deadline = self.gateway.config.limits.drain.unwrap_or(DRAIN);
        if timeout(deadline, self.gateway.tasks.wait()).await.is_err() {
            tracing::warn!(
                tasks = self.gateway.tasks.len(),
                "the drain took longer than {deadline:?}; what is left is done after the next start"
            );
        }
        self.gateway.stopped.cancel();
        let ledger = self.ledger.clone();
        let closed = tokio::task::spawn_blocking(move || ledger.close()).await;
        if let Ok(Err(error)) = closed {
            tracing::error!(%error, "failed to close the ledger");
        }
        tracing::info!("drained");
    }
}

/// What guests may use, as far as the operator moved it.
pub fn limits(configured: &config::Limits) -> edgebind_runtime::Limits {
    let mut limits = edgebind_runtime::Limits::default();
    let guest = &mut limits.guest;
    guest.memory_bytes = configured.guest_memory_bytes.unwrap_or(guest.memory_bytes);
    guest.session_call_ms = configured.session_call_ms.unwrap_or(guest.session_call_ms);
    guest.translator_call_ms = configured.translator_call_ms.unwrap_or(guest.translator_call_ms);
    limits.memory_bytes = limits.memory_bytes.max(guest.memory_bytes);
    limits.sessions_max = configured.sessions_max.unwrap_or(limits.sessions_max);
    limits.calls_max = configured.calls_max.unwrap_or(limits.calls_max);
    limits
}

async fn bind(what: &str, addr: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let failed = |error: io::Error| format!("failed to listen for {what} on {addr}: {error}");
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    Ok((listener, addr))
}
