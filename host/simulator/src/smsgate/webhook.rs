//! Registrations of webhooks (smsgate: POST /webhooks).

use serde::{Deserialize, Serialize};

use super::config::{Account, Config, Mode};

const ID_MAX: usize = 36;
const DEVICE_ID_MAX: usize = 21;

/// One registration: one event, one URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Unique in its account; the same id again replaces.
    #[serde(default)]
    pub id: String,
    /// For this phone only; none is for all of the account.
    #[serde(default)]
    pub device_id: Option<String>,
    /// Where to.
    #[serde(default)]
    pub url: String,
    /// What for.
    #[serde(default)]
    pub event: String,
    /// The login that registered it.
    #[serde(skip)]
    pub account: String,
}

impl Webhook {
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(body).map_err(|error| format!("failed to parse body: {error}"))
    }

    /// What the server answers 400 for.
    pub(crate) fn mistake(&self, config: &Config, account: &Account) -> Option<String> {
        let field = |field: &str, tag: &str| {
            Some(format!(
                "failed to validate: Key: 'Webhook.{field}' Error:Field validation for '{field}' failed on the '{tag}' tag"
            ))
        };
        match () {
            () if self.id.len() > ID_MAX => field("ID", "max"),
            () if self.device_id.as_ref().is_some_and(|id| id.len() > DEVICE_ID_MAX) => field("DeviceID", "max"),
            () if self.url.is_empty() => field("URL", "required"),
            () if !config.events.contains(&self.event) => Some(format!("invalid enum value: {:?}", self.event)),
            () if !self.may_be_reached(config) => Some("url must start with https://".into()),
            () if self
                .device_id
                .as_ref()
                .is_some_and(|id| !account.devices.iter().any(|device| device.id == *id)) =>
            {
                Some("device not found".into())
            }
            () => None,
        }
    }

    /// Whether an event of this phone goes there.
    pub(crate) fn hears(&self, account: &str, device: &str, event: &str) -> bool {
        self.account == account && self.event == event && self.device_id.as_ref().is_none_or(|id| id == device)
    }

    fn may_be_reached(&self, config: &Config) -> bool {
        let local = config.mode == Mode::Local && self.url.starts_with("http://127.0.0.1");
        self.url.starts_with("https://") || local || (config.insecure_webhooks && self.url.starts_with("http://"))
    }
}
