//! A look-alike whose requests are held against its maker's document, when it is dropped.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::OnceLock;
use std::{env, fs, thread};

use edgebind_simulator::smsgate::{Mode, Smsgate};
use edgebind_simulator::vonage::Vonage;
use serde_json::{Value, json};

use super::{Document, Request};

/// The environment variable that names the folder with the documents.
pub const FOLDER: &str = "EDGEBIND_OPENAPI";

/// What the real upstreams have and their documents do not.
const SMSGATE_BESIDES: [(&str, &str); 0] = [];
const SMSGATE_LOCAL_BESIDES: [(&str, &str); 2] = [
    // A phone's own server answers these, and its document has not been told.
    ("GET", "/device"),
    ("DELETE", "/messages/"),
];
/// Of another API, with a document of its own.
const VONAGE_BESIDES: [(&str, &str); 1] = [("GET", "/account/get-balance")];

/// The documents of both upstreams.
pub struct Documents {
    smsgate: Document,
    smsgate_local: Document,
    vonage: Document,
    vonage_basic: Document,
}

impl Documents {
    /// Those in the folder of the environment; none if it names none.
    ///
    /// # Panics
    ///
    /// When the folder lacks one, or one cannot be read: what was asked for must not be left out in silence.
    pub fn of_environment() -> Option<&'static Self> {
        static DOCUMENTS: OnceLock<Option<Documents>> = OnceLock::new();
        let read = || {
            let folder = env::var_os(FOLDER)?;
            let read = Documents::read(Path::new(&folder));
            Some(read.unwrap_or_else(|why| panic!("{FOLDER}: {why}")))
        };
        DOCUMENTS.get_or_init(read).as_ref()
    }

    fn read(folder: &Path) -> Result<Self, String> {
        let whole = |name: &str| {
            let text = fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
            Document::parse(&text).map_err(|error| format!("{name}: {error}"))
        };
        let document = |value: Value, name: &str| Document::of(value).map_err(|error| format!("{name}: {error}"));
        let vonage = |is_basic| document(newer(whole("vonage-sms-openapi.yml")?, is_basic), "vonage-sms-openapi.yml");
        Ok(Self {
            smsgate: document(whole("smsgate-swagger-server.json")?, "smsgate-swagger-server.json")?,
            smsgate_local: document(whole("smsgate-openapi-app.json")?, "smsgate-openapi-app.json")?,
            vonage: vonage(false)?,
            vonage_basic: vonage(true)?,
        })
    }

    /// Vonage's, for what it says of answers and webhooks.
    pub fn vonage(&self) -> &Document {
        &self.vonage
    }
}

/// The document is of version 1.0.10. Since then keys may come in Basic credentials, there are two more parameters, and a signature
/// may be longer: HMAC with SHA-512 has 128 digits.
fn newer(mut document: Value, is_basic: bool) -> Value {
    let new = &mut document["components"]["schemas"]["NewMessage"];
    new["properties"]["pool-id"] = json!({ "type": "string" });
    new["properties"]["trusted-number"] = json!({ "type": "boolean" });
    new["properties"]["timestamp"] = json!({ "type": "integer" });
    new["properties"]["sig"]["maxLength"] = json!(128);
    if is_basic {
        new["required"] = json!(["from", "to"]);
    }
    document
}

/// An upstream that remembers what it was asked.
pub trait Inspect {
    /// What its maker's document does not allow, each once.
    fn mistakes(&self, documents: &Documents) -> BTreeSet<String>;
}

impl Inspect for Smsgate {
    fn mistakes(&self, documents: &Documents) -> BTreeSet<String> {
        let (document, prefix, besides) = match self.mode() {
            Mode::Server => (&documents.smsgate, "/3rdparty/v1", SMSGATE_BESIDES.as_slice()),
            Mode::Local => (&documents.smsgate_local, "", SMSGATE_LOCAL_BESIDES.as_slice()),
        };
        let calls = self.calls();
        let calls = calls.iter().filter(|call| !is_beside(besides, &call.method, &call.path));
        calls
            .flat_map(|call| {
                let request = Request {
                    method: &call.method,
                    path: &format!("{prefix}{}", call.path),
                    query: &call.query,
                    content_type: call.content_type.as_deref(),
                    body: &call.body,
                };
                told(&request, document.mistakes(&request))
            })
            .collect()
    }
}

impl Inspect for Vonage {
    fn mistakes(&self, documents: &Documents) -> BTreeSet<String> {
        let calls = self.calls();
        let calls = calls
            .iter()
            .filter(|call| !is_beside(&VONAGE_BESIDES, &call.method, &call.path));
        calls
            .flat_map(|call| {
                let document = match call.authorization.is_some() {
                    true => &documents.vonage_basic,
                    false => &documents.vonage,
                };
                let request = Request {
                    method: &call.method,
                    // The document's paths begin where its server's ends.
                    path: call.path.strip_prefix("/sms").unwrap_or(&call.path),
                    query: &call.query,
                    content_type: call.content_type.as_deref(),
                    body: &call.body,
                };
                told(&request, document.mistakes(&request))
            })
            .collect()
    }
}

fn is_beside(besides: &[(&str, &str)], method: &str, path: &str) -> bool {
    besides
        .iter()
        .any(|(known, start)| *known == method && path.starts_with(start))
}

fn told(request: &Request<'_>, mistakes: Vec<String>) -> Vec<String> {
    let of = |mistake| format!("{} {}: {mistake}", request.method, request.path);
    mistakes.into_iter().map(of).collect()
}

/// A look-alike that is inspected when it is dropped.
///
/// # Panics
///
/// When it is dropped, if it was asked something that its maker's document does not allow.
pub struct Inspected<U: Inspect>(U);

impl<U: Inspect> Inspected<U> {
    /// From now until it is dropped.
    pub fn new(upstream: U) -> Self {
        Self(upstream)
    }
}

impl<U: Inspect> Deref for Inspected<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

impl<U: Inspect> DerefMut for Inspected<U> {
    fn deref_mut(&mut self) -> &mut U {
        &mut self.0
    }
}

impl<U: Inspect> Drop for Inspected<U> {
    fn drop(&mut self) {
        // A test that has failed already has said why.
        if thread::panicking() {
            return;
        }
        let mistakes = Documents::of_environment().map(|documents| self.0.mistakes(documents));
        let mistakes: Vec<String> = mistakes.into_iter().flatten().collect();
        assert!(
            mistakes.is_empty(),
            "the upstream's document does not allow this:\n{}",
            mistakes.join("\n")
        );
    }
}
