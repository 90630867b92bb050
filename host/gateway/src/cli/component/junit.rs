//! Results as JUnit writes them, for whoever shows results of many tests.

use super::test::Played;
use std::fmt::Write as _;

/// One suite for each file.
pub fn document(played: &[Played]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in played.chunk_by(|one, other| one.file == other.file) {
        let Some(first) = suite.first() else { continue };
        let file = escaped(&first.file.display().to_string());
        let failures = suite.iter().filter(|case| case.wrong.is_some()).count();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\">",
            suite.len()
        );
        for case in suite {
            let name = escaped(&case.name);
            let _ = match &case.wrong {
                None => writeln!(text, "    <testcase classname=\"{file}\" name=\"{name}\"/>"),
                Some(wrong) => writeln!(
                    text,
                    "    <testcase classname=\"{file}\" name=\"{name}\"><failure message=\"not as expected\">{}</failure></testcase>",
                    escaped(wrong)
                ),
            };
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

/// XML 1.0 has no word for most control characters: they are left out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_a_suite_and_what_is_wrong_is_escaped() {
        let played = |file: &str, wrong: Option<&str>| Played {
            file: file.into(),
            name: "a \"b\"".into(),
            wrong: wrong.map(str::to_owned),
        };
        let text = document(&[
            played("a.txt", None),
            played("a.txt", Some("- < 1 & \u{1}2")),
            played("b.txt", None),
        ]);
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"a.txt\" tests=\"2\" failures=\"1\" errors=\"0\">\n    \
             <testcase classname=\"a.txt\" name=\"a &quot;b&quot;\"/>\n    <testcase classname=\"a.txt\" name=\"a &quot;b&quot;\"><failure \
             message=\"not as expected\">- &lt; 1 &amp; 2</failure></testcase>\n  </testsuite>\n  <testsuite name=\"b.txt\" tests=\"1\" \
             failures=\"0\" errors=\"0\">\n    <testcase classname=\"b.txt\" name=\"a &quot;b&quot;\"/>\n  </testsuite>\n</testsuites>\n"
        );
    }
}
