//! A file of cases: text in, cases out, and text again with what a component really does. Knows how lines belong together and
//! nothing of what they say.
//!
//! `== name` begins a case; what stands before the first holds for all. `>` is what the component is told (a line that begins with `+`
//! comes in the same call), `<` what it does. `#` is a comment. Other lines set the scene: `settings`, `@`, whatever the world knows.

use super::difference::Difference;

/// A file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What holds for every case: scene and comments.
    pub preamble: Vec<Line>,
    pub cases: Vec<Case>,
}

/// What a component is told and what it is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    /// Where its name stands, from 1.
    pub line: usize,
    pub steps: Vec<Step>,
}

/// A piece of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A line that sets the scene, a comment or a blank.
    Scene(Line),
    /// Something that the component is told at once, with what it is to do.
    Call(Call),
}

/// A line and where it stands, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: usize,
    pub text: String,
}

/// Lines as they are written, with their `>` and `+`; and what is expected, without its `<`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub told: Vec<Line>,
    pub expected: Vec<String>,
}

/// Which lines are one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Each `>`, with the `+` behind it: events.
    Events,
    /// A line, headers, an empty line and a body: HTTP as it looks. Behind a body, an empty line without `>` ends it.
    Messages,
}

impl File {
    /// Reads a file, or says which line cannot be read and why.
    pub fn read(text: &str, grouping: Grouping) -> Result<Self, String> {
        let mut file = Self {
            preamble: Vec::new(),
            cases: Vec::new(),
        };
        // Whether the line before was told, or expected: only then does one like it belong to it.
        let mut before = ' ';
        for (at, text) in text.lines().enumerate() {
            let line = Line {
                number: at + 1,
                text: text.to_owned(),
            };
            let kind = kind(text);
            if kind == '=' {
                file.cases.push(Case {
                    name: text[2..].trim().to_owned(),
                    line: line.number,
                    steps: Vec::new(),
                });
                before = kind;
                continue;
            }
            let Some(case) = file.cases.last_mut() else {
                if kind != ' ' {
                    return Err(format!("line {}: a case begins with `== its name`", line.number));
                }
                file.preamble.push(line);
                continue;
            };
            match kind {
                ' ' => case.steps.push(Step::Scene(line)),
                '<' => match (case.steps.last_mut(), before) {
                    (Some(Step::Call(call)), '>' | '<') => call.expected.push(content(&line.text).to_owned()),
                    _ => {
                        return Err(format!(
                            "line {}: nothing was told before that this could follow from",
                            line.number
                        ));
                    }
                },
                _ => match case.steps.last_mut() {
                    Some(Step::Call(call)) if before == '>' && grouping.goes_on(&call.told, &line) => call.told.push(line),
                    _ if line.text.starts_with('+') => {
                        return Err(format!("line {}: `+` goes on from a line with `>`", line.number));
                    }
                    _ => case.steps.push(Step::Call(Call {
                        told: vec![line],
                        expected: Vec::new(),
                    })),
                },
            }
            before = kind;
        }
        Ok(file)
    }
}

impl Grouping {
    /// Whether a line belongs to the call that these lines began.
    fn goes_on(self, told: &[Line], line: &Line) -> bool {
        match self {
            Self::Events => line.text.starts_with('+'),
            Self::Messages => {
                let in_body = told.iter().any(|line| line.content().is_empty());
                let is_header = |text: &str| text.split_once(':').is_some_and(|(name, _)| !name.contains(' '));
                in_body || line.content().is_empty() || is_header(line.content())
            }
        }
    }
}

impl Line {
    /// Without its `>`, `+` or `<`.
    pub fn content(&self) -> &str {
        content(&self.text)
    }

    /// It sets the scene: is neither blank nor a comment.
    pub fn is_scene(&self) -> bool {
        !self.text.trim().is_empty() && !self.text.starts_with('#')
    }
}

fn content(text: &str) -> &str {
    let rest = text.get(1..).unwrap_or_default();
    rest.strip_prefix(' ').unwrap_or(rest)
}

fn kind(text: &str) -> char {
    match text.as_bytes() {
        [b'=', b'=', ..] => '=',
        [b'>' | b'+'] | [b'>' | b'+', b' ', ..] => '>',
        [b'<'] | [b'<', b' ', ..] => '<',
        _ => ' ',
    }
}

/// The file with what its components really did, call by call; where that is as expected, what was written stays.
pub fn rewritten(file: &File, done: &[Vec<String>]) -> String {
    let mut done = done.iter();
    let mut text = String::new();
    let mut push = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    file.preamble.iter().for_each(|line| push(&line.text));
    for case in &file.cases {
        push(&format!("== {}", case.name));
        for step in &case.steps {
            match step {
                Step::Scene(line) => push(&line.text),
                Step::Call(call) => {
                    call.told.iter().for_each(|line| push(&line.text));
                    let did = done.next().map(Vec::as_slice).unwrap_or_default();
                    for difference in Difference::between(&call.expected, did) {
                        if let Difference::Same(line) | Difference::More(line) = difference {
                            push(format!("< {line}").trim_end());
                        }
                    }
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "# all\nsettings a=1\n\n== one\n> GET\n>\n> body\n< 200\n\n== two\nkey 7\n> x\n< y [..]\n< z\n";

    #[test]
    fn a_file_is_what_was_written() {
        let file = File::read(WRITTEN, Grouping::Messages).unwrap();
        assert_eq!((file.preamble.len(), file.cases.len(), file.cases[1].line), (3, 2, 10));
        let Step::Call(call) = &file.cases[0].steps[0] else { panic!() };
        assert_eq!(call.told.iter().map(Line::content).collect::<Vec<_>>(), ["GET", "", "body"]);
        let done = [vec!["200".to_owned()], vec!["y 17".to_owned(), "z".to_owned()]];
        assert_eq!(rewritten(&file, &done), WRITTEN);
        let done = [vec!["200".to_owned()], vec!["y 17".to_owned()]];
        assert_eq!(rewritten(&file, &done), WRITTEN.replace("< z\n", ""));
    }

    #[test]
    fn events_are_a_call_each_but_for_those_with_a_plus() {
        let file = File::read("== one\n> a\n> b\n+ c\n< d\n", Grouping::Events).unwrap();
        let told: Vec<usize> = file.cases[0]
            .steps
            .iter()
            .map(|step| match step {
                Step::Call(call) => call.told.len(),
                Step::Scene(_) => 0,
            })
            .collect();
        assert_eq!(told, [1, 2]);
    }

    #[test]
    fn a_line_that_is_no_header_begins_another_message() {
        let file = File::read(
            "== one\n> submit a:b\n> 200\n> A: b\n>\n> c\n> d\n\n> query 1\n",
            Grouping::Messages,
        )
        .unwrap();
        let calls = file.cases[0].steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call.told.len()),
            Step::Scene(_) => None,
        });
        assert_eq!(calls.collect::<Vec<_>>(), [1, 5, 1]);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let refused = |text: &str| File::read(text, Grouping::Events).unwrap_err();
        assert_eq!(refused("> a\n"), "line 1: a case begins with `== its name`");
        assert_eq!(
            refused("== a\n< b\n"),
            "line 2: nothing was told before that this could follow from"
        );
        assert_eq!(refused("== a\n+ b\n"), "line 2: `+` goes on from a line with `>`");
    }
}
