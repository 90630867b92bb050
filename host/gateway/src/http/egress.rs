//! The only way out to upstreams. What a translator asks for is sent as it stands or refused: to an origin that its tenant may
//! reach, with secrets that the translator never saw, without following anybody elsewhere, in bounded time and size.

mod blanks;
mod names;

use crate::{
    config::{self, Origin, Reachable, Secrets},
    limits::{UPSTREAM_BODY_OCTETS_MAX, UPSTREAM_CONNECT, UPSTREAM_IDLE, UPSTREAM_IDLE_MAX},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use edgebind_runtime::translator::{Authorization, Failure, FailureKind, Request, Response};
use names::{NotPublic, PublicOnly, System};
use reqwest::{
    Client, Method, Url,
    dns::Resolve,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};
use std::{error::Error, sync::Arc, time::Duration};

/// Bounds of an exchange, and of the connections that wait for the next.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a connection with its TLS may take; one past it, the upstream is unreachable.
    pub connect: Duration,
    /// Octets of a response's body; one more, and it is too large.
    pub body_octets_max: usize,
    /// How long a connection waits for its next request: shorter than upstreams keep theirs, who would cut a request off.
    pub idle: Duration,
    /// Connections to one origin that wait; more are closed.
    pub idle_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: UPSTREAM_CONNECT,
            body_octets_max: UPSTREAM_BODY_OCTETS_MAX,
            idle: UPSTREAM_IDLE,
            idle_max: UPSTREAM_IDLE_MAX,
        }
    }
}

/// What a tenant's requests may do.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Where they may go, and what they may take there.
    pub origins: Vec<Reachable>,
    /// How long an exchange may take, from connecting to the last octet.
    pub timeout: Duration,
}

/// Sends requests for every tenant.
pub struct Egress {
    limits: Limits,
    /// For origins whose operator meant a public address: others are not among their names' addresses.
    public: Client,
    /// For origins that may be anywhere.
    private: Client,
}

impl Allowed {
    /// What this tenant's may do.
    pub fn new(tenant: &config::Tenant) -> Self {
        Self {
            origins: tenant.origins.clone(),
            timeout: tenant.upstream_timeout,
        }
    }
}

impl Egress {
    /// A way out within these limits. The error is the TLS library's.
    pub fn new(limits: Limits) -> Result<Self, reqwest::Error> {
        Self::resolving(limits, &(Arc::new(System) as _))
    }

    fn resolving(limits: Limits, names: &Arc<dyn Resolve>) -> Result<Self, reqwest::Error> {
        let public = client(&limits, &(Arc::new(PublicOnly(names.clone())) as _))?;
        Ok(Self {
            limits,
            public,
            private: client(&limits, names)?,
        })
    }

    /// Sends a request of this tenant's translator and takes its answer. A failure's `why` shows neither path nor secret.
    pub async fn exchange(&self, tenant: &Allowed, secrets: &Secrets, request: Request) -> Result<Response, Failure> {
        let (request, is_private) = permit(tenant, secrets, request).map_err(|why| Failure {
            kind: FailureKind::Refused,
            why,
        })?;
        let client = if is_private { &self.private } else { &self.public };
        let seconds = tenant.timeout.as_secs_f64();
        tokio::time::timeout(tenant.timeout, self.send(client, request))
            .await
            .unwrap_or_else(|_| {
                Err(Failure {
                    kind: FailureKind::Unanswered,
                    why: format!("no answer within {seconds} s"),
                })
            })
    }

    async fn send(&self, client: &Client, request: reqwest::Request) -> Result<Response, Failure> {
        let max = self.limits.body_octets_max;
        let too_large = || Failure {
            kind: FailureKind::TooLarge,
            why: format!("the answer is larger than {max} octets"),
        };
        let mut response = client.execute(request).await.map_err(|error| failure(&error))?;
        if response.content_length().is_some_and(|length| length > max as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let latin1 = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), latin1(value)))
            .collect();
        Ok(Response {
            status: response.status().as_u16(),
            headers,
            body,
        })
    }
}

