//! The OpenAPI document, made of the routes and words themselves.

use super::{accounts, binds, components, dead_letters, ledger, messages, recordings, releases, secrets, tenants, trail};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

/// The admin API.
#[derive(OpenApi)]
#[openapi(
    info(title = "Edgebind admin API", description = "Tenants, accounts, releases, binds and messages of one gateway."),
    paths(
        tenants::list, tenants::create, tenants::show, tenants::change, tenants::remove, tenants::suspend, tenants::resume,
        accounts::list, accounts::create, accounts::show, accounts::change, accounts::remove, accounts::suspend, accounts::resume,
        accounts::webhook,
        secrets::list, secrets::set, secrets::remove,
        binds::list, binds::end,
        messages::list, messages::show,
        dead_letters::list, dead_letters::retry, dead_letters::purge,
        ledger::back_up,
        trail::list,
        components::take_in,
        releases::list, releases::deploy, releases::roll_back, releases::promote, releases::dismiss, releases::trial,
        recordings::list, recordings::show, recordings::remove,
    ),
    modifiers(&Token),
    security(("token" = [])),
)]
pub(super) struct Api;

/// Every path is behind the token.
struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    /// The document as it is published: a change of it is a change of the API.
    #[test]
    fn the_document_is_the_one_that_is_kept() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        let document = serde_json::to_string_pretty(&Api::openapi()).unwrap() + "\n";
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            fs::write(&path, &document).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == document,
            "openapi.json is not what the code says: look at the difference after UPDATE_OPENAPI=1 cargo test --workspace openapi"
        );
    }
}
