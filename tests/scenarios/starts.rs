//! What is looked at before the first connection: whether the kernel gives what the limits take, and whether components were
//! compiled before.

use std::fs;
use std::process::{Output, Stdio};

use edgebind_tests::config::Config;
use edgebind_tests::edgebind::{Home, command};
use edgebind_tests::program;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

const NOWHERE: &str = "http://127.0.0.1:1/";

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_the_kernel_cannot_hold_are_refused_naming_what_to_raise() {
    let home = Home::new();
    let config = Config {
        limits: "connections_max = 3000\nsessions_max = 1000000".to_owned(),
        ..Config::default()
    };
    let file = home.write("edgebind.toml", config.toml(&home, NOWHERE));
    let check = with_descriptors("1000", "1000")
        .arg("check")
        .arg("--config")
        .arg(&file)
        .output()
        .await;
    let said = said(&check.unwrap());
    for named in [
        "limits.connections_max = 3000",
        "ulimit -n 3512",
        "LimitNOFILE=3512",
        "sysctl vm.max_map_count=",
    ] {
        assert!(said.contains(named), "{named} is not named:\n{said}");
    }
    let serve = with_descriptors("1000", "1000")
        .args(["serve", "--data-dir"])
        .arg(home.data_dir())
        .arg("--config")
        .arg(&file)
        .output()
        .await;
    let said = self::said(&serve.unwrap());
    assert!(said.contains("ulimit -n 3512"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_descriptors_are_taken_and_fewer_connections_are_said() {
    let home = Home::new();
    let file = home.write("edgebind.toml", Config::default().toml(&home, NOWHERE));
    let mut serve = with_descriptors("700", "2000")
        .args(["serve", "--print-addresses", "--data-dir"])
        .arg(home.data_dir())
        .arg("--config")
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(serve.stdout.take().unwrap())
        .read_line(&mut line)
        .await
        .unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", serve.id().unwrap())).unwrap();
    let open_files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let numbers: Vec<&str> = open_files.split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers, ["2000", "2000"]);
    serve.start_kill().unwrap();
    let said = said(&serve.wait_with_output().await.unwrap());
    assert!(said.contains("1488 connections may be open instead of 12000"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_start_has_compiled_the_next_one_finds() {
    let home = Home::new();
    let compiled = home.data_dir().join("cache").join("compiled");
    let file = home.write("edgebind.toml", Config::default().toml(&home, NOWHERE));
    let check = async || {
        let output = command()
            .env("EDGEBIND_CACHE_DIR", compiled.parent().unwrap())
            .arg("check")
            .arg("--config")
            .arg(&file)
            .output();
        assert!(output.await.unwrap().status.success());
        let mut files: Vec<_> = fs::read_dir(&compiled)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name(), entry.metadata().unwrap().created().unwrap())
            })
            .collect();
        files.sort();
        files
    };
    let first = check().await;
    assert!(first.len() >= 2, "the session and the translator: {first:?}");
    assert_eq!(check().await, first, "compiled once, and not again");
}

/// The program with as many file descriptors as these, soft and hard.
fn with_descriptors(soft: &str, hard: &str) -> Command {
    let mut shell = Command::new("sh");
    for (name, value) in command().as_std().get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
        .args(["-c", "ulimit -Sn $1 && ulimit -Hn $2 && shift 2 && exec \"$0\" \"$@\""])
        .arg(program::edgebind())
        .args([soft, hard])
        .stdin(Stdio::null());
    shell
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}
