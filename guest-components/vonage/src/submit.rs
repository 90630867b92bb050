//! A message: one `POST /sms/json`.

use edgebind_smpp::CommandStatus;

use crate::{
    address, answer,
    bindings::edgebind::{
        message::types::{Message, MessageState},
        translator::types::{Context, Dead, Failure, Outcome, Response, Step},
    },
    content, done,
    form::Form,
    request,
    settings::Settings,
};

/// vonage: `ttl`, in milliseconds.
const TTL_MS_MIN: u64 = 20_000;
const TTL_MS_MAX: u64 = 604_800_000;

/// vonage: `callback` has at most so many characters.
const CALLBACK_CHARACTERS_MAX: usize = 100;

pub(crate) fn begin(ctx: &Context, settings: &Settings, message: &Message) -> Step {
    let mut said = Vec::new();
    match form(ctx, settings, message, &mut said) {
        Ok(form) => request::exchange(request::post(ctx, settings, "/sms/json", form), Vec::new(), said),
        Err(dead) => done(Outcome::Dead(dead)),
    }
}

pub(crate) fn resume(ctx: &Context, got: &Result<Response, Failure>) -> Step {
    done(match got {
        Ok(response) => answer::posted(response, &ctx.key, ctx.now),
        Err(failure) => Outcome::Retry(answer::unanswered(failure)),
    })
}

fn form(ctx: &Context, settings: &Settings, message: &Message, said: &mut Vec<String>) -> Result<Form, Dead> {
    let ttl_ms = ttl_ms(message, ctx.now)?;
    let mut form = Form::default();
    form.set("from", address::from(&message.source, settings)?);
    form.set("to", address::to(&message.destination)?);
    content::write(&mut form, message)?;
    if let Some(ttl_ms) = ttl_ms {
        form.set("ttl", ttl_ms.to_string());
    }
    let asked = &message.receipts;
    let is_asked = asked.success || asked.failure || asked.intermediate;
    form.set("status-report-req", is_asked.to_string());
    if let Some(url) = ctx.webhook_url.as_ref().filter(|_| settings.has_callback && is_asked) {
        if url.len() <= CALLBACK_CHARACTERS_MAX {
            form.set("callback", url);
        } else {
            said.push(format!(
                "the webhook URL has {} characters, and the upstream takes {CALLBACK_CHARACTERS_MAX}: receipts come only when its dashboard has it",
                url.len()
            ));
        }
    }
    form.set("client-ref", &ctx.key);
    let of_message = |tag: Option<u16>| {
        let tlv = message.tlvs.iter().find(|tlv| Some(tlv.tag) == tag)?;
        let text = String::from_utf8_lossy(&tlv.value);
        Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.is_empty())
    };
    let optional = [
        (
            "entity-id",
            of_message(settings.entity_id_tag).or_else(|| settings.entity_id.clone()),
        ),
        (
            "content-id",
            of_message(settings.content_id_tag).or_else(|| settings.content_id.clone()),
        ),
        ("account-ref", settings.account_ref.clone()),
        ("pool-id", settings.pool_id.clone()),
        (
            "trusted-number",
            settings.trusted_number.map(|is_trusted| is_trusted.to_string()),
        ),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            form.set(name, value);
        }
    }
    Ok(form)
}

/// What is left of the validity. The schedule is the host's: a message that comes here is due.
fn ttl_ms(message: &Message, now_ms: u64) -> Result<Option<u64>, Dead> {
    match message.validity {
        Some(until) if until <= now_ms => Err(Dead {
            state: MessageState::Expired,
            command_status: CommandStatus::RINVEXPIRY.0,
            error: 0,
            why: "the validity period is over".into(),
        }),
        Some(until) => Ok(Some((until - now_ms).clamp(TTL_MS_MIN, TTL_MS_MAX))),
        None => Ok(None),
    }
}
