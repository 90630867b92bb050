//! The command line as operators and developers use it: the real program against a running gateway.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use edgebind_simulator::esme::{BindKind, Esme, Submit};
use edgebind_simulator::smsgate::{Fault, On};
use edgebind_tests::config::{Config, PASSWORD, SYSTEM_ID, UPSTREAM};
use edgebind_tests::edgebind::{Edgebind, Home, command};
use edgebind_tests::guests::{component, noted};
use edgebind_tests::wait::{self, PATIENCE};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use crate::pki::Pki;
use crate::world::{World, submission, upstream};

/// A shell in which one gateway is known.
struct Shell {
    url: String,
    data_dir: PathBuf,
    ca: Option<PathBuf>,
}

/// What a command left.
struct Said {
    success: bool,
    out: String,
    err: String,
}

impl Shell {
    fn of(edgebind: &Edgebind, home: &Home) -> Self {
        Self {
            url: edgebind.admin().base_url().to_owned(),
            data_dir: home.data_dir(),
            ca: None,
        }
    }

    /// A command with this on its standard input, and what it said.
    async fn said(&self, line: &[&str], input: &str) -> Said {
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Who does not read it has ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let output = child.wait_with_output().await.unwrap();
        Said {
            success: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn command(&self, line: &[&str]) -> tokio::process::Command {
        let mut command = command();
        command.args(line).env("EDGEBIND_URL", &self.url);
        command.env("EDGEBIND_DATA_DIR", &self.data_dir).kill_on_drop(true);
        command.envs(self.ca.as_ref().map(|ca| ("EDGEBIND_CA", ca)));
        command
    }

    /// A command that is done, and its standard output.
    async fn done(&self, line: &[&str], input: &str) -> String {
        let said = self.said(line, input).await;
        assert!(said.success, "{line:?}: {}", said.err);
        said.out
    }

    /// A list, as programs read it.
    async fn json(&self, line: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[line, &["--json"]].concat(), "").await).unwrap()
    }

    /// Why a command is not done.
    async fn refused(&self, line: &[&str], input: &str) -> String {
        let said = self.said(line, input).await;
        assert!(!said.success && said.out.is_empty(), "{line:?} is done: {}", said.out);
        said.err
    }
}

/// The cells of a table's rows, headings first.
fn cells(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect()
}

/// A gateway without tenants.
async fn empty(home: &Home) -> Edgebind {
    let http = home.http();
    let toml = format!(
        "[smpp]\nplain = \"127.0.0.1:0\"\n[http]\naddr = \"{http}\"\nwebhook_base_url = \"http://{http}\"\n[admin]\naddr = \"127.0.0.1:0\"\n"
    );
    Edgebind::with_config(home, &toml).await
}

