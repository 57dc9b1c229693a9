//! The files of a new project that do not depend on the protocol's messages: templates with `{{names}}` in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::name::Name;
use super::toolkit::Toolkit;

/// Where each template goes.
const TEMPLATES: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("../../templates/Cargo.toml.in")),
    ("build.rs", include_str!("../../templates/build.rs.in")),
    ("src/main.rs", include_str!("../../templates/main.rs.in")),
    ("Makefile", include_str!("../../templates/Makefile.in")),
    (".github/workflows/ci.yml", include_str!("../../templates/ci.yml.in")),
    (".gitignore", include_str!("../../templates/gitignore.in")),
    ("README.md", include_str!("../../templates/README.md.in")),
];

/// What tests of a protocol without an envelope need.
const FLAT_STREAMS: &str =
    "futures-util = { version = \"0.3\", default-features = false, features = [\"sink\", \"std\"] }\n";
const FLAT_TEST_DEPENDENCIES: &str =
    "tokio-websockets = { version = \"0.13\", features = [\"client\", \"fastrand\", \"sha1_smol\"] }\n";

/// What the templates' names stand for.
pub(super) struct Project<'a> {
    pub(super) name: &'a Name,
    pub(super) toolkit: &'a Toolkit,
    pub(super) document: &'a Document,
}

impl Project<'_> {
    /// The files, by their path in the project.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        TEMPLATES.iter().map(|(path, template)| (path.into(), self.filled(path, template).into_bytes())).collect()
    }

    fn filled(&self, path: &str, template: &str) -> String {
        let toolkit = if path.ends_with(".yml") { self.toolkit.workflow_step() } else { self.toolkit.remark() };
        // The harness knows the envelope; without one a test speaks WebSocket itself.
        let testkit = || format!("tightwire-testkit = {}\n", self.toolkit.dependency("tightwire-testkit"));
        let flat = self.document.ir.envelope.is_none();
        let (test_dependencies, more_test_dependencies) = match flat {
            true => (FLAT_STREAMS.to_owned(), FLAT_TEST_DEPENDENCIES),
            false => (testkit(), ""),
        };
        let route = self
            .document
            .ir
            .routes
            .keys()
            .next()
            .map_or("ws", |route| route.trim_start_matches('/'))
            .replace('{', "<")
            .replace('}', ">");
        let values = [
            ("name", self.name.package().to_owned()),
            ("library", self.name.library()),
            ("rust_version", env!("CARGO_PKG_RUST_VERSION").to_owned()),
            ("tightwire", self.toolkit.dependency("tightwire")),
            ("tightwire_codegen", self.toolkit.dependency("tightwire-codegen")),
            ("test_dependencies", test_dependencies),
            ("more_test_dependencies", more_test_dependencies.to_owned()),
            ("command", self.toolkit.command()),
            ("document", slashed(&self.document.path)),
            ("title", self.document.ir.info.title.clone()),
            ("path", route),
            ("toolkit", toolkit),
        ];
        // In one go, so that a value may look like a name.
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            text.push_str(before);
            let value = after.split_once("}}").and_then(|(name, after)| {
                values.iter().find(|(known, _)| *known == name).map(|(_, value)| (value, after))
            });
            rest = match value {
                Some((value, after)) => {
                    text.push_str(value);
                    after
                }
                None => {
                    text.push_str("{{");
                    after
                }
            };
        }
        text + rest
    }
}

/// A path as manifests and documents write it, on every system.
pub(super) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
