//! Where an ESME is told that deliveries wait for it (outbind, SMPP 3.4 §2.7.1).

use super::{Secret, Surroundings, limits, parse, reader::Reader, secrets::secret};

/// An ESME that listens, and what the gateway says of itself there.
#[derive(Clone, Debug)]
pub struct Outbind {
    /// A name or an address.
    pub host: String,
    /// Where it listens.
    pub port: u16,
    /// Whether it speaks TLS; its certificate must name `host`.
    pub is_tls: bool,
    /// 1 to 15 octets; octets above 0x7F as the Latin-1 characters of the same number.
    pub system_id: String,
    /// At most 8 octets; may be empty.
    pub password: Secret,
}

/// `outbind` of an account.
pub(super) fn outbind(account: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<Outbind> {
    let reader = account.table("outbind")?;
    reader.require("address");
    let address = reader.text("address", parse::host_and_port);
    reader.require("system_id");
    let system_id = reader.text("system_id", parse::system_id);
    let password = reader.read("password", |value| {
        let password = secret(value, surroundings)?;
        match password.bytes() {
            octets if octets.contains(&0) => Err("has a NUL, where SMPP ends it".into()),
            octets if octets.len() > limits::PASSWORD_OCTETS_MAX => {
                Err(format!("{} octets exceed {}", octets.len(), limits::PASSWORD_OCTETS_MAX))
            }
            _ => Ok(password),
        }
    });
    let is_tls = reader.flag("tls").unwrap_or(false);
    reader.finish();
    let (host, port) = address?;
    Some(Outbind {
        host,
        port,
        is_tls,
        system_id: system_id?,
        password: password.unwrap_or_else(|| Secret::new("")),
    })
}
