//! The TOML file: what its tables and keys mean.

use super::{
    Config, Http, Limits, Mistake, Mistakes, Smpp, Surroundings, TlsFiles, TlsListener, limits, mistakes::Found, parse,
    reader::Reader, tenants::tenants,
};
use std::path::{Path, PathBuf};
use toml::Table;

/// Reads a configuration.
pub(super) fn read(text: &str, surroundings: &Surroundings<'_>) -> Result<Config, Mistakes> {
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| Mistakes(vec![not_toml(text, &error)]))?;
    let found = Found::default();
    let root = Reader::new(&table, String::new(), &found);
    let config = Config {
        data_dir: surroundings
            .base
            .join(root.text("data_dir", path).unwrap_or_else(|| super::DATA_DIR.into())),
        node: root.number("node", &limits::NODES).unwrap_or(0),
        smpp: smpp(&root, surroundings),
        http: http(&root, surroundings),
        limits: bounds(&root),
        tenants: tenants(&root, surroundings),
    };
    root.finish();
    for (index, tenant) in config.tenants.iter().enumerate() {
        for Mistake { at, what } in (surroundings.settings)(tenant) {
            found.mistake(format!("tenants[{index}].{at}"), what);
        }
    }
    found.none_in(config)
}

/// Without the line itself, which the error would show: it may be one with a password.
fn not_toml(text: &str, error: &toml::de::Error) -> Mistake {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    Mistake {
        at: format!("line {line}, column {column}"),
        what: error.message().replace('\n', ", "),
    }
}

fn smpp(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Smpp {
    let Some(reader) = root.table("smpp") else {
        root.require("smpp");
        return Smpp {
            plain: None,
            tls: None,
            session_init: limits::SESSION_INIT,
        };
    };
    let plain = reader.text("plain", parse::address);
    let tls = reader.table("tls").and_then(|reader| {
        reader.require("addr");
        let addr = reader.text("addr", parse::address);
        let files = tls_files(&reader, surroundings);
        reader.finish();
        let TlsFiles { cert, key } = files?;
        Some(TlsListener { addr: addr?, cert, key })
    });
    if reader.value("plain").is_none() && reader.value("tls").is_none() {
        reader.mistake("plain", "neither `plain` nor `tls` says where ESMEs connect");
    }
    if let (Some(plain), Some(tls)) = (plain, &tls)
        && plain == tls.addr
        && plain.port() != 0
    {
        reader.mistake("tls", format!("{plain} is taken by `plain`"));
    }
    let session_init = reader
        .duration("session_init", &limits::SESSION_INITS)
        .unwrap_or(limits::SESSION_INIT);
    reader.finish();
    Smpp {
        plain,
        tls,
        session_init,
    }
}

fn http(root: &Reader<'_>, surroundings: &Surroundings<'_>) -> Http {
    let Some(reader) = root.table("http") else {
        return Http {
            addr: super::HTTP_ADDRESS,
            tls: None,
            webhook_base_url: None,
        };
    };
    let addr = reader.text("addr", parse::address).unwrap_or(super::HTTP_ADDRESS);
    let tls = reader.table("tls").and_then(|reader| {
        let files = tls_files(&reader, surroundings);
        reader.finish();
        files
    });
    let webhook_base_url = reader.text("webhook_base_url", parse::base_url);
    reader.finish();
    Http {
        addr,
        tls,
        webhook_base_url,
    }
}

fn tls_files(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<TlsFiles> {
    let file = |key| {
        reader.require(key);
        reader.text(key, |text| readable(text, surroundings))
    };
    let (cert, key) = (file("cert"), file("key"));
    Some(TlsFiles { cert: cert?, key: key? })
}

fn bounds(root: &Reader<'_>) -> Limits {
    let Some(reader) = root.table("limits") else {
        return Limits::default();
    };
    let limits = Limits {
        connections_max: reader.number("connections_max", &limits::CONNECTIONS_MAX),
        checks_per_minute: reader.number("checks_per_minute", &limits::CHECKS_PER_MINUTE),
        drain: reader.duration("drain", &limits::DRAINS),
        retention: reader.duration("retention", &limits::RETENTIONS),
        guest_memory_bytes: reader.number("guest_memory_bytes", &limits::GUEST_MEMORY_BYTES),
        session_call_ms: reader.number("session_call_ms", &limits::CALL_MS),
        translator_call_ms: reader.number("translator_call_ms", &limits::CALL_MS),
    };
    reader.finish();
    limits
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("is empty".into())
    } else {
        Ok(text.into())
    }
}

/// The path of a file that can be read.
pub(super) fn readable(text: &str, surroundings: &Surroundings<'_>) -> Result<PathBuf, String> {
    let path: PathBuf = surroundings.base.join(path(text)?);
    (surroundings.file)(Path::new(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
