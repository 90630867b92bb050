//! Whether a webhook comes from a phone of the account: `X-Signature` is the hexadecimal HMAC-SHA256 of the body and the
//! text of `X-Timestamp`, by a key that each phone has of its own. The host knows the key and does the sum.

use crate::{
    api,
    bindings::edgebind::translator::types::{Algorithm, Context, Proof, WebhookRequest},
    settings::Settings,
};

/// The secret for phones that have none of their own; theirs is `webhook.<deviceId>`.
const SECRET: &str = "webhook";
const DIGEST_OCTETS: usize = 32;

/// What the host has to check; nothing when the account has no keys; an error when the answer is 401 already.
pub(crate) fn proof(
    ctx: &Context,
    settings: &Settings,
    request: &WebhookRequest,
    device_id: &str,
) -> Result<Option<Proof>, String> {
    let own = format!("{SECRET}.{device_id}");
    let known = |name: &str| ctx.secrets.iter().any(|secret| secret == name);
    let secret = if known(&own) {
        own
    } else if known(SECRET) {
        SECRET.to_owned()
    } else if ctx.secrets.iter().any(|secret| secret.starts_with("webhook.")) {
        return Err("no signing key is configured for this phone".into());
    } else {
        return Ok(None);
    };
    let timestamp = api::header(&request.headers, "X-Timestamp").ok_or("no X-Timestamp")?;
    let signature = api::header(&request.headers, "X-Signature").ok_or("no X-Signature")?;
    let signed_s: u64 = timestamp.parse().map_err(|_| "X-Timestamp is not in seconds")?;
    let window_s = u64::from(settings.webhook_timestamp_window_s);
    let distance_ms = signed_s.saturating_mul(1000).abs_diff(ctx.now);
    if window_s != 0 && distance_ms > window_s * 1000 {
        return Err(format!("X-Timestamp is {} s off, {window_s} are allowed", distance_ms / 1000));
    }
    let expected = unhex(signature).ok_or("X-Signature is not the hexadecimal form of a SHA-256 digest")?;
    let message = [request.body.as_slice(), timestamp.as_bytes()].concat();
    Ok(Some(Proof {
        secret,
        algorithm: Algorithm::HmacSha256,
        message,
        expected,
    }))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 2 * DIGEST_OCTETS {
        return None;
    }
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    digits?
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_787_213_730;

    fn context(secrets: &[&str]) -> Context {
        Context {
            now: NOW_S * 1000,
            tenant: "t".into(),
            account: "a".into(),
            settings: Vec::new(),
            secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
            key: "1".into(),
            attempt: 1,
            webhook_url: None,
            memo: None,
        }
    }

    fn request(headers: &[(&str, &str)]) -> WebhookRequest {
        WebhookRequest {
            method: "POST".into(),
            path: String::new(),
            query: String::new(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: b"{}".to_vec(),
        }
    }

    fn prove(secrets: &[&str], headers: &[(&str, &str)], window_s: u32) -> Result<Option<Proof>, String> {
        let mut settings = Settings::read(&[("api_base_url".into(), "https://x".into())]).unwrap();
        settings.webhook_timestamp_window_s = window_s;
        proof(&context(secrets), &settings, &request(headers), "phone1")
    }

    #[test]
    fn without_keys_there_is_nothing_to_prove() {
        assert_eq!(prove(&["upstream.user"], &[], 300), Ok(None));
    }

    #[test]
    fn the_host_is_asked_for_the_sum_of_body_and_timestamp() {
        let digest = "0a".repeat(31) + "FF";
        let headers = [("x-signature", digest.as_str()), ("x-timestamp", "1787213730")];
        let mut expected = vec![0x0a; 31];
        expected.push(0xff);
        let proof = |secret: &str| Proof {
            secret: secret.into(),
            algorithm: Algorithm::HmacSha256,
            message: b"{}1787213730".to_vec(),
            expected: expected.clone(),
        };
        assert_eq!(prove(&["webhook"], &headers, 300), Ok(Some(proof("webhook"))));
        assert_eq!(prove(&["webhook.phone1"], &headers, 300), Ok(Some(proof("webhook.phone1"))));
        assert_eq!(
            prove(&["webhook", "webhook.phone1"], &headers, 300),
            Ok(Some(proof("webhook.phone1")))
        );
        assert_eq!(
            prove(&["webhook", "webhook.phone2"], &headers, 300),
            Ok(Some(proof("webhook")))
        );
    }

    /// Secrets, headers, and why they are refused.
    type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

    #[test]
    fn what_cannot_be_proved_is_refused_at_once() {
        let digest = "00".repeat(32);
        let good = ("X-Signature", digest.as_str());
        let now = ("X-Timestamp", "1787213730");
        let rows: [Row<'_>; 8] = [
            (
                &["webhook.phone2"],
                &[good, now],
                "no signing key is configured for this phone",
            ),
            (&["webhook"], &[now], "no X-Signature"),
            (&["webhook"], &[good], "no X-Timestamp"),
            (&["webhook"], &[good, ("X-Timestamp", "now")], "X-Timestamp is not in seconds"),
            (
                &["webhook"],
                &[good, ("X-Timestamp", "1787213429")],
                "X-Timestamp is 301 s off, 300 are allowed",
            ),
            (
                &["webhook"],
                &[good, ("X-Timestamp", "1787214031")],
                "X-Timestamp is 301 s off, 300 are allowed",
            ),
            (
                &["webhook"],
                &[("X-Signature", "abc"), now],
                "X-Signature is not the hexadecimal form of a SHA-256 digest",
            ),
            (
                &["webhook"],
                &[("X-Signature", &"zz".repeat(32)), now],
                "X-Signature is not the hexadecimal form of a SHA-256 digest",
            ),
        ];
        for (secrets, headers, why) in rows {
            assert_eq!(prove(secrets, headers, 300), Err(why.into()));
        }
        assert!(
            prove(&["webhook"], &[good, ("X-Timestamp", "5")], 0).is_ok(),
            "0 takes any time"
        );
        assert!(
            prove(&["webhook"], &[good, ("X-Timestamp", "1787213430")], 300).is_ok(),
            "300 s off is within 300 s"
        );
    }
}
