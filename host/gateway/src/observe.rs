//! What operators see: metrics and logs. Neither ever carries message text, phone numbers or secrets.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, fmt};

/// Installs the process's recorder; the handle renders the metrics page. Once per process.
pub fn metrics() -> Result<PrometheusHandle, String> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| format!("failed to install the metrics: {error}"))?;
    describe();
    Ok(handle)
}

fn describe() {
    use metrics::{describe_counter, describe_gauge};
    describe_gauge!("edgebind_connections", "Open SMPP connections, bound or not.");
    describe_gauge!("edgebind_binds", "Open binds, by tenant.");
    describe_gauge!("edgebind_entries_waiting", "Entries not settled, by kind of work and tenant.");
    describe_counter!(
        "edgebind_connections_refused_total",
        "Connections closed at once because too many were open."
    );
    describe_counter!("edgebind_binds_refused_total", "Bind requests refused, by command_status.");
    describe_counter!(
        "edgebind_lock_outs_total",
        "Times that an address was locked out for a while after too many binds with wrong credentials."
    );
    describe_counter!("edgebind_pdus_received_total", "PDUs received on binds.");
    describe_counter!(
        "edgebind_messages_accepted_total",
        "submit_sm that are durable and answered ESME_ROK, by tenant."
    );
    describe_counter!(
        "edgebind_messages_refused_total",
        "submit_sm refused by the host (rate, queue), by tenant and reason."
    );
    describe_counter!(
        "edgebind_submits_total",
        "Attempts to hand a message to an upstream, by tenant and outcome."
    );
    describe_counter!("edgebind_deliveries_total", "deliver_sm settled, by tenant and outcome.");
    describe_counter!("edgebind_webhooks_total", "Webhooks answered, by tenant and HTTP status.");
    describe_counter!(
        "edgebind_webhooks_ignored_total",
        "Webhooks that the translator ignored on purpose, by tenant."
    );
    describe_counter!(
        "edgebind_reports_unmatched_total",
        "Reports of messages that are not ours, or forgotten, by tenant."
    );
    describe_counter!(
        "edgebind_guest_faults_total",
        "Guest calls ended by a fault, by tenant and world."
    );
    describe_counter!(
        "edgebind_parts_expired_total",
        "Parts whose long message never became whole, by tenant."
    );
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line a person reads.
    Text,
    /// A JSON object a line.
    Json,
}

/// Sends the log to standard error. `EDGEBIND_LOG` filters it (default `info`), in the form of RUST_LOG.
pub fn logs(format: LogFormat, default: &str) {
    let filter =
        EnvFilter::try_from_env("EDGEBIND_LOG").unwrap_or_else(|_| EnvFilter::new(format!("{default},fjall=warn,lsm_tree=warn")));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}

/// Counts one thing in a gauge for as long as it lives.
pub struct Gauge(metrics::Gauge);

impl Gauge {
    /// One more.
    pub fn up(name: &'static str) -> Self {
        Self::count(metrics::gauge!(name))
    }

    /// One more of this tenant's.
    pub fn up_for(name: &'static str, tenant: &std::sync::Arc<str>) -> Self {
        Self::count(metrics::gauge!(name, "tenant" => tenant.clone()))
    }

    fn count(gauge: metrics::Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
