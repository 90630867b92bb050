//! Debian's packages, unpacked and not installed: an installed package would start its daemons and need root, and this way
//! neither happens.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{once, run};
use crate::program;

/// A package, unpacked together with what it needs and this machine has not installed.
pub struct Debian {
    /// What is `/` to the package.
    root: PathBuf,
    /// LD_LIBRARY_PATH for its programs.
    pub libraries: OsString,
}

impl Debian {
    /// A file of the package: its absolute path on a machine where it is installed, without the first slash.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// One of its programs, which finds the libraries that came with it.
    pub fn program(&self, path: &str) -> Command {
        let mut command = Command::new(self.file(path));
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }
}

/// Kannel: bearerbox and smsbox in `usr/sbin`.
pub fn kannel() -> &'static Debian {
    static KANNEL: OnceLock<Debian> = OnceLock::new();
    KANNEL.get_or_init(|| unpacked("kannel", "1.4.5-*"))
}

/// The decoder tshark in `usr/bin`.
pub fn tshark() -> &'static Debian {
    static TSHARK: OnceLock<Debian> = OnceLock::new();
    TSHARK.get_or_init(|| unpacked("tshark", "4.0.*"))
}

/// Perl's Net::SMPP in `usr/share/perl5`.
pub fn net_smpp() -> &'static Debian {
    static NET_SMPP: OnceLock<Debian> = OnceLock::new();
    NET_SMPP.get_or_init(|| unpacked("libnet-smpp-perl", "1.19-*"))
}

/// Versions are those of one Debian release; the star stands for its security updates, which replace one another on the mirror.
pub(super) fn unpacked(package: &str, version: &str) -> Debian {
    let wanted = format!("{package}={version}");
    let root = once(package, &wanted, |folder| {
        let help = "the Debian mirror must be reachable by apt-get";
        // Run as root, apt-get would like to download as a user who cannot write here, and warns that it does not.
        run(
            Command::new("apt-get")
                .args(["-qq", "-o", "APT::Sandbox::User=root", "download"])
                .args(with_what_is_missing(&wanted))
                .current_dir(folder),
            help,
        );
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "deb") {
                run(
                    Command::new("dpkg").arg("--extract").arg(&file).arg(folder),
                    "dpkg unpacks Debian's packages",
                );
                fs::remove_file(file).unwrap();
            }
        }
    });
    Debian {
        libraries: libraries(&root),
        root,
    }
}

fn libraries(root: &Path) -> OsString {
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    std::env::join_paths(["usr/lib", "lib"].map(|lib| root.join(lib).join(&triplet))).unwrap()
}

/// The package and what it needs that this machine lacks, by apt-get's own reckoning.
fn with_what_is_missing(wanted: &str) -> Vec<String> {
    // One at a time: apt-get gives up on lists that another apt-get updates.
    let lock = File::create(program::folder("apt").join("lock")).unwrap();
    lock.lock().unwrap();
    reckoned(wanted).unwrap_or_else(|_| {
        run(
            Command::new("apt-get")
                .args(["-qq", "update"])
                .env("DEBIAN_FRONTEND", "noninteractive"),
            "Debian's package lists are not here: run `apt-get update` as root once",
        );
        reckoned(wanted).unwrap_or_else(|why| panic!("Debian has no {wanted} for this machine: {why}"))
    })
}

fn reckoned(wanted: &str) -> Result<Vec<String>, String> {
    let output = Command::new("apt-get")
        .args(["install", "--simulate", "--no-install-recommends", "--reinstall", wanted])
        .output()
        .expect("these scenarios need Debian's apt-get; run them on Debian 12 or in its container");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    // Inst libwiretap13 (4.0.17-0+deb12u3 Debian:12.15/oldstable [amd64])
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let installs = lines.lines().filter_map(|line| line.strip_prefix("Inst "));
    Ok(installs
        .filter_map(|install| install.split_whitespace().next().map(str::to_owned))
        .collect())
}
