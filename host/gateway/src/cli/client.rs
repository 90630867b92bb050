//! The admin API as the command line calls it: finds the server and its token, and says in one sentence why something cannot be done.

use clap::Args;
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::Value;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// Compiling a component of an interpreted language takes a while, and others may be compiled before it.
const PATIENCE: Duration = Duration::from_secs(180);
/// A server that is there takes a connection at once.
const CONNECT: Duration = Duration::from_secs(5);
/// The file in the data directory that the gateway writes its token to.
const TOKEN_FILE: &str = "admin-token";

/// Which gateway is asked, and how its answer is shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "The gateway")]
pub struct Server {
    /// Its admin API
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "EDGEBIND_URL",
        default_value = "http://127.0.0.1:3001"
    )]
    url: Url,
    /// The token of its admin API; better in the environment, where other users of this machine do not see it [default: the one in the
    /// data directory]
    #[arg(long, global = true, env = "EDGEBIND_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Its data directory, where its token lies in `admin-token`
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "EDGEBIND_DATA_DIR",
        default_value = "edgebind-data"
    )]
    data_dir: PathBuf,
    /// Authorities to trust besides the public ones, in PEM, when its URL is https
    #[arg(long, global = true, value_name = "FILE", env = "EDGEBIND_CA")]
    ca: Option<PathBuf>,
    /// Print what the admin API answers
    #[arg(long, global = true)]
    pub json: bool,
}

impl Server {
    /// Where it keeps what it keeps.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}

/// One gateway's admin API.
pub struct Client {
    http: reqwest::Client,
    url: Url,
    token: String,
    /// Where the token was found, for whoever has to look there.
    token_from: String,
}

/// Why something was not done.
#[derive(Debug)]
pub enum Failure {
    /// Nobody answered: it may be worth another try.
    Unreachable(String),
    /// The gateway, or whoever answers there, does not do it.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) | Self::Refused(why) => f.write_str(why),
        }
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.to_string()
    }
}

impl Client {
    /// A client of this gateway; nothing is sent yet.
    pub fn new(server: &Server) -> Result<Self, String> {
        let (token, token_from) = token(server)?;
        let authorities = server.ca.as_deref().map(authorities).transpose()?;
        Ok(Self {
            http: http(authorities.unwrap_or_default())?,
            url: server.url.clone(),
            token,
            token_from,
        })
    }

    /// A client of the gateway at this URL, with its token.
    pub fn at(url: &str, token: &str) -> Result<Self, String> {
        Ok(Self {
            http: http(Vec::new())?,
            url: url.parse().map_err(|error| format!("{url}: {error}"))?,
            token: token.to_owned(),
            token_from: "that was given".into(),
        })
    }

    /// What is there.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path, query)).await
    }

    /// Adds what the body says, or has done what the path says.
    pub async fn post(&self, path: &[&str], body: Option<&Value>) -> Result<Value, Failure> {
        self.send(with_json(self.request(Method::POST, path, &[]), body)).await
    }

    /// Adds these octets.
    pub async fn upload(&self, path: &[&str], octets: Vec<u8>) -> Result<Value, Failure> {
        let request = self.request(Method::POST, path, &[]);
        self.send(request.header("content-type", "application/wasm").body(octets))
            .await
    }

    /// Changes what the body names.
    pub async fn patch(&self, path: &[&str], body: &Value) -> Result<Value, Failure> {
        self.send(with_json(self.request(Method::PATCH, path, &[]), Some(body))).await
    }

    /// Puts this there.
    pub async fn put(&self, path: &[&str], body: &Value) -> Result<Value, Failure> {
        self.send(with_json(self.request(Method::PUT, path, &[]), Some(body))).await
    }

    /// Removes what is there.
    pub async fn delete(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.send(self.request(Method::DELETE, path, query)).await
    }

    /// What is there, as it stands.
    pub async fn octets(&self, path: &[&str]) -> Result<Vec<u8>, Failure> {
        let answer = self.answer(self.request(Method::GET, path, &[])).await?;
        let octets = answer.bytes().await.map_err(|error| self.unreachable(&error))?;
        Ok(octets.into())
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = address(&self.url, path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.request(method, url).bearer_auth(&self.token)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = self.answer(request).await?;
        let body = answer.text().await.map_err(|error| self.unreachable(&error))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&body)
            .map_err(|_| Failure::Refused(format!("what answers at {} is no admin API of Edgebind", self.url)))
    }

    /// An answer that is no refusal.
    async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.text().await.unwrap_or_default();
        Err(Failure::Refused(self.refusal(status, &body)))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let url = &self.url;
        let why = innermost(error);
        Failure::Unreachable(if error.is_timeout() {
            format!("{url} does not answer in time: look at the gateway's log")
        } else if why.contains("certificate") {
            format!("{url} shows a certificate that is not trusted ({why}): name its authority with --ca FILE")
        } else if error.is_connect() {
            format!(
                "no gateway answers at {url} ({why}): start one with `edgebind serve`, or say where it is with --url or EDGEBIND_URL"
            )
        } else {
            format!("the connection to {url} broke ({why}): look whether it was done, and try again")
        })
    }

    fn refusal(&self, status: StatusCode, body: &str) -> String {
        if status == StatusCode::UNAUTHORIZED {
            let (url, from) = (&self.url, &self.token_from);
            return format!(
                "{url} refuses the token {from}: set EDGEBIND_TOKEN to its own, or name its data directory with --data-dir"
            );
        }
        let said: Value = serde_json::from_str(body).unwrap_or_default();
        let Some(error) = said["error"].as_str() else {
            return format!(
                "{} answers {status}: it is no admin API of Edgebind, or of another version",
                self.url
            );
        };
        let mistakes = match said["mistakes"].as_array().map_or(&[][..], Vec::as_slice) {
            [only] if only == error => &[],
            mistakes => mistakes,
        };
        let lines = mistakes
            .iter()
            .filter_map(Value::as_str)
            .map(|mistake| format!("\n{}", in_a_line(mistake)));
        let colon = if mistakes.is_empty() { "" } else { ":" };
        format!("{}{colon}{}", in_a_line(error), lines.collect::<String>())
    }
}

