//! Values of settings as operators write them. An error is the rest of a sentence that begins with the setting's name.

use edgebind_smpp::CommandStatus;

pub(super) fn octets(value: &str, max: usize) -> Result<String, String> {
    if value.len() <= max && value.chars().all(|character| character.is_ascii_graphic()) {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "{value:?} is not up to {max} printable ASCII characters without a blank"
        ))
    }
}

/// Several values with commas between them; none where there is nothing.
pub(super) fn list<T>(value: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    if value.trim().is_empty() {
        return Ok(Vec::new());
    }
    value.split(',').map(|one| read(one.trim())).collect()
}

/// As [`list`], but at least one.
pub(super) fn some<T>(value: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    value.split(',').map(|one| read(one.trim())).collect()
}

pub(super) fn one_of<T: Copy>(value: &str, known: &[T], name: impl Fn(T) -> &'static str) -> Result<T, String> {
    known.iter().copied().find(|&known| name(known) == value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|&known| name(known)).collect();
        format!("{value:?} is none of {}", names.join(", "))
    })
}

pub(super) fn truth(value: &str) -> Result<bool, String> {
    one_of(value, &[true, false], |truth| if truth { "true" } else { "false" })
}

/// A command_status other than success: `0x64`, `100` or `ESME_RX_T_APPN`.
pub(super) fn status(value: &str) -> Result<CommandStatus, String> {
    let named = CommandStatus::NAMED.iter().map(|(status, _)| *status);
    let by_name = || named.clone().find(|status| status.name() == Some(value));
    let number = match value.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => value.parse().ok(),
    };
    number
        .map(CommandStatus)
        .or_else(by_name)
        .filter(|status| !status.is_ok())
        .ok_or_else(|| format!("{value:?} is no command_status of a failure such as 0x64 or ESME_RX_T_APPN"))
}

pub(super) fn number(value: &str, min: u32, max: u32) -> Result<u32, String> {
    value
        .parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("{value:?} is no number from {min} to {max}"))
}

pub(super) fn duration(value: &str) -> Result<u64, String> {
    duration_or_off(value).and_then(|ms| {
        if ms > 0 {
            Ok(ms)
        } else {
            Err(format!("{value:?} is not more than 0"))
        }
    })
}

/// Milliseconds of `500ms`, `30s`, `5m`, `1h`, `7d`, or of a bare number of seconds.
pub(super) fn duration_or_off(value: &str) -> Result<u64, String> {
    let units = [
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
        ("", 1_000),
    ];
    units
        .into_iter()
        .find_map(|(unit, ms)| {
            value
                .strip_suffix(unit)?
                .parse::<u32>()
                .ok()
                .map(|count| u64::from(count) * ms)
        })
        .ok_or_else(|| format!("{value:?} is no time such as 30, 30s, 500ms, 5m, 1h or 7d"))
}
