//! A process that compiles one component and ends. Nothing that a component does to its compiler is done to this process.

use super::Compiler;
use crate::{limits::Limits, world::LoadError};
use std::{
    ffi::OsString,
    io::{self, Read, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How to start a process that compiles. It is given, after these arguments, `--memory-bytes`, `--stack-bytes`, `--seconds`,
/// `--address-space` and `--file-bytes` with a number each and the file to write; the component on its standard input; no
/// other environment. It bounds itself by the last three, calls [`compile_into`](crate::compile_into), and says what is wrong with the
/// component on its standard error, with exit status 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildCommand {
    /// The program.
    pub program: PathBuf,
    /// Its first arguments.
    pub args: Vec<OsString>,
    /// All of its environment.
    pub env: Vec<(OsString, OsString)>,
}

/// How often it is looked whether the child has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Octets taken of what it says.
const SAID_MAX: u64 = 4096;

impl ChildCommand {
    /// Compiles into this file.
    pub(super) fn run(&self, compiler: &Compiler, limits: &Limits, bytes: &[u8], out: &Path) -> Result<(), LoadError> {
        let failed = |error: io::Error| LoadError::Host(format!("{}: {error}", self.program.display()));
        let mut child = self.command(compiler, limits, out).spawn().map_err(failed)?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let (ended, said) = thread::scope(|scope| {
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(bytes)));
            let said = scope.spawn(move || stderr.map(said).unwrap_or_default());
            let ended = wait(&mut child, Duration::from_secs(compiler.seconds_max));
            (ended, said.join().unwrap_or_default())
        });
        let too_long = || LoadError::Compile(format!("takes more than {} s", compiler.seconds_max));
        let status = ended.map_err(failed)?.ok_or_else(too_long)?;
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(1), _) => Err(LoadError::Unusable(said)),
            (_, Some(XCPU)) => Err(too_long()),
            (_, Some(XFSZ)) => Err(LoadError::Compile(format!(
                "makes more than {} octets of machine code",
                compiler.kept_bytes_max
            ))),
            (_, Some(ABRT)) if said.contains("memory allocation") => Err(LoadError::Compile(format!(
                "takes more than {} octets of memory",
                compiler.memory_bytes_max
            ))),
            _ => Err(LoadError::Compile(format!("broke the compiler ({status}): {said}"))),
        }
    }

    fn command(&self, compiler: &Compiler, limits: &Limits, out: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        for (name, value) in [
            ("--memory-bytes", limits.memory_bytes as u64),
            ("--stack-bytes", limits.stack_bytes as u64),
            ("--seconds", compiler.seconds_max),
            ("--address-space", compiler.memory_bytes_max),
            ("--file-bytes", compiler.kept_bytes_max),
        ] {
            command.arg(name).arg(value.to_string());
        }
        command
            .arg(out)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

// Signals that have these numbers on every system that there is.
const ABRT: i32 = 6;
const XCPU: i32 = 24;
const XFSZ: i32 = 25;

/// How it ended; none if it did not in time, and was ended.
fn wait(child: &mut Child, time: Duration) -> io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > time {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

/// What it says, in one line; what it says beyond that is read, and lost.
fn said(mut stderr: impl Read) -> String {
    let mut said = Vec::new();
    let _ = (&mut stderr).take(SAID_MAX).read_to_end(&mut said);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&said)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
