//! Documents written by others, if they are at hand (`TIGHTWIRE_SPECS`, or `../shared/specs` beside the repository):
//! reading them ends in an IR or in diagnostics, never in a panic.

use std::path::{Path, PathBuf};

use tightwire_spec::{FileSystem, load};

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let path = std::env::var_os("TIGHTWIRE_SPECS").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            documents(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| ["yml", "yaml", "json"].iter().any(|known| extension == *known))
        {
            found.push(path);
        }
    }
}

#[track_caller]
fn check(path: &Path) {
    let loaded = load(path, &FileSystem).expect("the file is there");
    assert!(loaded.ir.is_some() != loaded.has_errors(), "{}: an IR, or errors", path.display());
    for diagnostic in &loaded.diagnostics {
        let rendered = diagnostic.render(&loaded.sources, false);
        assert!(rendered.contains(diagnostic.rule), "{rendered}");
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "says why nothing was tested")]
fn documents_of_others_do_not_panic() {
    let Some(folder) = corpus() else {
        eprintln!("skipped: no folder ../shared/specs and no TIGHTWIRE_SPECS");
        return;
    };
    let mut found = Vec::new();
    documents(&folder, &mut found);
    found.sort();
    assert!(!found.is_empty());
    found.iter().for_each(|path| check(path));
}
