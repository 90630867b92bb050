//! What only the host can write into a request: signatures, and secrets that belong into a URL or a body. Stands between a request that
//! may go to its origin and the socket; what it writes is seen by nobody but that upstream.

use crate::{config::Secrets, limits::BLANKS_MAX, signature};
use edgebind_runtime::translator::{Escape, Filling, Request};
use std::{borrow::Cow, fmt::Write as _, ops::Range};

/// Octets that a mark has at least, so that it stands nowhere by chance.
const MARK_OCTETS_MIN: usize = 8;

/// A part of the request that may have blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Url,
    Header(usize),
    Body,
}

/// The request with its blanks filled in. The error says what is wrong with them, and shows neither mark nor secret.
pub fn fill(secrets: &Secrets, mut request: Request) -> Result<Request, String> {
    let blanks = std::mem::take(&mut request.blanks);
    if blanks.len() > BLANKS_MAX {
        return Err(format!("{} blanks exceed {BLANKS_MAX}", blanks.len()));
    }
    let mut found = Vec::with_capacity(blanks.len());
    for (number, blank) in (1..).zip(&blanks) {
        let (place, range) = find(&request, &blank.mark).map_err(|why| format!("the mark of blank {number} {why}"))?;
        found.push((place, range, text(secrets, &blank.filling)?));
    }
    found.sort_by_key(|(place, range, _)| (*place, range.start));
    if found
        .windows(2)
        .any(|pair| pair[0].0 == pair[1].0 && pair[0].1.end > pair[1].1.start)
    {
        return Err("two marks overlap".into());
    }
    // From the end, so that what is found keeps its place.
    for (place, range, text) in found.into_iter().rev() {
        match place {
            Place::Url => request.url.replace_range(range, &text),
            Place::Header(index) => request.headers[index].1.replace_range(range, &text),
            Place::Body => drop(request.body.splice(range, text.into_bytes())),
        }
    }
    Ok(request)
}

/// Where the mark is, if it is there once.
fn find(request: &Request, mark: &str) -> Result<(Place, Range<usize>), String> {
    if mark.len() < MARK_OCTETS_MIN {
        return Err(format!("has {} octets, and needs {MARK_OCTETS_MIN}", mark.len()));
    }
    let headers = request.headers.iter().enumerate();
    let places = [(Place::Url, request.url.as_bytes()), (Place::Body, &request.body[..])]
        .into_iter()
        .chain(headers.map(|(index, (_, value))| (Place::Header(index), value.as_bytes())));
    let mut found = places.flat_map(|(place, octets)| {
        let starts = octets
            .windows(mark.len())
            .enumerate()
            .filter(|(_, window)| *window == mark.as_bytes());
        starts.map(move |(start, _)| (place, start..start + mark.len()))
    });
    match (found.next(), found.next()) {
        (Some((Place::Url, range)), None) if range.start < behind_origin(&request.url) => {
            Err("stands in the URL before its path".into())
        }
        (Some(found), None) => Ok(found),
        (None, _) => Err("does not occur".into()),
        (Some(_), Some(_)) => Err("occurs more than once".into()),
    }
}

/// Where the path of a URL begins, or what stands in its place.
fn behind_origin(url: &str) -> usize {
    let authority = url.find("://").map_or(0, |scheme| scheme + 3);
    let rest = url.get(authority..).unwrap_or_default();
    rest.find(['/', '?', '#']).map_or(url.len(), |path| authority + path + 1)
}

fn text(secrets: &Secrets, filling: &Filling) -> Result<String, String> {
    let secret = |name: &str| secrets.get(name).ok_or_else(|| format!("the tenant has no secret {name}"));
    match filling {
        Filling::Secret((name, escape)) => {
            let octets = secret(name)?.bytes();
            escaped(octets, *escape)
                .map(Cow::into_owned)
                .ok_or_else(|| format!("the secret {name} is no text"))
        }
        Filling::Signature(wanted) => {
            let octets = secret(&wanted.secret)?.bytes();
            let signed = signature::sign(wanted.algorithm, octets, &wanted.message);
            Ok(signature::write(wanted.digits, &signed))
        }
    }
}

