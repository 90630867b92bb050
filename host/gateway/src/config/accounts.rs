//! The tables of accounts: who may bind to a tenant, from where and with what.

use super::{
    Account, Holding, OverRate, Rate, Secret, Surroundings,
    certificate::certificates,
    holding::holding,
    limits,
    listeners::networks,
    outbind::outbind,
    parse,
    preset::preset,
    rate::{over_rate, rate},
    reader::Reader,
    secrets::secret,
    settings::settings,
    tenants::Taken,
};
use edgebind_smpp::CommandStatus;

/// What each account of a tenant gets unless it says otherwise.
pub(super) struct Usual {
    pub(super) binds_max: usize,
    pub(super) queue_max: usize,
    pub(super) holding: Holding,
    pub(super) rate: Option<Rate>,
    pub(super) over_rate: OverRate,
}

/// Reads an account.
pub(super) fn account(reader: &Reader<'_>, surroundings: &Surroundings<'_>, usual: &Usual, taken: &mut Taken) -> Account {
    reader.require("system_id");
    let system_id = reader.text("system_id", |text| {
        let system_id = parse::system_id(text)?;
        Taken::note(&mut taken.system_ids, &system_id, reader.path()).map(|()| system_id)
    });
    let password = password(reader, surroundings);
    let preset = preset(reader);
    let (mut session_settings, translator_settings) = settings(reader);
    for (name, value) in preset.iter().flat_map(|preset| preset.session_settings) {
        if !session_settings.iter().any(|(written, _)| written == name) {
            session_settings.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    let queue_max = reader.number("queue_max", &limits::QUEUES_MAX);
    Account {
        system_id: system_id.unwrap_or_default(),
        password: password.unwrap_or_else(|| Secret::new("")),
        is_suspended: reader.flag("suspended").unwrap_or(false),
        binds_max: reader
            .number("binds_max", &limits::ALL_BINDS_MAX)
            .unwrap_or(preset.map_or(usual.binds_max, |preset| preset.binds_max)),
        over_binds: over_binds(reader).unwrap_or(preset.map_or(CommandStatus::RBINDFAIL, |preset| preset.over_binds)),
        rate: rate(reader, "rate").or(preset.map(|preset| preset.rate)).or(usual.rate),
        over_rate: over_rate(reader).unwrap_or(usual.over_rate),
        allow_from: networks(reader, "allow_from"),
        certificates: certificates(reader),
        outbind: outbind(reader, surroundings),
        queue_max: queue_max.unwrap_or(usual.queue_max),
        holding: holding(reader, queue_max, usual.holding),
        session_settings,
        translator_settings,
    }
}

/// `over_binds`, where it is written.
fn over_binds(reader: &Reader<'_>) -> Option<CommandStatus> {
    let words = [CommandStatus::RBINDFAIL, CommandStatus::RALYBND].map(|status| (status.name().unwrap_or_default(), status));
    reader.choice("over_binds", &words)
}

fn password(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<Secret> {
    let (octets_max, hint) = match reader.flag("allow_long_password") {
        Some(true) => (limits::LONG_PASSWORD_OCTETS_MAX, ""),
        _ => (
            limits::PASSWORD_OCTETS_MAX,
            "; allow_long_password = true takes what SMPP has no room for",
        ),
    };
    reader.require("password");
    reader.read("password", |value| {
        let password = secret(value, surroundings)?;
        match password.bytes() {
            [] => Err("is empty, and a bind with an empty password is refused".into()),
            octets if octets.contains(&0) => Err("has a NUL, where SMPP ends it".into()),
            octets if octets.len() > octets_max => Err(format!("{} octets exceed {octets_max}{hint}", octets.len())),
            _ => Ok(password),
        }
    })
}
