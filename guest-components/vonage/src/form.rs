//! Parameters of a request, as the API takes them: a form, and the text that is signed.

use std::borrow::Cow;

/// Parameters in the order in which they are written.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    pub(crate) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// What a signature is of.
    pub(crate) fn signed_text(&self) -> String {
        signed_text(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// vonage: signing messages. Every parameter by its name, none of them encoded, and no value with what parts parameters.
pub(crate) fn signed_text<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut parameters: Vec<_> = parameters.collect();
    parameters.sort_unstable();
    parameters.into_iter().fold(String::new(), |text, (name, value)| {
        let value: Cow<'_, str> = match value.contains(['&', '=']) {
            true => value.replace(['&', '='], "_").into(),
            false => value.into(),
        };
        text + "&" + name + "=" + &value
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_in_order_and_signed_by_name() {
        let mut form = Form::default();
        form.set("to", "447700900000");
        form.set("text", "a&b=c d é");
        form.set("from", "ACME");
        assert_eq!(form.encoded(), "to=447700900000&text=a%26b%3Dc+d+%C3%A9&from=ACME");
        assert_eq!(form.signed_text(), "&from=ACME&text=a_b_c d é&to=447700900000");
    }
}
