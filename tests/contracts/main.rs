//! Every contract in `contracts/` against the real server over a real socket, on each broker; and that a server which does not do
//! what consumers rely on is found out.

#[path = "../common/mod.rs"]
mod common;
mod planted;
mod provider;
mod states;

use std::path::{Path, PathBuf};

use tightwire_testkit::pact::Pact;
use tightwire_testkit::pact::verify::Report;

use crate::common::bus::{Bus, on_each_bus};
use crate::provider::Provider;

on_each_bus! { on_sockets:
    the_server_does_what_every_consumer_relies_on
}

/// The contracts of all consumers, with the names of their files.
fn contracts() -> Vec<(String, Pact)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts");
    let entries = std::fs::read_dir(&folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files.into_iter().map(|file| (name(&file), Pact::read(&file).expect("a pact"))).collect()
}

fn name(file: &Path) -> String {
    file.file_name().expect("a file").to_string_lossy().into_owned()
}

/// Verifies with a server of its own.
async fn verify(bus: &Bus, contracts: &[(String, Pact)]) -> Report {
    let provider = Provider::start(bus).await;
    let contracts = contracts.iter().map(|(file, pact)| (file.as_str(), pact));
    provider.verifier().verify(contracts).await.expect("the server listens")
}

#[expect(clippy::print_stdout, reason = "what was verified, for whoever runs the test with its output")]
async fn the_server_does_what_every_consumer_relies_on(bus: &Bus) {
    let contracts = contracts();
    assert!(!contracts.is_empty(), "there are no contracts");
    let report = verify(bus, &contracts).await;
    assert!(report.is_verified(), "{report}");
    print!("{report}");
}
