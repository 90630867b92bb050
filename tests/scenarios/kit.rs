//! The kit of those who write components: their cases, what is said of a component and of its cost, and tests inside wasm.

use std::fs;
use std::path::{Path, PathBuf};

use edgebind_tests::guests::{self, component};
use edgebind_tests::guide::Reader;

/// A component of this workspace, in the reader's folder.
fn guest(reader: &Reader, package: &str) -> PathBuf {
    let file = reader.file(&format!("{package}.wasm"));
    fs::write(&file, component(package, &[], &[])).unwrap();
    file
}

fn kit(line: &str, component: &Path, cases: &Path, more: &str) -> String {
    format!("edgebind component {line} {} {} {more}", component.display(), cases.display())
}

#[test]
fn the_cases_of_every_built_in_component_hold_in_the_sandbox() {
    let reader = Reader::new();
    let all = guests::cases();
    let packages: Vec<&str> = all.iter().map(|(package, _)| package.as_str()).collect();
    assert!(
        packages.contains(&"edgebind-session") && packages.contains(&"edgebind-smsgate"),
        "{packages:?}"
    );
    for (package, cases) in &all {
        reader.types(&kit("test", &guest(&reader, package), cases, ""));
    }
}

#[test]
fn a_session_that_is_moved_after_every_call_does_the_same() {
    let reader = Reader::new();
    let cases = guests::cases().into_iter().find(|(package, _)| package == "edgebind-session");
    reader.types(&kit(
        "test",
        &guest(&reader, "edgebind-session"),
        &cases.unwrap().1,
        "--moved",
    ));
}

#[test]
fn what_is_not_as_expected_is_shown_and_can_be_accepted() {
    const CASES: &str = "settings api_base_url=https://sms.example device_id=phone1\nsecrets upstream.user upstream.password\n\n\
        == good\n> submit \"Hi\"\n< POST https://sms.example/messages\n< ...\n> 500\n< retry: [..]\n\n\
        == bad\n> submit \"\"\n< dead of boredom\n";
    let reader = Reader::new();
    let (component, file) = (guest(&reader, "edgebind-smsgate"), reader.file("cases.txt"));
    fs::write(&file, CASES).unwrap();

    let (done, said) = reader.tries(&kit("test", &component, &file, "--junit results.xml"));
    assert!(!done, "{said}");
    assert!(said.contains("1 of 2 cases not as expected"), "{said}");
    assert!(said.contains("\n== bad\n") && !said.contains("== good"), "{said}");
    assert!(said.contains("  - < dead of boredom\n  + < dead rejected 0x01"), "{said}");
    assert!(said.contains("--update accepts what is done"), "{said}");
    let results = fs::read_to_string(reader.file("results.xml")).unwrap();
    assert!(results.contains("tests=\"2\" failures=\"1\""), "{results}");
    assert!(results.contains("+ &lt; dead rejected 0x01"), "{results}");

    reader.types(&kit("test", &component, &file, "--update"));
    let accepted = fs::read_to_string(&file).unwrap();
    let (kept, written) = accepted.split_once("< dead rejected 0x01").unwrap();
    assert_eq!(kept, CASES.trim_end_matches("< dead of boredom\n"));
    assert_eq!(written.lines().count(), 1);
    reader.types(&kit("test", &component, &file, ""));
}

#[test]
fn a_case_that_cannot_be_read_says_where_and_why() {
    let reader = Reader::new();
    let (component, file) = (guest(&reader, "edgebind-smsgate"), reader.file("cases.txt"));
    for (cases, why) in [
        ("== a\n> dance\n", "line 2: \"dance\" is nothing that a translator is told"),
        ("== a\n> 200\n", "line 2: nothing was asked of the upstream"),
        ("== a\n< taken\n", "line 2: nothing was told before"),
        ("# nothing\n", "there is no case in these files"),
    ] {
        fs::write(&file, cases).unwrap();
        let (done, said) = reader.tries(&kit("test", &component, &file, ""));
        assert!(!done && said.contains(why), "{cases:?}: {said}");
    }
}