fn escaped(octets: &[u8], escape: Escape) -> Option<Cow<'_, str>> {
    match escape {
        Escape::None => std::str::from_utf8(octets).ok().map(Cow::Borrowed),
        Escape::Percent => {
            let mut text = String::with_capacity(octets.len());
            for octet in octets {
                match octet {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*octet)),
                    _ => write!(text, "%{octet:02X}").ok()?,
                }
            }
            Some(text.into())
        }
        Escape::Json => {
            let quoted = serde_json::to_string(std::str::from_utf8(octets).ok()?).ok()?;
            Some(quoted[1..quoted.len() - 1].to_owned().into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use edgebind_runtime::translator::{Algorithm, Blank, Digits, Signature};

    const MARK: &str = "{{sig-7f}}";

    fn secrets() -> Secrets {
        let named = [("key", &b"Jefe"[..]), ("odd", b"a&b=\"c\" \xC3\xA9"), ("raw", &[0xFF, b'/'])];
        Secrets::new(named.map(|(name, octets)| (name.to_owned(), Secret::new(octets))).into())
    }

    fn request() -> Request {
        Request {
            method: "POST".into(),
            url: "https://sms.example/sms?a=1".into(),
            headers: vec![("x-a".into(), "b".into())],
            authorization: None,
            body: b"text=Hi".to_vec(),
            blanks: Vec::new(),
        }
    }

    fn signed(mark: &str) -> Blank {
        Blank {
            mark: mark.into(),
            filling: Filling::Signature(Signature {
                secret: "key".into(),
                algorithm: Algorithm::HmacMd5,
                digits: Digits::Hex,
                message: b"what do ya want for nothing?".to_vec(),
            }),
        }
    }

    fn secret(mark: &str, name: &str, escape: Escape) -> Blank {
        Blank {
            mark: mark.into(),
            filling: Filling::Secret((name.into(), escape)),
        }
    }

    #[test]
    fn a_mark_becomes_what_is_meant_wherever_it_stands() {
        let filled = |bend: &dyn Fn(&mut Request)| {
            let mut request = request();
            request.blanks = vec![signed(MARK)];
            bend(&mut request);
            fill(&secrets(), request).unwrap()
        };
        let digest = "750c783e6ab0b503eaa86e310a5db738";
        assert_eq!(
            filled(&|request| request.url += "&sig={{sig-7f}}&b=2").url,
            format!("https://sms.example/sms?a=1&sig={digest}&b=2")
        );
        assert_eq!(
            filled(&|request| request.headers[0].1 = format!("v1 {MARK}")).headers[0].1,
            format!("v1 {digest}")
        );
        let body = filled(&|request| request.body.extend_from_slice(b"&sig={{sig-7f}}")).body;
        assert_eq!(String::from_utf8(body).unwrap(), format!("text=Hi&sig={digest}"));
    }

    #[test]
    fn several_blanks_are_filled_together_and_what_is_written_is_not_looked_at_again() {
        let mut request = request();
        request.body = b"{{odd-01}}|{{odd-02}}|{{raw-03}}|{{sig-7f}}".to_vec();
        request.blanks = vec![
            signed(MARK),
            secret("{{raw-03}}", "raw", Escape::Percent),
            secret("{{odd-02}}", "odd", Escape::Json),
            secret("{{odd-01}}", "odd", Escape::Percent),
        ];
        let body = fill(&secrets(), request).unwrap().body;
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "a%26b%3D%22c%22%20%C3%A9|a&b=\\\"c\\\" é|%FF%2F|750c783e6ab0b503eaa86e310a5db738"
        );
    }

    #[test]
    fn blanks_that_cannot_be_filled_are_said_without_mark_and_secret() {
        let refused = |bend: &dyn Fn(&mut Request)| {
            let mut request = request();
            request.blanks = vec![signed(MARK)];
            bend(&mut request);
            fill(&secrets(), request).unwrap_err()
        };
        assert_eq!(refused(&|_| {}), "the mark of blank 1 does not occur");
        assert_eq!(
            refused(&|request| {
                request.url += MARK;
                request.body = MARK.into();
            }),
            "the mark of blank 1 occurs more than once"
        );
        assert_eq!(
            refused(&|request| request.url = "https://{{sig-7f}}.example/".into()),
            "the mark of blank 1 stands in the URL before its path"
        );
        assert_eq!(
            refused(&|request| request.blanks[0].mark = "{{sig}}".into()),
            "the mark of blank 1 has 7 octets, and needs 8"
        );
        assert_eq!(
            refused(&|request| {
                request.body = b"{{sig-7f}}}}".to_vec();
                request.blanks.push(secret("sig-7f}}}}", "key", Escape::None));
            }),
            "two marks overlap"
        );
        assert_eq!(
            refused(&|request| request.blanks = vec![signed(MARK); BLANKS_MAX + 1]),
            "9 blanks exceed 8"
        );
        let blank = |name: &str, escape| {
            refused(&|request| {
                request.body = MARK.into();
                request.blanks = vec![secret(MARK, name, escape)];
            })
        };
        assert_eq!(blank("other", Escape::None), "the tenant has no secret other");
        assert_eq!(blank("raw", Escape::None), "the secret raw is no text");
        assert_eq!(blank("raw", Escape::Json), "the secret raw is no text");
    }
}