/// A tenant's file, whose upstream password is elsewhere.
fn tenant_file(home: &Home, api_base_url: &str) -> String {
    let (user, password) = UPSTREAM;
    home.write("upstream-password", format!("{password}\n"));
    let toml = format!(
        r#"
name = "beta"
binds_max = 5
[secrets]
upstream.user = "{user}"
upstream.password = {{ file = "upstream-password" }}
[translator_settings]
api_base_url = "{api_base_url}"
"#
    );
    path(&home.write("beta.toml", toml))
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

async fn bound(edgebind: &Edgebind, system_id: &str, password: &str) -> Esme {
    Esme::bound(edgebind.smpp(), BindKind::Transceiver, system_id, password)
        .await
        .unwrap_or_else(|error| panic!("{system_id} cannot bind: {error}"))
}

fn hello() -> Submit {
    Submit::text("EDGEBIND", "+447700900123", "Hello")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_made_watched_and_removed() {
    let (home, upstream) = (Home::new(), upstream().await);
    let edgebind = empty(&home).await;
    let shell = Shell::of(&edgebind, &home);
    assert_eq!(
        shell.done(&["tenants"], "").await,
        "no tenants: `edgebind tenants create FILE` makes one\n"
    );
    let file = tenant_file(&home, upstream.base_url());
    assert_eq!(shell.done(&["tenants", "create", &file], "").await, "tenant beta is there\n");
    let of_beta = |line: &[&'static str]| [line, &["--tenant", "beta"]].concat();

    // Who may bind: with a password of one's own, or a new one that is shown once.
    let add = shell
        .said(&of_beta(&["accounts", "add", "beta01", "binds_max=2"]), "beta-pw1\n")
        .await;
    assert_eq!((add.out.as_str(), add.err.as_str()), ("account beta01 is there\n", ""));
    let add = shell.said(&of_beta(&["accounts", "add", "beta02", "--generate"]), "").await;
    let generated = add.err.trim().strip_prefix("password: ").expect("it is shown").to_owned();
    assert_eq!(
        cells(&shell.done(&of_beta(&["accounts"]), "").await),
        [&["system_id", "binds max"][..], &["beta01", "2"], &["beta02"]]
    );
    bound(&edgebind, "beta02", &generated).await.unbind().await.unwrap();

    // Who is bound; and then is not.
    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    submission(&upstream, &id).await;
    let table = shell.done(&["binds"], "").await;
    let [headings, row] = <[_; 2]>::try_from(cells(&table)).unwrap();
    assert_eq!(&headings[..7], ["bind", "tenant", "account", "as", "from", "since", "window"]);
    assert_eq!(&row[1..5], ["beta", "beta01", "transceiver", "127.0.0.1"]);
    let binds = shell.json(&["binds", "--tenant", "beta"]).await;
    assert_eq!((&binds[0]["account"], &binds[0]["accepted"]), (&json!("beta01"), &json!(1)));
    let bind = binds[0]["id"].to_string();
    assert_eq!(
        shell.done(&["binds", "end", &bind], "").await,
        format!("bind {bind} is told to unbind\n")
    );
    wait::until("the bind to end", PATIENCE, async || esme.has_ended().then_some(())).await;
    assert_eq!(shell.done(&["binds"], "").await, "nobody is bound\n");

    // What it is: the file again, without what is secret.
    assert_eq!(
        shell
            .done(
                &["tenants", "set", "beta", "rate.per_second=50", "rate.burst=100", "binds_max="],
                ""
            )
            .await,
        "tenant beta is changed\n"
    );
    let toml = shell.done(&["tenants", "show", "beta"], "").await;
    for line in [
        "name = \"beta\"\n",
        "[rate]\nburst = 100\nper_second = 50\n",
        "[[accounts]]\nbinds_max = 2\nsystem_id = \"beta01\"\n",
    ] {
        assert!(toml.contains(line), "{line} is not in it:\n{toml}");
    }
    assert!(!toml.contains("set = true") && !toml.contains("secrets"), "{toml}");

    // What waits, and that a tenant is not removed over it by mistake.
    upstream
        .faults()
        .always(On::Submit, Fault::status(503, "service unavailable"));
    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    let messages = shell.done(&["messages", "--tenant", "beta"], "").await;
    let rows = cells(&messages);
    assert_eq!(rows[1][..4], [&id, "beta", "beta01", "submit"]);
    assert!(!messages.contains("7700900123"), "{messages}");
    let shown = shell.done(&["messages", "show", &id], "").await;
    assert!(
        shown.contains(&format!("id           {id}\n")) && shown.contains("destination  4477********\n"),
        "{shown}"
    );
    let refusal = shell.refused(&["tenants", "remove", "beta"], "").await;
    assert!(refusal.starts_with("edgebind: 1 messages of tenant beta wait: "), "{refusal}");
    assert_eq!(
        shell.done(&["tenants", "suspend", "beta"], "").await,
        "tenant beta is suspended: its messages wait\n"
    );
    assert_eq!(cells(&shell.done(&["tenants"], "").await)[1][..2], ["beta", "suspended"]);
    assert_eq!(
        shell.done(&["tenants", "remove", "beta", "--force"], "").await,
        "tenant beta is removed\n"
    );

    let audit = shell.done(&["audit", "--tenant", "beta"], "").await;
    for expected in [
        "tenant created",
        "account created",
        "tenant changed",
        "binds_max no longer 5, rate {burst = 100, per_second = 50}",
        "tenant suspended",
        "tenant removed",
    ] {
        assert!(audit.contains(expected), "{expected} is not in it:\n{audit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_set_and_never_shown() {
    let (home, upstream) = (Home::new(), upstream().await);
    let edgebind = empty(&home).await;
    let shell = Shell::of(&edgebind, &home);
    shell
        .done(&["tenants", "create", &tenant_file(&home, upstream.base_url())], "")
        .await;
    shell.done(&["accounts", "add", "beta01", "-t", "beta"], "beta-pw1").await;
    let password = path(&home.write("new-password", "another one\n"));
    for line in [
        &["secrets", "set", "upstream.password", "--from-file", &password, "-t", "beta"][..],
        &["secrets", "set", "webhook", "-t", "beta"],
    ] {
        assert_eq!(shell.done(line, "sign here\n").await, format!("secret {} is set\n", line[2]));
    }
    assert_eq!(
        shell.done(&["secrets", "-t", "beta"], "").await,
        "upstream.password\nupstream.user\nwebhook\n"
    );
    let esme = bound(&edgebind, "beta01", "beta-pw1").await;
    esme.submit(&hello()).await.unwrap();
    wait::until("the upstream to refuse the other password", PATIENCE, async || {
        upstream.calls().iter().any(|call| call.status == Some(401)).then_some(())
    })
    .await;
    assert_eq!(
        shell.done(&["secrets", "remove", "webhook", "-t", "beta"], "").await,
        "secret webhook is removed\n"
    );

    // The account's password, from now on.
    shell
        .done(&["accounts", "password", "beta01", "-t", "beta"], "beta-pw2")
        .await;
    assert!(
        Esme::bound(edgebind.smpp(), BindKind::Transceiver, "beta01", "beta-pw1")
            .await
            .is_err()
    );
    bound(&edgebind, "beta01", "beta-pw2").await.unbind().await.unwrap();
    for line in [
        &["tenants", "show", "beta", "--json"][..],
        &["accounts", "--tenant", "beta", "--json"],
        &["audit", "--json"],
    ] {
        let said = shell.done(line, "").await;
        for secret in ["another one", "sign here", "beta-pw", UPSTREAM.1] {
            assert!(!said.contains(secret), "{line:?} shows {secret}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_one_sentence_that_says_what_to_do() {
    let home = Home::new();
    let edgebind = Edgebind::with_config(&home, &Config::default().toml(&home, "http://127.0.0.1:9")).await;
    let shell = Shell::of(&edgebind, &home);
    let url = &shell.url;
    let table: &[(&[&str], &str)] = &[
        (&["tenants", "show", "nobody"], "there is no tenant nobody"),
        (
            &["tenants", "suspend", "acme"],
            "tenant acme is the configuration file's: change it there, and send SIGHUP",
        ),
        (
            &["accounts", "show", "esme09", "--tenant", "acme"],
            "tenant acme has no account esme09",
        ),
        (&["accounts"], "whose? name the tenant with --tenant or EDGEBIND_TENANT"),
        (&["binds", "end", "99"], "there is no bind 99"),
        (
            &["messages", "show", "abc"],
            "`abc` is no message id: at most 18 digits, the first not 0",
        ),
        (
            &["accounts", "add", "esme09", "--tenant", "acme"],
            "no password: write it to standard input, name a file with --password-file, set EDGEBIND_PASSWORD, or let one be made with --generate",
        ),
    ];
    for (line, expected) in table {
        assert_eq!(shell.refused(line, "").await, format!("edgebind: {expected}\n"), "{line:?}");
    }

    // Every mistake at once, one a line.
    let wrong = path(&home.write("wrong.toml", "name = \"Beta\"\ncolour = \"red\"\n"));
    let refusal = shell.refused(&["tenants", "create", &wrong], "").await;
    let lines: Vec<&str> = refusal.lines().collect();
    assert!(
        lines[0].starts_with("edgebind: ") && lines[0].ends_with(" mistakes, and nothing is changed:"),
        "{refusal}"
    );
    for place in ["name: ", "colour: "] {
        assert!(lines[1..].iter().any(|line| line.starts_with(place)), "{place} in {refusal}");
    }

    // A command line that clap refuses.
    let refusal = shell.refused(&["tenants", "set", "acme", "secrets.webhook=x"], "").await;
    assert!(
        refusal.contains("`secrets` is not set here but by `edgebind secrets set`"),
        "{refusal}"
    );

    // The token.
    assert_eq!(
        shell
            .refused(&["tenants", "--token", "0123456789abcdef0123456789abcdef"], "")
            .await,
        format!(
            "edgebind: {url}/ refuses the token of --token or EDGEBIND_TOKEN: set EDGEBIND_TOKEN to its own, or name its data directory with --data-dir\n"
        )
    );
    let nowhere = home.data_dir().join("nowhere");
    let refusal = shell.refused(&["tenants", "--data-dir", &path(&nowhere)], "").await;
    assert_eq!(
        refusal,
        format!(
            "edgebind: no token: {}/admin-token cannot be read (No such file or directory (os error 2)); name the gateway's data directory \
             with --data-dir or EDGEBIND_DATA_DIR, or set EDGEBIND_TOKEN\n",
            nowhere.display()
        )
    );

    // Nobody there.
    edgebind.terminate().await;
    assert_eq!(
        shell.refused(&["tenants"], "").await,
        format!(
            "edgebind: no gateway answers at {url}/ (Connection refused (os error 111)): start one with `edgebind serve`, or say where it \
             is with --url or EDGEBIND_URL\n"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_administered_over_tls_if_its_authority_is_known() {
    let (home, pki) = (Home::new(), Pki::new("our authority"));
    let [chain, key] = pki.issue("localhost").write(&home, "gateway");
    let toml = Config::default()
        .toml(&home, "http://127.0.0.1:9")
        .replace("[admin]", &format!("[admin]\ntls = {{ cert = {chain:?}, key = {key:?} }}"));
    let edgebind = Edgebind::with_config(&home, &toml).await;
    let url = edgebind.admin().base_url().replace("http://127.0.0.1", "https://localhost");
    let mut shell = Shell {
        url: url.clone(),
        ..Shell::of(&edgebind, &home)
    };
    let refusal = shell.refused(&["tenants"], "").await;
    assert!(
        refusal.starts_with(&format!("edgebind: {url}/ shows a certificate that is not trusted ("))
            && refusal.ends_with("): name its authority with --ca FILE\n"),
        "{refusal}"
    );
    shell.ca = Some(home.write("ca.pem", pki.pem()));
    let tenants = shell.json(&["tenants"]).await;
    assert_eq!(tenants[0]["name"], "acme");
    assert_eq!(
        cells(&shell.done(&["accounts", "-t", "acme"], "").await),
        [["system_id"], [SYSTEM_ID]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_deployed_listed_and_rolled_back() {
    let world = World::start(&Config::default()).await;
    let shell = Shell::of(&world.edgebind, &world.home);
    let esme = bound(&world.edgebind, SYSTEM_ID, PASSWORD).await;
    let smsgate = component("edgebind-smsgate", &[], &[]);
    let file = path(&world.home.write("second.wasm", noted(&smsgate, "second")));

    let said = shell.done(&["deploy", &file, "--tenant", "acme"], "").await;
    assert!(
        said.starts_with("acme translator: revision 2 (") && said.contains(") is in use: compiled in "),
        "{said}"
    );
    let hex = path(&world.home.write("hex.toml", "message_id = \"hex\"\n"));
    let said = shell
        .done(
            &["deploy", "--builtin", "session", "--settings", &hex, "--tenant", "acme"],
            "",
        )
        .await;
    assert!(
        said.starts_with("acme session: revision 2 (built-in session) is in use: "),
        "{said}"
    );
    wait::until("the bind to move", PATIENCE, async || {
        (shell.json(&["binds"]).await[0]["release"] == 2).then_some(())
    })
    .await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    assert!(id.parse::<u64>().is_err(), "{id} is not in hex");

    let table = shell.done(&["releases", "--tenant", "acme"], "").await;
    let rows: Vec<Vec<&str>> = cells(&table).iter().map(|row| row[..3].to_vec()).collect();
    assert_eq!(
        rows,
        [
            ["world", "revision", "state"],
            ["session", "2", "in use"],
            ["session", "1", "before"],
            ["translator", "2", "in use"],
            ["translator", "1", "before"],
        ]
    );
    let shown = shell
        .done(&["releases", "show", "2", "--world", "session", "--tenant", "acme"], "")
        .await;
    assert!(shown.contains("settings.message_id  hex\n"), "{shown}");
    assert_eq!(
        shell.done(&["rollback", "--world", "session", "--tenant", "acme"], "").await,
        "acme session: back at revision 1\n"
    );
    wait::until("the bind to move back", PATIENCE, async || {
        (shell.json(&["binds"]).await[0]["release"] == 1).then_some(())
    })
    .await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    assert!(id.parse::<u64>().is_ok(), "{id} is not decimal");

    // A trial, side by side with the release in use.
    let said = shell
        .done(
            &[
                "deploy",
                "--builtin",
                "smsgate",
                "--canary",
                "50",
                "--promote-after",
                "0",
                "-t",
                "acme",
            ],
            "",
        )
        .await;
    assert!(said.contains("is on trial with 50 % of what comes: "), "{said}");
    let trial = shell
        .done(&["releases", "trial", "--world", "translator", "-t", "acme"], "")
        .await;
    assert!(
        trial.contains("trial.percent          50\n") && trial.contains("\non trial         3 "),
        "{trial}"
    );
    shell
        .done(&["releases", "dismiss", "--world", "translator", "-t", "acme"], "")
        .await;

    // What is wrong with a component is said.
    let refusal = shell
        .refused(
            &["deploy", &path(&world.home.write("no.wasm", "no component")), "-t", "acme"],
            "",
        )
        .await;
    assert!(refusal.starts_with("edgebind: ") && refusal.lines().count() == 1, "{refusal}");
    assert!(!esme.has_ended());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_live_a_moment_later() {
    let world = World::start(&Config::default()).await;
    let shell = Shell::of(&world.edgebind, &world.home);
    let smsgate = component("edgebind-smsgate", &[], &[]);
    let file = world.home.write("mine.wasm", noted(&smsgate, "first"));
    let mut child = shell
        .command(&["watch", &path(&file), "--tenant", "acme"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = async || {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("a line is printed");
        line.unwrap().expect("the watch goes on")
    };
    let said = line().await;
    assert!(said.contains(" acme translator: revision 2 is live after "), "{said}");

    // Each save, as an editor or a linker writes it; what is wrong is said, and it goes on.
    for (content, expected) in [
        (noted(&smsgate, "second one"), " acme translator: revision 3 is live after "),
        (b"no component".to_vec(), " refused: "),
        (noted(&smsgate, "third"), " acme translator: revision 4 is live after "),
    ] {
        std::fs::write(&file, content).unwrap();
        let said = line().await;
        assert!(said.contains(expected), "{said}");
    }
    let releases = shell.json(&["releases", "--tenant", "acme"]).await;
    let in_use = releases
        .as_array()
        .unwrap()
        .iter()
        .filter(|release| release["state"] == "in use");
    let in_use: Vec<(&Value, &Value)> = in_use.map(|release| (&release["world"], &release["revision"])).collect();
    assert_eq!(in_use, [(&json!("session"), &json!(1)), (&json!("translator"), &json!(4))]);
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_fetched_and_run_again_on_another_component() {
    let config = Config {
        tenant: "recording = { octets_max = 200000 }".into(),
        ..Config::default()
    };
    let world = World::start(&config).await;
    let shell = Shell::of(&world.edgebind, &world.home);
    let esme = bound(&world.edgebind, SYSTEM_ID, PASSWORD).await;
    let id = esme.submit(&hello()).await.unwrap().remove(0);
    submission(&world.upstream, &id).await;
    let recording = wait::until("a recorded submission", PATIENCE, async || {
        let recordings = shell.json(&["recordings", "--tenant", "acme"]).await;
        let mut recordings = recordings.as_array().unwrap().clone().into_iter();
        recordings.find(|recording| recording["kind"] == "operation")
    })
    .await;
    let fetched = shell
        .done(&["recordings", "get", recording["id"].as_str().unwrap(), "-t", "acme"], "")
        .await;
    let file = path(&world.home.write("complaint.json", &fetched));
    world.edgebind.terminate().await;

    // Offline: the same component says the same, and another one what it would have done.
    let same = shell.done(&["replay", &file], "").await;
    let second = component("edgebind-smsgate", &[], &[("EDGEBIND_BUILD", "second")]);
    let second = path(&world.home.write("second.wasm", second));
    let differs = shell.said(&["replay", "-", "--with", &second], &fetched).await;
    assert!(!differs.success && differs.out != same, "{}", differs.out);
    assert!(differs.out.to_lowercase().contains("user-agent"), "{}", differs.out);
}
