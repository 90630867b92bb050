//! Vonage's err-code of a receipt in words, for the log. The number itself stands in `err:`, as over Vonage's own SMPP.

/// What the network said.
pub(crate) fn words(code: u16) -> &'static str {
    match code {
        0 => "delivered",
        1 => "unknown",
        2 => "absent subscriber, for now",
        3 => "absent subscriber, for good",
        4 => "call barred by the user",
        5 => "portability error",
        6 => "anti-spam rejection",
        7 => "handset busy",
        8 => "network error",
        9 => "illegal number",
        10 => "illegal message",
        11 => "unroutable",
        12 => "destination unreachable",
        13 => "subscriber age restriction",
        14 => "number blocked by the carrier",
        15 => "prepaid, insufficient funds",
        50 => "entity filter",
        51 => "header filter",
        52 => "content filter",
        53 => "consent filter",
        54 => "regulation error",
        95 => "unknown",
        99 => "general error",
        _ => "not known here",
    }
}
