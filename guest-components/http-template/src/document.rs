//! What a provider says, as JSON or as form fields, and where in it something stands.

use serde_json::Value;

/// Where something stands: a JSON pointer (RFC 6901), or the name of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    Pointer(String),
    Field(String),
}

impl Place {
    /// Reads one; the mistake is a sentence without its subject.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("is empty; it is a JSON pointer like /data/id, or the name of a field".to_owned()),
            _ if text.starts_with('/') => Ok(Self::Pointer(text.to_owned())),
            _ => Ok(Self::Field(text.to_owned())),
        }
    }
}

/// What was said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Document {
    Json(Value),
    Form(Vec<(String, String)>),
}

impl Document {
    /// JSON where it is JSON, else the fields of the body and of the query, the body's first.
    pub(crate) fn read(body: &[u8], query: &str) -> Self {
        let first = body.iter().find(|octet| !octet.is_ascii_whitespace());
        if let Some(b'{' | b'[') = first
            && let Ok(value) = serde_json::from_slice(body)
        {
            return Self::Json(value);
        }
        let fields = form_urlencoded::parse(body).chain(form_urlencoded::parse(query.as_bytes()));
        Self::Form(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The text that stands there; of numbers and truths theirs.
    pub(crate) fn text(&self, place: &Place) -> Option<String> {
        match (self, place) {
            (Self::Json(value), Place::Pointer(pointer)) => plain(value.pointer(pointer)?),
            (Self::Json(value), Place::Field(name)) => plain(value.get(name)?),
            (Self::Form(fields), Place::Field(name)) => {
                let (_, value) = fields.iter().find(|(known, _)| known == name)?;
                Some(value.clone())
            }
            (Self::Form(_), Place::Pointer(_)) => None,
        }
    }

    /// The documents of the list that stands there; itself where no list is named. What is no list is one of one.
    pub(crate) fn each(self, list: Option<&Place>) -> Vec<Self> {
        let Some(list) = list else { return vec![self] };
        let Self::Json(value) = &self else { return vec![self] };
        let found = match list {
            Place::Pointer(pointer) => value.pointer(pointer),
            Place::Field(name) => value.get(name),
        };
        match found {
            Some(Value::Array(items)) => items.iter().cloned().map(Self::Json).collect(),
            Some(other) => vec![Self::Json(other.clone())],
            None => Vec::new(),
        }
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(document: &Document, place: &str) -> Option<String> {
        document.text(&Place::read(place).unwrap())
    }

    #[test]
    fn json_is_read_by_pointers_and_names_and_forms_by_names() {
        let json = Document::read(br#" {"id": 7, "data": [{"to": "x"}], "ok": true, "none": null}"#, "id=9");
        assert_eq!(text(&json, "/data/0/to").as_deref(), Some("x"));
        assert_eq!(text(&json, "id").as_deref(), Some("7"));
        assert_eq!(text(&json, "ok").as_deref(), Some("true"));
        assert_eq!(text(&json, "none"), None);
        let form = Document::read(b"Body=a%26b+c&To=%2B44", "To=x&From=y");
        assert_eq!(text(&form, "Body").as_deref(), Some("a&b c"));
        assert_eq!(text(&form, "To").as_deref(), Some("+44"));
        assert_eq!(text(&form, "From").as_deref(), Some("y"));
        assert_eq!(text(&form, "/From"), None);
    }

    #[test]
    fn lists_are_taken_apart() {
        let list = Place::read("/results").unwrap();
        let of = |body: &str| Document::read(body.as_bytes(), "").each(Some(&list)).len();
        assert_eq!(of(r#"{"results": [{}, {}]}"#), 2);
        assert_eq!(of(r#"{"results": {}}"#), 1);
        assert_eq!(of(r#"{"other": []}"#), 0);
        assert_eq!(Document::read(b"[]", "").each(None).len(), 1);
    }
}
