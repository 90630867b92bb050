//! Whether a webhook is Vonage's: `sig` is a signature of all other parameters, in digits of either case.

use std::collections::BTreeMap;

use crate::{
    bindings::edgebind::translator::types::{Context, Proof},
    form::signed_text,
    hex,
    settings::Settings,
};

const SIGNATURE: &str = "sig";

/// What the host has to check; nothing where the operator signs nothing; an error when the answer is 401 already.
pub(crate) fn proof(
    ctx: &Context,
    settings: &Settings,
    parameters: &BTreeMap<String, String>,
) -> Result<Option<Proof>, &'static str> {
    let is_signed = settings.are_webhooks_signed && ctx.secrets.contains(&settings.signature_secret);
    if !is_signed {
        return Ok(None);
    }
    let signature = parameters.get(SIGNATURE).ok_or("no sig")?;
    let expected = hex::read(signature).ok_or("sig is not hexadecimal")?;
    let signed = parameters.iter().filter(|(name, _)| *name != SIGNATURE);
    let message = signed_text(signed.map(|(name, value)| (name.as_str(), value.as_str()))).into_bytes();
    Ok(Some(Proof {
        secret: settings.signature_secret.clone(),
        algorithm: settings.algorithm,
        message,
        expected,
    }))
}
