//! A client of the admin API, as far as scenarios and measurements need one.

use std::path::Path;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// Where one gateway is administered, and with what token.
#[derive(Clone)]
pub struct Admin {
    base_url: String,
    token: String,
    client: Client,
}

impl Admin {
    /// The admin API at this URL (`http://127.0.0.1:3001`), with this token.
    pub fn new(base_url: &str, token: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            token: token.to_owned(),
            client: Client::new(),
        }
    }

    /// The same with the token that the gateway has made for itself in its data directory.
    pub fn of(base_url: &str, data_dir: &Path) -> Self {
        let token = std::fs::read_to_string(data_dir.join("admin-token")).unwrap();
        Self::new(base_url, token.trim())
    }

    /// Where it is.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What it is opened with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// One request with a JSON body, or none; its status and what the answer says (null where it is empty).
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.base_url));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.send(request).await
    }

    /// What is there; panics where there is nothing.
    pub async fn get(&self, path: &str) -> Value {
        self.succeed(Method::GET, path, None).await
    }

    /// Has something done; panics where it is refused.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.succeed(Method::POST, path, Some(body)).await
    }

    /// Changes something; panics where it is refused.
    pub async fn patch(&self, path: &str, body: &Value) -> Value {
        self.succeed(Method::PATCH, path, Some(body)).await
    }

    /// Uploads a component; its digest.
    pub async fn upload(&self, component: &[u8]) -> String {
        let (status, said) = self.try_upload(component).await;
        assert!(status.is_success(), "the component is refused: {status} {said}");
        said["digest"].as_str().unwrap().to_owned()
    }

    /// Uploads a component, which may be refused.
    pub async fn try_upload(&self, component: &[u8]) -> (StatusCode, Value) {
        let request = self
            .client
            .post(format!("{}/v1/components", self.base_url))
            .header("content-type", "application/wasm")
            .body(component.to_vec());
        self.send(request).await
    }

    /// Puts a component to use, with the settings of the release before it.
    pub async fn deploy(&self, tenant: &str, component: &[u8]) -> Value {
        self.deploy_with(tenant, component, None).await
    }

    /// Puts a component to use with these settings.
    pub async fn deploy_with(&self, tenant: &str, component: &[u8], settings: Option<Value>) -> Value {
        let mut release = json!({ "component": self.upload(component).await });
        if let Some(settings) = settings {
            release["settings"] = settings;
        }
        self.post(&format!("/v1/tenants/{tenant}/releases"), &release).await
    }

    async fn succeed(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (status, said) = self.call(method.clone(), path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {said}");
        said
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (StatusCode, Value) {
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        let said = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&body).unwrap_or(Value::String(body))
        };
        (status, said)
    }
}
