//! Every target on what fuzzers begin with, on what they have found, and on a little of what they would try: so that a
//! target cannot rot, and what was found once stays mended.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use tightwire_fuzz_targets::{TARGETS, Target};

/// The target on all of that, and on so many changed seeds.
#[track_caller]
fn check(name: &str, count: usize) {
    let Target { run, seeds, .. } =
        TARGETS.into_iter().find(|target| target.name == name).expect("a target of that name");
    let seeds = seeds();
    assert!(seeds.len() > 20, "only {} seeds", seeds.len());
    for (_, seed) in &seeds {
        run(seed);
    }
    let mut rng = Rng::with_seed(31);
    for _ in 0..count {
        let (_, seed) = &seeds[rng.usize(..seeds.len())];
        let (_, other) = &seeds[rng.usize(..seeds.len())];
        run(&changed(seed, other, &mut rng));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/found").join(name);
    for entry in fs::read_dir(&folder).into_iter().flatten() {
        run(&fs::read(entry.expect("readable").path()).expect("readable"));
    }
}

/// Bytes much like a seed.
fn changed(seed: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.usize(..bytes.len());
        match rng.u8(..6) {
            0 => bytes[at] ^= 1 << rng.u8(..8),
            1 => bytes[at] = rng.u8(..),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, rng.u8(..)),
            4 => {
                let end = (at + rng.usize(..16)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let from = rng.usize(..other.len());
                let to = (from + rng.usize(..64)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn the_decoder() {
    check("decoder", 5_000);
}

#[test]
fn the_session() {
    check("session", 5_000);
}

#[test]
fn the_loader_of_documents() {
    check("document", 800);
}

#[test]
fn each_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("readable");
    for Target { name, .. } in TARGETS {
        let program = fs::read_to_string(folder.join("fuzz_targets").join(format!("{name}.rs"))).expect("readable");
        assert!(program.contains(&format!("{name}::run")), "{name}: {program}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not in the manifest");
    }
}
