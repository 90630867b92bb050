//! A document that a file holds, as TOML or JSON: what edgebind.toml says in a table of its own, for the admin API.

use serde_json::{Map, Value};
use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Reads a document. JSON is known by its first character.
pub fn read(path: &Path) -> Result<Value, String> {
    parse(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

/// What a file holds, or standard input where it is called `-`.
pub fn text(path: &Path) -> Result<String, String> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    text.map_err(|error| format!("failed to read {}: {error}", path.display()))
}

/// A tenant's document: a table of its own, or the one `[[tenants]]` of a file. Secrets and passwords that are elsewhere
/// (`{ env = "NAME" }`, `{ file = "path" }`) are fetched here: the gateway looks into no environment and no file for the API.
pub fn tenant(path: &Path) -> Result<Value, String> {
    let mut document = read(path)?;
    if let Some(tenants) = document.get_mut("tenants") {
        let tenants = tenants.as_array_mut().map(std::mem::take).unwrap_or_default();
        let [tenant] = <[Value; 1]>::try_from(tenants)
            .map_err(|tenants| format!("{}: {} tenants are in it; leave one", path.display(), tenants.len()))?;
        document = tenant;
    }
    fetch_secrets(&mut document, path.parent().unwrap_or(Path::new("")))?;
    Ok(document)
}

/// Settings of a component: a table of names and values; in the file of a tenant a table in a table is one name with a dot, and here.
pub fn settings(path: &Path) -> Result<Value, String> {
    let Value::Object(settings) = read(path)? else {
        return Err(format!("{}: no table of settings", path.display()));
    };
    let mut flat = Map::new();
    for (name, value) in settings {
        flatten(name, value, &mut flat);
    }
    Ok(Value::Object(flat))
}

fn parse(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        toml::from_str(text).map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())
    }
}

fn flatten(name: String, value: Value, flat: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                flatten(format!("{name}.{member}"), value, flat);
            }
        }
        value => {
            flat.insert(name, value);
        }
    }
}

fn fetch_secrets(tenant: &mut Value, base: &Path) -> Result<(), String> {
    fetch(tenant.get_mut("secrets"), "secrets", base)?;
    let accounts = tenant.get_mut("accounts").and_then(Value::as_array_mut);
    for (index, account) in accounts.into_iter().flatten().enumerate() {
        fetch(account.get_mut("password"), &format!("accounts[{index}].password"), base)?;
    }
    Ok(())
}

/// Replaces each reference in this value by what it refers to. A table of other names has references in it.
fn fetch(value: Option<&mut Value>, at: &str, base: &Path) -> Result<(), String> {
    let Some(value) = value else { return Ok(()) };
    let Value::Object(members) = &*value else { return Ok(()) };
    let only = |name: &str| members.get(name).filter(|_| members.len() == 1).and_then(Value::as_str);
    if let Some(name) = only("env") {
        let found = env::var(name).map_err(|_| format!("{at}: the environment has no {name}"))?;
        *value = Value::String(found);
    } else if let Some(path) = only("file") {
        let path: PathBuf = base.join(path);
        let found = fs::read_to_string(&path).map_err(|error| format!("{at}: failed to read {}: {error}", path.display()))?;
        *value = Value::String(found.trim_end_matches(['\r', '\n']).to_owned());
    } else if let Value::Object(members) = value {
        for (name, member) in members {
            fetch(Some(member), &format!("{at}.{name}"), base)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_tenant_is_a_table_or_the_only_one_of_a_file() {
        let expected = json!({ "name": "acme", "rate": { "per_second": 5 } });
        for text in [
            "name = \"acme\"\nrate = { per_second = 5 }",
            "[[tenants]]\nname = \"acme\"\n[tenants.rate]\nper_second = 5",
            r#"{ "name": "acme", "rate": { "per_second": 5 } }"#,
        ] {
            let (_folder, path) = written("tenant", text);
            assert_eq!(tenant(&path), Ok(expected.clone()), "{text}");
        }
        let (_folder, path) = written("two.toml", "[[tenants]]\nname = \"a\"\n[[tenants]]\nname = \"b\"");
        assert_eq!(
            tenant(&path),
            Err(format!("{}: 2 tenants are in it; leave one", path.display()))
        );
    }

    #[test]
    fn secrets_elsewhere_are_fetched() {
        let (folder, path) = written(
            "tenant.toml",
            "[secrets]\nupstream.user = \"U\"\nupstream.password = { file = \"pw\" }\n[[accounts]]\npassword = { file = \"pw\" }",
        );
        fs::write(folder.path().join("pw"), "hidden\n").unwrap();
        assert_eq!(
            tenant(&path),
            Ok(
                json!({ "secrets": { "upstream": { "user": "U", "password": "hidden" } }, "accounts": [{ "password": "hidden" }] })
            )
        );
        fs::write(&path, "secrets = { webhook = { env = \"NOT_SET_ANYWHERE\" } }").unwrap();
        assert_eq!(
            tenant(&path),
            Err("secrets.webhook: the environment has no NOT_SET_ANYWHERE".into())
        );
    }

    #[test]
    fn settings_in_tables_are_names_with_dots() {
        let (_folder, path) = written("s.toml", "window_out = 3\n[source]\n\"+44\" = \"phone-1\"");
        assert_eq!(settings(&path), Ok(json!({ "window_out": 3, "source.+44": "phone-1" })));
    }

    #[test]
    fn a_mistake_is_shown_where_it_is() {
        let (_folder, path) = written("t.toml", "name = acme");
        let error = tenant(&path).unwrap_err();
        assert!(
            error.starts_with(&format!("{}: TOML parse error at line 1", path.display())),
            "{error}"
        );
    }
}
