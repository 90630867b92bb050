//! Requests to SMSGate's API: where they go, who they say they are, and by which secrets they are let in.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    bindings::edgebind::translator::types::{Authorization, Context, Exchange, Request, Response, Step},
    post,
    settings::Settings,
};

const USER: &str = "upstream.user";
const PASSWORD: &str = "upstream.password";
const TOKEN: &str = "upstream.token";

/// A request without a body.
pub(crate) fn request(ctx: &Context, settings: &Settings, method: &str, path: &str) -> Request {
    Request {
        method: method.to_owned(),
        url: format!("{}{path}", settings.api_base_url),
        headers: vec![
            ("Accept".to_owned(), "application/json".to_owned()),
            ("User-Agent".to_owned(), user_agent()),
        ],
        authorization: authorization(&ctx.secrets),
        body: Vec::new(),
        blanks: Vec::new(),
    }
}

/// A POST of this value.
pub(crate) fn post(ctx: &Context, settings: &Settings, path: &str, value: &impl Serialize) -> Request {
    let mut request = request(ctx, settings, "POST", path);
    request
        .headers
        .push(("Content-Type".to_owned(), "application/json".to_owned()));
    request.body = serde_json::to_vec(value).expect("strings, numbers and lists always have a JSON form");
    request
}

/// A request about one message: by the last of the ids that `taken` gave, which is the upstream's own where it insists on one.
pub(crate) fn about(ctx: &Context, settings: &Settings, method: &str, ids: &[String]) -> Request {
    let id = ids.last().map_or_else(|| segment(&post::id(ctx, settings)), |id| segment(id));
    request(ctx, settings, method, &format!("/messages/{id}"))
}

/// The text as one segment of a path (RFC 3986 §3.3): an upstream's id may hold anything.
fn segment(text: &str) -> String {
    let mut path = String::new();
    for octet in text.bytes() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => path.push(char::from(octet)),
            _ => path.push_str(&format!("%{octet:02X}")),
        }
    }
    path
}

/// The step that asks for this exchange; `saved` comes back with its answer.
pub(crate) fn exchange(request: Request, saved: Vec<u8>) -> Step {
    Step::Exchange(Exchange {
        request,
        saved,
        said: Vec::new(),
    })
}

/// The body of an answer, where it is what is expected.
pub(crate) fn body<T: DeserializeOwned>(response: &Response) -> Option<T> {
    serde_json::from_slice(&response.body).ok()
}

/// A header by its name, in whatever case either is written.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

/// Shown in the upstream's logs: which build of this component called.
fn user_agent() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match option_env!("EDGEBIND_BUILD") {
        Some(build) => format!("edgebind-smsgate/{version} (build {build})"),
        None => format!("edgebind-smsgate/{version}"),
    }
}

/// A token where there is one, else user and password. With neither the upstream says what it thinks of that: 401.
fn authorization(secrets: &[String]) -> Option<Authorization> {
    let known = |name: &str| secrets.iter().any(|secret| secret == name);
    if known(TOKEN) {
        Some(Authorization::Bearer(TOKEN.to_owned()))
    } else if known(USER) && known(PASSWORD) {
        Some(Authorization::Basic((USER.to_owned(), PASSWORD.to_owned())))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_before_a_password_and_half_a_pair_is_nothing() {
        let named = |list: &[&str]| authorization(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(named(&[USER, TOKEN, PASSWORD]), Some(Authorization::Bearer(TOKEN.into())));
        assert_eq!(
            named(&[PASSWORD, USER]),
            Some(Authorization::Basic((USER.into(), PASSWORD.into())))
        );
        assert_eq!(named(&[USER]), None);
        assert_eq!(named(&["webhook"]), None);
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let headers = [("x-SIGNATURE".to_owned(), " ab ".to_owned())];
        assert_eq!(header(&headers, "X-Signature"), Some("ab"));
        assert_eq!(header(&headers, "X-Timestamp"), None);
    }
}
