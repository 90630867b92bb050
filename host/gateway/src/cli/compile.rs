//! `edgebind compile`: what a gateway starts to compile one component, so that a component that is too much for the compiler
//! ends this process. Nobody types it. The address space that it may take has to hold what the allocator reserves before anything runs:
//! whoever starts it says so by `MIMALLOC_ARENA_RESERVE`.

use clap::Args;
use edgebind_runtime::compile_into;
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use std::{io::Read as _, path::PathBuf, process::ExitCode};

/// Compile the component on standard input into a file, within these bounds.
#[derive(Debug, Args)]
pub struct Compile {
    /// Octets of memory that a guest may be given
    #[arg(long)]
    memory_bytes: usize,
    /// Octets of stack that a call may have
    #[arg(long)]
    stack_bytes: usize,
    /// Seconds of processor time
    #[arg(long)]
    seconds: u64,
    /// Octets of address space
    #[arg(long)]
    address_space: u64,
    /// Octets of the file
    #[arg(long)]
    file_bytes: u64,
    /// The file
    out: PathBuf,
}

/// Compiling gives way to traffic.
const NICE: i32 = 5;

impl Compile {
    /// Compiles; says on standard error why it does not.
    pub fn run(&self) -> ExitCode {
        match self.compile() {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        }
    }

    fn compile(&self) -> Result<(), String> {
        // Before a single octet of the component is looked at.
        for (what, most) in [
            (Resource::Core, 0),
            (Resource::Cpu, self.seconds),
            (Resource::As, self.address_space),
            (Resource::Fsize, self.file_bytes),
        ] {
            // At the most that may be, the kernel kills without saying why: a moment before, it says that it was time.
            let more = if what == Resource::Cpu { 1 } else { 0 };
            let (current, maximum) = (Some(most), Some(most + more));
            setrlimit(what, Rlimit { current, maximum }).map_err(|error| format!("{what:?} cannot be bounded: {error}"))?;
        }
        // It is only slower for others if this fails.
        let _ = nice(NICE);
        let mut component = Vec::new();
        std::io::stdin()
            .read_to_end(&mut component)
            .map_err(|error| format!("the component cannot be read: {error}"))?;
        compile_into(&self.out, &component, self.memory_bytes, self.stack_bytes)
    }
}
