//! Who is this peer? Asked once for each bind request, before any guest hears of it. Whoever is refused hears one and the same
//! answer, whatever the reason: the log says which.

use super::{
    guard::{Guard, LockOut, Verdict},
    peer::Peer,
    source::Source,
};
use crate::{
    account::Account,
    bind::Bind,
    clock::millis,
    config::Secret,
    gateway::Gateway,
    limits::{CHECKED_ADDRESSES_MAX, CHECKS_PER_MINUTE},
    tenant::Tenant,
    upstream,
    vault::{self, Credentials},
};
use edgebind_runtime::translator::{Operation, Outcome};
use edgebind_smpp::{CommandId, CommandStatus};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::sleep;

/// What is remembered between bind requests.
pub struct Entrance {
    guard: Mutex<Guard>,
    /// Pass-through checks.
    checks: DefaultKeyedRateLimiter<Source>,
}

/// Why a peer is not let in.
enum Stranger {
    /// Its credentials are wrong, or right and not enough.
    Unknown,
    /// Nobody could tell.
    Unheard,
}

/// Who a peer is: a tenant, an account of it, and credentials that are to be kept.
type Found = (Arc<Tenant>, Arc<Account>, Option<Credentials>);

impl Entrance {
    /// One that passes so many checks on to upstreams, by source and minute.
    pub fn new(checks_per_minute: Option<u32>) -> Self {
        let per_minute = checks_per_minute.and_then(NonZeroU32::new).unwrap_or(CHECKS_PER_MINUTE);
        Self {
            guard: Mutex::default(),
            checks: RateLimiter::keyed(Quota::per_minute(per_minute)),
        }
    }

