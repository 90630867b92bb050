//! Other people's SMPP servers, which the bench drives beside this one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::debian::{Debian, unpacked};
use super::{install_requirements, once, run, sources};
use crate::program;

/// The programs of a virtual environment with Jasmin.
pub fn jasmin() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        // Jasmin itself and two packages that it needs are on the index as sources only.
        let sources_too = ["--no-binary", "jasmin,python-messaging,smpp.twisted3,txAMQP3"];
        install_requirements("jasmin", &sources("jasmin/requirements.txt"), &sources_too)
    })
}

/// What Jasmin reads AMQP's grammar from: a file of its source that installing leaves out.
pub fn jasmin_resources() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let requirements = fs::read_to_string(sources("jasmin/requirements.txt")).unwrap();
        let start = requirements.find("jasmin==").expect("Jasmin is required");
        let pin: String = requirements[start..].lines().take(2).collect::<Vec<_>>().join("\n");
        let pip = jasmin().join("pip");
        once("jasmin-source", &pin, |folder| {
            fs::write(folder.join("requirements.txt"), &pin).unwrap();
            run(
                Command::new(pip)
                    .args([
                        "download",
                        "--quiet",
                        "--disable-pip-version-check",
                        "--no-deps",
                        "--require-hashes",
                    ])
                    .args(["--no-binary", ":all:", "--requirement", "requirements.txt"])
                    .current_dir(folder),
                "the package index must be reachable by pip",
            );
            let archive = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let archive = archive
                .into_iter()
                .find(|path| path.extension().is_some_and(|extension| extension == "gz"));
            let archive = archive.expect("pip has downloaded an archive");
            run(
                Command::new("tar")
                    .args(["--extract", "--strip-components=1", "--file"])
                    .arg(archive)
                    .current_dir(folder),
                "tar unpacks it",
            );
        })
        .join("misc/config/resource")
    })
}

/// Redis: redis-server in `usr/bin`.
pub fn redis() -> &'static Debian {
    static REDIS: OnceLock<Debian> = OnceLock::new();
    REDIS.get_or_init(|| unpacked("redis-server", "5:7.0.15-*"))
}

/// RabbitMQ in `usr/lib/rabbitmq`, with Erlang in `usr/lib/erlang`.
pub fn rabbitmq() -> &'static Debian {
    static RABBITMQ: OnceLock<Debian> = OnceLock::new();
    RABBITMQ.get_or_init(|| unpacked("rabbitmq-server", "3.10.8-*"))
}

/// A server on the smpp34 crate with an empty handler, built from its own package.
pub fn smpp34_server() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = program::folder("smpp34-server");
        run(
            Command::new(env!("CARGO"))
                .args(["build", "--release", "--locked", "--quiet", "--target-dir"])
                .arg(&folder)
                .current_dir(program::workspace().join("tests/load/peers/smpp34")),
            "cargo's own words say why",
        );
        folder.join("release/smpp34-server")
    })
}