fn http(authorities: Vec<Certificate>) -> Result<reqwest::Client, String> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(PATIENCE)
        .tls_certs_merge(authorities);
    http.build()
        .map_err(|error| format!("failed to set up TLS: {}", innermost(&error)))
}

/// What others than us say inside a sentence may have lines of its own.
fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_json(request: RequestBuilder, body: Option<&Value>) -> RequestBuilder {
    match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    }
}

/// The URL of a path: a name in it may have any characters.
fn address(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("v1").extend(path);
    }
    url
}

/// The token, and where it was found.
fn token(server: &Server) -> Result<(String, String), String> {
    if let Some(token) = &server.token {
        return Ok((token.clone(), "of --token or EDGEBIND_TOKEN".into()));
    }
    let path = server.data_dir.join(TOKEN_FILE);
    match fs::read_to_string(&path) {
        Ok(token) => Ok((token.trim().to_owned(), format!("in {}", path.display()))),
        Err(error) => Err(format!(
            "no token: {} cannot be read ({error}); name the gateway's data directory with --data-dir or EDGEBIND_DATA_DIR, or set EDGEBIND_TOKEN",
            path.display()
        )),
    }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let pem = fs::read(path).map_err(|error| format!("failed to read {}: {error}", path.display()))?;
    let read = Certificate::from_pem_bundle(&pem).map_err(|error| format!("{}: {}", path.display(), innermost(&error)))?;
    if read.is_empty() {
        return Err(format!("{}: no certificate in PEM", path.display()));
    }
    Ok(read)
}

/// What an error is about, below those that only say where it passed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client {
            http: reqwest::Client::new(),
            url: "http://127.0.0.1:3001".parse().unwrap(),
            token: "t".into(),
            token_from: "in data/admin-token".into(),
        }
    }

    #[test]
    fn a_name_with_any_characters_is_one_segment() {
        let table = [
            ("http://127.0.0.1:3001", "http://127.0.0.1:3001/v1/tenants/a%2Fb%20%3F"),
            (
                "https://sms.example.com/admin/",
                "https://sms.example.com/admin/v1/tenants/a%2Fb%20%3F",
            ),
        ];
        for (base, expected) in table {
            let base = base.parse().unwrap();
            assert_eq!(address(&base, &["tenants", "a/b ?"]).as_str(), expected);
        }
    }

    #[test]
    fn refusals_are_sentences() {
        let table = [
            (
                401,
                "",
                "http://127.0.0.1:3001/ refuses the token in data/admin-token: set EDGEBIND_TOKEN to its own, or name its data directory with --data-dir",
            ),
            (
                409,
                r#"{"error":"tenant acme is the file's: change it there and send SIGHUP"}"#,
                "tenant acme is the file's: change it there and send SIGHUP",
            ),
            (
                422,
                r#"{"error":"2 mistakes, and nothing is changed","mistakes":["name: is missing","rate.burst: 0 is too small"]}"#,
                "2 mistakes, and nothing is changed:\nname: is missing\nrate.burst: 0 is too small",
            ),
            (
                422,
                r#"{"error":"no component: expected=[\n  0x0,\n]"}"#,
                "no component: expected=[ 0x0, ]",
            ),
            (
                422,
                r#"{"error":"name: is missing","mistakes":["name: is missing"]}"#,
                "name: is missing",
            ),
            (
                404,
                "<html>",
                "http://127.0.0.1:3001/ answers 404 Not Found: it is no admin API of Edgebind, or of another version",
            ),
        ];
        for (status, body, expected) in table {
            assert_eq!(client().refusal(StatusCode::from_u16(status).unwrap(), body), expected);
        }
    }

    #[tokio::test]
    async fn who_is_not_there_is_named() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = Client {
            url: format!("http://{closed}").parse().unwrap(),
            ..client()
        };
        let failure = client.get(&["tenants"], &[]).await.unwrap_err();
        assert!(matches!(failure, Failure::Unreachable(_)));
        assert_eq!(
            failure.to_string(),
            format!(
                "no gateway answers at http://{closed}/ (Connection refused (os error 111)): start one with `edgebind serve`, or say where it is with --url or EDGEBIND_URL"
            )
        );
    }
}