#[test]
fn check_says_in_words_what_a_component_is_and_why_one_would_be_refused() {
    let reader = Reader::new();
    let component = guest(&reader, "edgebind-smsgate");
    let said = reader.types(&kit("check", &component, Path::new(""), ""));
    for what in [
        "world: translator, version 0.3.0",
        "imports: edgebind:message",
        " of 16.0 MiB allowed",
        "a gateway takes it",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
    fs::write(reader.file("core.wasm"), b"\0asm\x01\0\0\0").unwrap();
    fs::write(reader.file("text.wasm"), "hello").unwrap();
    for (file, why) in [
        ("core.wasm", "it is a core module"),
        ("text.wasm", "not a usable component"),
        ("none.wasm", "No such file"),
    ] {
        let (done, said) = reader.tries(&kit("check", Path::new(file), Path::new(""), ""));
        assert!(!done && said.contains(why) && said.lines().count() == 1, "{file}: {said}");
    }
}

#[test]
fn what_cases_cost_stands_beside_what_they_cost_the_built_in_component() {
    let reader = Reader::new();
    let (component, file) = (guest(&reader, "edgebind-smsgate"), reader.file("cases.txt"));
    fs::write(
        &file,
        "settings api_base_url=https://sms.example device_id=a\n\n== a submit\n> submit \"Hi\"\n",
    )
    .unwrap();
    let said = reader.types(&kit("bench", &component, &file, ""));
    for row in ["an instance, entered once", "a submit", "memory, at most"] {
        let line = said
            .lines()
            .find(|line| line.starts_with(row))
            .unwrap_or_else(|| panic!("{row}: {said}"));
        // Both columns: a number and its unit each.
        assert_eq!(line[row.len()..].split_whitespace().count(), 4, "{line}");
    }
}

#[test]
fn a_session_is_begun_in_rust_by_either_target() {
    let reader = Reader::new();
    reader.types(
        "edgebind component new mine --lang rust --world session && rustup target add wasm32-wasip2 wasm32-unknown-unknown",
    );
    reader.types("cd mine && cargo test --quiet --locked");
    reader.types("cd mine && cargo build --quiet --locked --release --target wasm32-wasip2 --target wasm32-unknown-unknown");
    reader.types("edgebind component wrap mine/target/wasm32-unknown-unknown/release/mine.wasm wrapped.wasm");
    for file in ["wrapped.wasm", "mine/target/wasm32-wasip2/release/mine.wasm"] {
        assert!(
            reader
                .types(&format!("edgebind component check {file}"))
                .contains("world: session")
        );
        let said = reader.types(&format!(
            "edgebind component test {file} mine/cases && edgebind component test {file} mine/cases --moved"
        ));
        assert_eq!(said.matches("10 cases as expected").count(), 2, "{said}");
    }
    let imports = reader.types("edgebind component check wrapped.wasm");
    assert!(!imports.contains("wasi:"), "{imports}");
}

#[test]
fn what_cannot_be_begun_says_what_to_do() {
    let reader = Reader::new();
    fs::create_dir(reader.file("full")).unwrap();
    fs::write(reader.file("full/file"), "").unwrap();
    for (line, why) in [
        ("Mine --lang rust", "begin with a lower-case letter"),
        ("mine- --lang rust", "begin with a lower-case letter"),
        ("full --lang rust", "name another folder with --dir"),
    ] {
        let (done, said) = reader.tries(&format!("edgebind component new {line}"));
        assert!(!done && said.contains(why), "{line}: {said}");
    }
    assert!(!reader.file("mine").exists());
}

/// What cargo-nextest asks of a runner: both lists, and one test by its exact name, whose end is the process's.
#[test]
fn unit_tests_run_inside_wasm_one_instance_a_test() {
    const FAILING: &str = "#[test]\nfn fails() {\n    panic!(\"as it must\");\n}\n#[test]\n#[ignore]\nfn lazy() {}\n";
    let reader = Reader::new();
    reader.types("edgebind component new mine --lang rust && rustup target add wasm32-wasip2");
    let source = reader.file("mine/src/lib.rs");
    fs::write(&source, fs::read_to_string(&source).unwrap() + FAILING).unwrap();
    let built = reader.types("cd mine && cargo test --locked --no-run --target wasm32-wasip2 --message-format json 2>/dev/null");
    let tests = built
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
        .unwrap_or_else(|| panic!("{built}"));
    let runs = |arguments: &str| reader.tries(&format!("edgebind component run-tests {tests} {arguments}"));

    let (done, said) = runs("--list --format terse");
    let mut listed: Vec<&str> = said.lines().collect();
    listed.sort_unstable();
    let expected = [
        "fails: test",
        "lazy: test",
        "tests::settings_without_a_url_are_refused: test",
        "tests::the_last_setting_wins: test",
    ];
    assert!(done && listed == expected, "{said}");
    assert_eq!(runs("--list --format terse --ignored"), (true, "lazy: test\n".to_owned()));
    let (done, said) = runs("--exact tests::the_last_setting_wins --nocapture");
    assert!(done && said.contains("1 passed"), "{said}");
    let (done, said) = runs("--exact fails --nocapture");
    assert!(!done && said.contains("as it must"), "{said}");
    let (done, said) = reader.tries("edgebind component run-tests mine/Cargo.toml");
    assert!(!done && said.contains("not a program for wasm32-wasip2"), "{said}");
}
