//! The server in Python.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A process of `thermostat.py`, which ends when this is dropped.
pub(crate) struct Thermostat {
    process: Child,
    port: u16,
}

impl Thermostat {
    /// Starts one with that bug, or without any. None where there is no Python for it.
    pub(crate) fn start(bug: Option<&str>) -> Option<Self> {
        let python = python()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/thermostat.py");
        let mut command = Command::new(python);
        command.arg(script).args(bug.into_iter().flat_map(|bug| ["--bug", bug]));
        // What its library says of connections that end is of no interest.
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        let output = process.stdout.as_mut().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("it says {line:?}"));
        Some(Self { process, port })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address())
    }
}

impl Drop for Thermostat {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The Python of `scripts/python-packages.sh`, which installs beside what cargo builds.
fn python() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_tightwire")).ancestors().nth(2).expect("a folder");
    let python = target.join("python/bin/python");
    let works = Command::new(&python).args(["-c", "import websockets"]).output().is_ok_and(|it| it.status.success());
    if !works {
        #[expect(clippy::print_stderr, reason = "a test that does nothing has to say so")]
        {
            eprintln!(
                "skipped: there is no {} with `websockets`; scripts/python-packages.sh installs it",
                python.display()
            );
        }
    }
    works.then_some(python)
}
