//! Where a new project gets the toolkit's crates from: a checkout of it, or the registry.

use std::path::{Path, PathBuf};

/// Where the toolkit's crates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Toolkit {
    /// In this checkout.
    Checkout(PathBuf),
    /// Published, in this version.
    Version(String),
}

impl Toolkit {
    /// The checkout that was named, else the one that the command runs in, else the one that it was built in, else the
    /// published version of this command.
    pub(super) fn find(named: Option<&Path>, here: &Path) -> Result<Self, String> {
        if let Some(named) = named {
            let path = here.join(named);
            let path = path.canonicalize().unwrap_or(path);
            return match is_checkout(&path) {
                true => Ok(Self::Checkout(path)),
                false => Err(format!(
                    "{} is no checkout of the toolkit: it has no crates/tightwire/Cargo.toml",
                    named.display()
                )),
            };
        }
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().ok();
        let checkout = here.ancestors().map(Path::to_owned).chain(built).find(|path| is_checkout(path));
        Ok(checkout.map_or_else(|| Self::Version(env!("CARGO_PKG_VERSION").to_owned()), Self::Checkout))
    }

    /// What stands for one of its crates, with these features, in a manifest.
    pub(super) fn dependency(&self, name: &str, features: &[&str]) -> String {
        let source = match self {
            Self::Checkout(root) => format!("path = {}", quoted(&root.join("crates").join(name))),
            Self::Version(version) if features.is_empty() => return quoted(Path::new(version)),
            Self::Version(version) => format!("version = {}", quoted(Path::new(version))),
        };
        match features {
            [] => format!("{{ {source} }}"),
            features => format!("{{ {source}, features = {features:?} }}"),
        }
    }

    /// The command, for a Makefile.
    pub(super) fn command(&self) -> String {
        match self {
            Self::Checkout(root) => {
                let manifest = root.join("Cargo.toml").to_string_lossy().replace('$', "$$").replace('\'', r"'\''");
                format!("$(CARGO) run --quiet --manifest-path '{manifest}' --package tightwire-cli --")
            }
            Self::Version(_) => "tightwire".to_owned(),
        }
    }

    /// The step of a workflow that makes the toolkit available.
    pub(super) fn workflow_step(&self) -> String {
        match self {
            Self::Checkout(_) => {
                "      # Cargo.toml and Makefile name a checkout of the toolkit by its path; it has to be there.\n"
                    .to_owned()
            }
            Self::Version(version) => {
                format!("      - run: cargo install --locked tightwire-cli --version {version}\n")
            }
        }
    }

    /// What a README says about it.
    pub(super) fn remark(&self) -> String {
        match self {
            Self::Checkout(_) => {
                "The toolkit's crates come from a checkout of it: `Cargo.toml` and `Makefile` name its path. \
                 To build elsewhere, put versions in the place of the paths and install the command with\n\
                 `cargo install tightwire-cli`."
                    .to_owned()
            }
            Self::Version(version) => format!(
                "`make regen` and `make check` need the command: `cargo install --locked tightwire-cli --version {version}`."
            ),
        }
    }

    /// The versions of all dependencies that the checkout was tested with.
    pub(super) fn lock_file(&self) -> Option<Vec<u8>> {
        match self {
            Self::Checkout(root) => std::fs::read(root.join("Cargo.lock")).ok(),
            Self::Version(_) => None,
        }
    }
}

fn is_checkout(path: &Path) -> bool {
    ["tightwire", "tightwire-codegen", "tightwire-testkit"]
        .iter()
        .all(|name| path.join("crates").join(name).join("Cargo.toml").is_file())
}

/// The text as a basic string of TOML.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.to_string_lossy().replace('\\', "/").replace('"', "\\\""))
}
