//! Writes what fuzzers begin with into a folder, with a folder of each target in it: `tightwire-fuzz-targets fuzz/seeds`.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use tightwire_fuzz_targets::TARGETS;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else { return usage() };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{}: {error}", Path::new(&folder).display())),
    }
}

fn write(folder: &Path) -> io::Result<()> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (name, seed) in (target.seeds)() {
            fs::write(folder.join(name), seed)?;
        }
    }
    Ok(())
}

fn usage() -> ExitCode {
    fail("say where: tightwire-fuzz-targets FOLDER")
}

#[expect(clippy::print_stderr, reason = "a program says on stderr what is wrong")]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}
