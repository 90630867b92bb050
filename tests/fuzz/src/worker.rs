//! One target for some time, in a process that may die of it: `fuzz-worker TARGET SECONDS SEED FOLDER`. `edgebind-fuzz` starts it.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::{self, ExitCode};
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use edgebind_fuzz::{
    black_box::BlackBox,
    corpus::Corpus,
    engine::{self, Budget, Engine},
    maze,
    target::Target,
};

/// How long one input may take, on a busy machine.
const HANG: Duration = Duration::from_secs(20);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [target, seconds, seed, folder] = &arguments[..] else {
        return Err("usage: fuzz-worker TARGET SECONDS SEED FOLDER".into());
    };
    engine::hear_panics();
    if !maze::is_found() {
        return Err("this worker is blind: it was built without instrumentation, or nothing comes of it".into());
    }
    let target: Target = target.parse()?;
    let folder = Path::new(folder);
    let (corpus, inputs) = Corpus::open(&folder.join("corpus").join(target.name))?;
    let mut engine = Engine::new(target, seed.parse()?);
    engine.note_in(BlackBox::create(folder, target)?);
    engine.keep_in(corpus);
    thread::spawn(watch);
    let finding = engine.run(inputs, Budget::Time(Duration::from_secs(seconds.parse()?)))?;
    println!("{:<10} {}", target.name, engine.progress());
    Ok(match finding {
        None => ExitCode::SUCCESS,
        Some(finding) => {
            println!("{finding}");
            ExitCode::FAILURE
        }
    })
}

/// Ends the process when one input takes for ever; what it was is in the black box.
fn watch() {
    let mut last = u64::MAX;
    loop {
        let beat = engine::BEAT.load(Relaxed);
        if beat == last {
            println!("one input takes longer than {} s", HANG.as_secs());
            process::abort();
        }
        last = beat;
        thread::sleep(HANG);
    }
}
