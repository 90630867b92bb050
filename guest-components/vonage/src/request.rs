//! Requests to the API: where they go, and how they say who they are from.

use crate::{
    bindings::edgebind::translator::types::{
        Authorization, Blank, Context, Digits, Escape, Exchange, Filling, Request, Signature, Step,
    },
    form::Form,
    settings::{Auth, Settings},
};

/// Marks for what the host fills in. Nothing that is encoded as a form has braces, so that no text of a message is one of them.
const KEY_MARK: &str = "{{api_key}}";
const PASSWORD_MARK: &str = "{{api_secret}}";
const SIGNATURE_MARK: &str = "{{signature}}";

/// A POST of these parameters.
pub(crate) fn post(ctx: &Context, settings: &Settings, path: &str, mut form: Form) -> Request {
    if let (Auth::Body | Auth::Signature, Some(key)) = (settings.auth, &settings.api_key) {
        form.set("api_key", key);
    }
    let (mut marked, mut blanks) = (String::new(), Vec::new());
    match settings.auth {
        Auth::Basic => {}
        Auth::Body => (marked, blanks) = credentials(settings),
        Auth::Signature => {
            form.set("timestamp", (ctx.now / 1000).to_string());
            marked = format!("&sig={SIGNATURE_MARK}");
            blanks.push(Blank {
                mark: SIGNATURE_MARK.into(),
                filling: Filling::Signature(Signature {
                    secret: settings.signature_secret.clone(),
                    algorithm: settings.algorithm,
                    digits: Digits::Hex,
                    message: form.signed_text().into_bytes(),
                }),
            });
        }
    }
    let mut request = request(settings, "POST", path);
    request
        .headers
        .push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
    request.body = (form.encoded() + &marked).into_bytes();
    request.blanks = blanks;
    request
}

/// A GET with the credentials; none of it can be signed.
pub(crate) fn get(settings: &Settings, path: &str) -> Request {
    let mut request = request(settings, "GET", path);
    if settings.auth == Auth::Body {
        let (marked, blanks) = credentials(settings);
        request.url += "?";
        if let Some(key) = &settings.api_key {
            let mut form = Form::default();
            form.set("api_key", key);
            request.url += &form.encoded();
        }
        request.url += if settings.api_key.is_some() { &marked } else { &marked[1..] };
        request.blanks = blanks;
    }
    request
}

/// The step that asks for this exchange; `saved` comes back with its answer.
pub(crate) fn exchange(request: Request, saved: Vec<u8>, said: Vec<String>) -> Step {
    Step::Exchange(Exchange { request, saved, said })
}

/// Key and secret as parameters, unless the key is known.
fn credentials(settings: &Settings) -> (String, Vec<Blank>) {
    let blank = |mark: &str, secret: &str| Blank {
        mark: mark.into(),
        filling: Filling::Secret((secret.into(), Escape::Percent)),
    };
    let (mut marked, mut blanks) = (String::new(), Vec::new());
    if settings.api_key.is_none() {
        marked += &format!("&api_key={KEY_MARK}");
        blanks.push(blank(KEY_MARK, &settings.key_secret));
    }
    marked += &format!("&api_secret={PASSWORD_MARK}");
    blanks.push(blank(PASSWORD_MARK, &settings.password_secret));
    (marked, blanks)
}

fn request(settings: &Settings, method: &str, path: &str) -> Request {
    let authorization = (settings.auth == Auth::Basic)
        .then(|| Authorization::Basic((settings.key_secret.clone(), settings.password_secret.clone())));
    Request {
        method: method.into(),
        url: format!("{}{path}", settings.api_base_url),
        headers: vec![
            ("Accept".into(), "application/json".into()),
            (
                "User-Agent".into(),
                concat!("edgebind-vonage/", env!("CARGO_PKG_VERSION")).into(),
            ),
        ],
        authorization,
        body: Vec::new(),
        blanks: Vec::new(),
    }
}