/// The request as it goes out, and whether to an origin that may be anywhere. The error says why it may not.
fn permit(tenant: &Allowed, secrets: &Secrets, mut request: Request) -> Result<(reqwest::Request, bool), String> {
    let url = Url::parse(&request.url).map_err(|error| format!("the URL is not one: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL carries credentials".into());
    }
    let origin = Origin::of(&url).ok_or("the URL is neither http nor https")?;
    let reachable = tenant.origins.iter().find(|reachable| reachable.origin == origin);
    let reachable = reachable.ok_or_else(|| format!("{origin} is not among the tenant's origins"))?;
    let has_secrets = request.authorization.is_some() || !request.blanks.is_empty();
    if has_secrets && !reachable.takes_secrets {
        return Err(format!("{origin} takes none of the tenant's secrets"));
    }
    let url = match request.blanks.is_empty() {
        true => url,
        false => {
            request = blanks::fill(secrets, request)?;
            let filled = Url::parse(&request.url).map_err(|error| format!("the URL is none when it is filled in: {error}"))?;
            // A mark stands behind the origin; should what is written there ever reach before it, it goes nowhere.
            if Origin::of(&filled).as_ref() != Some(&origin) {
                return Err("the URL has another origin when it is filled in".into());
            }
            filled
        }
    };
    let mut headers = headers(&request.headers)?;
    if let Some(authorization) = &request.authorization {
        headers.insert(AUTHORIZATION, credentials(secrets, authorization)?);
    }
    let mut permitted = reqwest::Request::new(method(&request.method)?, url);
    *permitted.headers_mut() = headers;
    if !request.body.is_empty() {
        *permitted.body_mut() = Some(request.body.into());
    }
    Ok((permitted, reachable.is_private))
}

/// Any method but those that make a tunnel or a mirror of the upstream.
fn method(name: &str) -> Result<Method, String> {
    match Method::from_bytes(name.as_bytes()) {
        Ok(Method::CONNECT | Method::TRACE) => Err(format!("the method {name} is not for APIs")),
        Ok(method) => Ok(method),
        Err(_) => Err("the method is not one".into()),
    }
}

/// Headers that are the connection's and the host's own business.
const RESERVED: [&str; 11] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn headers(given: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::with_capacity(given.len());
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "the name of a header is not one")?;
        if RESERVED.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            return Err(format!("the header {name} is not a translator's to set"));
        }
        let value = HeaderValue::from_str(value).map_err(|_| format!("the value of the header {name} is not one"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn credentials(secrets: &Secrets, authorization: &Authorization) -> Result<HeaderValue, String> {
    let secret = |name: &str| secrets.get(name).ok_or_else(|| format!("the tenant has no secret {name}"));
    let octets = match authorization {
        Authorization::Basic((user, password)) => {
            let (name, user, password) = (user, secret(user)?.bytes(), secret(password)?.bytes());
            if user.contains(&b':') {
                return Err(format!("the secret {name} has a colon, which ends a user name in HTTP Basic"));
            }
            format!("Basic {}", STANDARD.encode([user, b":", password].concat())).into_bytes()
        }
        Authorization::Bearer(token) => [b"Bearer ", secret(token)?.bytes()].concat(),
    };
    let mut value = HeaderValue::from_bytes(&octets).map_err(|_| "a secret has octets that no header takes")?;
    value.set_sensitive(true);
    Ok(value)
}

/// What an error means for those who must know whether the request was sent.
fn failure(error: &reqwest::Error) -> Failure {
    let causes = || std::iter::successors(error.source(), |cause| (*cause).source());
    let kind = if causes().any(<dyn Error>::is::<NotPublic>) {
        FailureKind::Refused
    } else if error.is_connect() {
        FailureKind::Unreachable
    } else {
        FailureKind::Unanswered
    };
    // The outermost message would show the URL; the causes are of the connection.
    let mut why: Vec<String> = Vec::new();
    for cause in causes().map(ToString::to_string) {
        if why.last().is_none_or(|last| !last.contains(&cause)) {
            why.push(cause);
        }
    }
    Failure {
        kind,
        why: if why.is_empty() {
            "the request failed".into()
        } else {
            why.join(": ")
        },
    }
}

/// A client that goes nowhere by itself: no redirect, no proxy from the environment, no repetition.
fn client(limits: &Limits, names: &Arc<dyn Resolve>) -> Result<Client, reqwest::Error> {
    let builder = || {
        Client::builder()
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(limits.connect)
            .pool_idle_timeout(limits.idle)
            .pool_max_idle_per_host(limits.idle_max)
            .tcp_nodelay(true)
            .dns_resolver(names.clone())
    };
    builder().build().or_else(|error| {
        // A machine without CA certificates can still speak to a phone in its own network.
        let client = builder().tls_certs_only([]).build()?;
        tracing::warn!(%error, "no CA certificates on this machine: no https upstream will be trusted");
        Ok(client)
    })
}

#[cfg(test)]
mod tests;
