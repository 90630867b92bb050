//! What the answer to a message says. Nothing of what the provider wrote about it is repeated in a reason but its code, where the settings know it: the
//! rest may quote a number or a text.

use crate::{
    CONFIGURATION_MS,
    bindings::edgebind::translator::types::{Context, Outcome, Response, Retry},
    document::Document,
    settings::Submit,
};

/// A Retry-After beyond this is taken for this.
const PAUSE_MAX_S: u64 = 3_600;

pub(crate) fn submitted(ctx: &Context, settings: &Submit, response: &Response) -> Outcome {
    let status = response.status;
    let document = Document::read(&response.body, "");
    let is_ok = settings.ok.as_ref().is_none_or(|condition| condition.holds(&document));
    if settings.taken.contains(&status) && is_ok {
        return match &settings.id {
            None => Outcome::Taken(vec![ctx.key.clone()]),
            Some(place) => match document.text(place) {
                Some(id) => Outcome::Taken(vec![id]),
                None => Outcome::Retry(Retry {
                    after_ms: Some(CONFIGURATION_MS),
                    why: format!("the provider answered {status}, but without an id: is submit.id right?"),
                }),
            },
        };
    }
    let code = settings.error.as_ref().and_then(|place| document.text(place));
    if let Some((code, verdict)) = code.and_then(|code| settings.errors.get_key_value(&code)) {
        return with_pause(
            verdict.outcome(format!("the provider answered {status}, error {code}")),
            response,
        );
    }
    let why = format!("the provider answered {status}");
    if let Some(verdict) = settings.statuses.get(&status) {
        return with_pause(verdict.outcome(why), response);
    }
    let after_ms = match status {
        // Somebody has to put it right.
        300..=399 | 401 | 403 | 404 | 405 => Some(CONFIGURATION_MS),
        408 | 425 | 429 | 500..=599 | 100..=199 => None,
        _ => return settings.otherwise.outcome(why),
    };
    with_pause(Outcome::Retry(Retry { after_ms, why }), response)
}

/// The provider's own wish counts where it says so in seconds.
fn with_pause(outcome: Outcome, response: &Response) -> Outcome {
    let mut headers = response.headers.iter();
    let wish = headers
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
        .and_then(|(_, value)| value.trim().parse::<u64>().ok());
    match (outcome, wish) {
        (Outcome::Retry(retry), Some(seconds)) => Outcome::Retry(Retry {
            after_ms: Some(seconds.min(PAUSE_MAX_S) * 1000),
            ..retry
        }),
        (outcome, _) => outcome,
    }
}