    /// A bind that was let in here has ended: it stays known for as long as if it had come now.
    pub fn bind_went(&self, gateway: &Gateway, peer: &Peer, account: &Account) {
        self.guard().bound(peer.source(), &account.name, gateway.clock.now());
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks who a peer is. The error is the command_status of the bind's answer: one and the same for an unknown system_id, a wrong
/// password, a wrong address and a wrong certificate, and one with which clients try again instead of giving up for good.
pub async fn admit(
    gateway: &Arc<Gateway>,
    peer: &Peer,
    request: CommandId,
    system_id: &[u8],
    password: &[u8],
) -> Result<Bind, CommandStatus> {
    if system_id.is_empty() {
        return Err(CommandStatus::RINVSYSID);
    }
    if password.is_empty() {
        return Err(CommandStatus::RINVPASWD);
    }
    let name: String = system_id.iter().copied().map(char::from).collect();
    let (entrance, source) = (&gateway.entrance, peer.source());
    let verdict = entrance.guard().ask(source, &name, gateway.clock.now());
    match verdict {
        Verdict::Refuse => {
            tracing::debug!("bind refused without looking at its password: too many came before it");
            return Err(CommandStatus::RBINDFAIL);
        }
        Verdict::Ask(0) => {}
        Verdict::Ask(wait) => sleep(Duration::from_millis(wait)).await,
    }
    let found = match among_accounts(gateway, peer, &name, password) {
        Some(found) => found,
        None => pass_through(gateway, peer, &name, system_id, password).await,
    };
    match found {
        Ok((tenant, account, credentials)) => {
            entrance.guard().bound(source, &name, gateway.clock.now());
            // Counted before it is sealed: whoever forgets credentials looks at the count under the same lock.
            let bind = Bind::new(gateway, &tenant, account, request, peer.address)?;
            if let Some(credentials) = credentials {
                gateway.seal(&tenant, &name, credentials).await?;
            }
            Ok(bind)
        }
        Err(Stranger::Unheard) => Err(CommandStatus::RBINDFAIL),
        Err(Stranger::Unknown) => {
            let locked_out = entrance.guard().failed(source, &name, gateway.clock.now());
            if let Some(LockOut { for_ms }) = locked_out {
                metrics::counter!("edgebind_lock_outs_total").increment(1);
                tracing::warn!(
                    %source,
                    seconds = for_ms / millis(Duration::from_secs(1)),
                    "too many binds with wrong credentials: further ones from there are refused for a while, but for accounts \
                     that have bound from there before"
                );
            }
            Err(CommandStatus::RBINDFAIL)
        }
    }
}

/// The account of this name among those configured; none when no tenant has it and a pass-through tenant could know it.
///
/// Everything is looked at whatever the first look says, and something is compared also where there is no account, so that the
/// time that an answer takes tells nothing.
fn among_accounts(gateway: &Gateway, peer: &Peer, name: &str, password: &[u8]) -> Option<Result<Found, Stranger>> {
    let configured = gateway.directory.account(name);
    let terms = configured.as_ref().map(|(_, account)| account.terms());
    let expected = terms
        .as_ref()
        .and_then(|terms| terms.password.as_ref())
        .map_or(&b""[..], Secret::bytes);
    let is_right = vault::same(expected, password);
    let Some((tenant, account)) = &configured else {
        if gateway.directory.pass_through().is_some() {
            return None;
        }
        tracing::info!("bind with an unknown system_id");
        return Some(Err(Stranger::Unknown));
    };
    let wrong = match (is_right, what_is_wrong(peer, tenant, account)) {
        (true, None) => return Some(Ok((tenant.clone(), account.clone(), None))),
        (true, Some(wrong)) => wrong,
        (false, _) => "with a wrong password",
    };
    tracing::info!(tenant = %tenant.name, account = %account.name, "bind refused: it came {wrong}");
    Some(Err(Stranger::Unknown))
}

/// What keeps a peer with the right password from an account.
fn what_is_wrong(peer: &Peer, tenant: &Tenant, account: &Account) -> Option<&'static str> {
    let terms = account.terms();
    let is_here = terms.allow_from.is_empty() || terms.allow_from.iter().any(|network| network.contains(&peer.address));
    let has_shown = match &peer.certificate {
        _ if terms.certificates.is_empty() => Ok(()),
        None => Err("without a certificate"),
        Some(certificate) if certificate.is_one_of(&terms.certificates) => Ok(()),
        Some(_) => Err("with a certificate that is none of its own"),
    };
    let was_called = peer
        .called
        .as_ref()
        .is_none_or(|called| called.tenant == tenant.name && called.account == account.name);
    if !tenant.serves(account) {
        return Some("to an account that is suspended");
    }
    match (is_here, has_shown, was_called) {
        (false, _, _) => Some("from an address that allow_from does not name"),
        (_, Err(wrong), _) => Some(wrong),
        (_, _, false) => Some("where another account was told to bind"),
        (true, Ok(()), true) => None,
    }
}

/// Asks the upstream of the pass-through tenant whether these are credentials of its own.
async fn pass_through(
    gateway: &Arc<Gateway>,
    peer: &Peer,
    name: &str,
    system_id: &[u8],
    password: &[u8],
) -> Result<Found, Stranger> {
    let tenant = gateway.directory.pass_through().filter(|_| peer.called.is_none());
    let tenant = &tenant.ok_or(Stranger::Unknown)?;
    if tenant.config().is_suspended {
        tracing::info!(tenant = %tenant.name, "bind refused: the tenant is suspended");
        return Err(Stranger::Unheard);
    }
    let checks = &gateway.entrance.checks;
    if checks.len() > CHECKED_ADDRESSES_MAX {
        checks.retain_recent();
    }
    if checks.check_key(&peer.source()).is_err() {
        tracing::warn!(source = %peer.source(), "bind refused: too many checks in a minute");
        return Err(Stranger::Unheard);
    }
    let credentials = Credentials {
        user: Secret::new(system_id),
        password: Secret::new(password),
    };
    let candidate = tenant.passing_through(name);
    candidate.set_credentials(&credentials);
    match upstream::run(gateway, tenant, &candidate, name, 1, Operation::Authenticate).await {
        Outcome::Dead(dead) => {
            tracing::info!(tenant = %tenant.name, "bind refused by the upstream: {}", dead.why);
            Err(Stranger::Unknown)
        }
        Outcome::Retry(retry) => {
            tracing::warn!(tenant = %tenant.name, "bind refused, the upstream could not be asked: {}", retry.why);
            Err(Stranger::Unheard)
        }
        Outcome::Taken(_) | Outcome::Pieces(_) | Outcome::Known(_) => {
            let account = tenant.let_in(name, &credentials);
            Ok((tenant.clone(), account, Some(credentials)))
        }
    }
}
