//! What the guests of one tenant may use, and what they say: between what is configured of a tenant and the runtime, which
//! knows neither.

use crate::config::{self, Mistake};
use edgebind_runtime::{Allowance, GuestLimits, Voice};
use std::sync::Arc;

/// The allowance of a tenant, where this holds for those of which nothing else is said.
pub fn of(tenant: &config::Tenant, usual: &GuestLimits) -> Arc<Allowance> {
    Allowance::new(limits(&tenant.guest, usual), voice(&tenant.name))
}

/// What a tenant's table says over what holds for all.
pub fn limits(guest: &config::Guest, usual: &GuestLimits) -> GuestLimits {
    GuestLimits {
        memory_bytes: guest.memory_bytes.unwrap_or(usual.memory_bytes),
        session_call_ms: guest.session_call_ms.unwrap_or(usual.session_call_ms),
        translator_call_ms: guest.translator_call_ms.unwrap_or(usual.translator_call_ms),
        actions_max: guest.actions_max.unwrap_or(usual.actions_max),
        action_bytes_max: guest.action_bytes_max.unwrap_or(usual.action_bytes_max),
        saved_bytes_max: guest.saved_bytes_max.unwrap_or(usual.saved_bytes_max),
        translation_bytes_max: guest.translation_bytes_max.unwrap_or(usual.translation_bytes_max),
        instances_max: guest.instances_max.unwrap_or(usual.instances_max),
        cpu_share: guest.cpu_share.or(usual.cpu_share),
    }
}

/// What a tenant asks for that the process has no place for.
pub fn mistakes(tenant: &config::Tenant, limits: &edgebind_runtime::Limits) -> Vec<Mistake> {
    let most = limits.memory_bytes;
    let asked = tenant.guest.memory_bytes.filter(|asked| *asked > most);
    let mistake = |asked| Mistake {
        at: "guest.memory_bytes".into(),
        what: format!(
            "{asked} exceeds {most}, which is the largest place that a guest can have; limits.guest_memory_bytes makes all larger"
        ),
    };
    asked.map(mistake).into_iter().collect()
}

/// Where a tenant's guests speak: the log. The runtime has seen to it that a line is plain and short, and that there are not too many.
fn voice(tenant: &str) -> Voice {
    let tenant = tenant.to_owned();
    Arc::new(move |line| tracing::info!(tenant, "a guest says: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_is_as_for_all() {
        let usual = GuestLimits::default();
        let guest = config::Guest {
            actions_max: Some(7),
            cpu_share: Some(250),
            ..config::Guest::default()
        };
        let expected = GuestLimits {
            actions_max: 7,
            cpu_share: Some(250),
            ..usual.clone()
        };
        assert_eq!(limits(&guest, &usual), expected);
    }
}
