//! The files of a new project that do not depend on the protocol's messages: templates with `{{names}}` in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tightwire_codegen::scaffold;
use tightwire_spec::ir::Role;

use super::document::Document;
use super::name::Name;
use super::toolkit::Toolkit;

/// Where each template goes.
const TEMPLATES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../../templates/Cargo.toml.in")),
    ("build.rs", include_str!("../../templates/build.rs.in")),
    ("Makefile", include_str!("../../templates/Makefile.in")),
    (".github/workflows/ci.yml", include_str!("../../templates/ci.yml.in")),
    (".gitignore", include_str!("../../templates/gitignore.in")),
];

/// Those of a server.
const SERVER: [(&str, &str); 2] = [
    ("src/main.rs", include_str!("../../templates/server/main.rs.in")),
    ("README.md", include_str!("../../templates/server/README.md.in")),
];

/// Those of a client.
const CLIENT: [(&str, &str); 2] = [
    ("src/main.rs", include_str!("../../templates/client/main.rs.in")),
    ("README.md", include_str!("../../templates/client/README.md.in")),
];

/// What the templates' names stand for.
pub(super) struct Project<'a> {
    pub(super) name: &'a Name,
    pub(super) toolkit: &'a Toolkit,
    pub(super) document: &'a Document,
    pub(super) side: Role,
}

impl Project<'_> {
    /// The files, by their path in the project.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let own = match self.side {
            Role::Server => SERVER,
            Role::Client => CLIENT,
        };
        let templates = TEMPLATES.iter().chain(&own);
        templates.map(|(path, template)| (path.into(), self.filled(path, template).into_bytes())).collect()
    }

    /// Where a server of the protocol is: the document's first server, else the one that a server's project starts.
    pub(super) fn url(&self) -> String {
        let ir = &self.document.ir;
        let server = ir.servers.values().find(|server| matches!(server.protocol.as_str(), "ws" | "wss"));
        let address = match server {
            Some(server) => {
                let value = |name: &str| {
                    let variable = server.variables.get(name)?;
                    variable.default.as_ref().or(variable.values.first()).or(variable.examples.first())
                };
                format!("{}://{}", server.protocol, replaced(&server.host, |name| value(name).cloned()))
            }
            None => "ws://127.0.0.1:8080".to_owned(),
        };
        let path = match (ir.envelope, ir.routes.values().next()) {
            (None, Some(route)) => scaffold::example_path(route),
            _ => server.and_then(|server| server.pathname.clone()).unwrap_or_else(|| "/ws".to_owned()),
        };
        format!("{}/{}", address.trim_end_matches('/'), path.trim_start_matches('/'))
    }

    fn filled(&self, path: &str, template: &str) -> String {
        let toolkit = if path.ends_with(".yml") { self.toolkit.workflow_step() } else { self.toolkit.remark() };
        let route = self
            .document
            .ir
            .routes
            .keys()
            .next()
            .map_or("ws", |route| route.trim_start_matches('/'))
            .replace('{', "<")
            .replace('}', ">");
        let run = match self.side {
            Role::Server => format!("Start the server on ws://127.0.0.1:8080/{route}"),
            Role::Client => format!("Connect to {} and print what comes", self.url()),
        };
        let values = [
            ("name", self.name.package().to_owned()),
            ("library", self.name.library()),
            ("rust_version", env!("CARGO_PKG_RUST_VERSION").to_owned()),
            ("dependencies", self.dependencies()),
            ("tightwire_codegen", self.toolkit.dependency("tightwire-codegen", &[])),
            ("test_dependencies", self.test_dependencies()),
            ("command", self.toolkit.command()),
            ("document", slashed(&self.document.path)),
            ("title", self.document.ir.info.title.clone()),
            ("path", route),
            ("url", self.url()),
            ("run", run),
            ("run_arguments", if self.side == Role::Server { " -- --auth-disabled" } else { "" }.to_owned()),
            ("about", format!("{:?}", format!("A server of the protocol {:?}", self.document.ir.info.title))),
            ("module", self.document.config.module.clone()),
            ("toolkit", toolkit),
        ];
        // In one go, so that a value may look like a name.
        replaced_in(template, ("{{", "}}"), |name| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        })
    }

    fn dependencies(&self) -> String {
        let json = "serde = \"1\"\nserde_json = \"1\"\n";
        match self.side {
            Role::Server => format!("{json}tightwire = {}\n", self.toolkit.dependency("tightwire", &["settings"])),
            Role::Client => {
                let features: &[&str] = if self.url().starts_with("wss:") { &["tls"] } else { &[] };
                format!("tightwire = {}\n", self.toolkit.dependency("tightwire", features))
            }
        }
    }

    fn test_dependencies(&self) -> String {
        let streams =
            "futures-util = { version = \"0.3\", default-features = false, features = [\"sink\", \"std\"] }\n";
        let tokio = "tokio = { version = \"1\", features = [\"test-util\"] }\n";
        let sockets =
            |side: &str| format!("tokio-websockets = {{ version = \"0.13\", features = [{side}, \"sha1_smol\"] }}\n");
        match (self.side, self.document.ir.envelope) {
            (Role::Client, _) => {
                let json = "serde = \"1\"\nserde_json = \"1\"\n";
                format!("{streams}{json}{tokio}{}", sockets("\"server\""))
            }
            // Without the envelope, which the harness knows, a test speaks WebSocket itself.
            (Role::Server, None) => format!("{streams}{tokio}{}", sockets("\"client\", \"fastrand\"")),
            (Role::Server, Some(_)) => {
                format!("tightwire-testkit = {}\n{tokio}", self.toolkit.dependency("tightwire-testkit", &[]))
            }
        }
    }
}

/// The text with what stands for each `{name}`; what is not known stays.
fn replaced(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    replaced_in(text, ("{", "}"), value)
}

fn replaced_in(text: &str, (open, close): (&str, &str), value: impl Fn(&str) -> Option<String>) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        replaced.push_str(before);
        let known = after.split_once(close).and_then(|(name, after)| Some((value(name)?, after)));
        rest = match known {
            Some((value, after)) => {
                replaced.push_str(&value);
                after
            }
            None => {
                replaced.push_str(open);
                after
            }
        };
    }
    replaced + rest
}

/// A path as manifests and documents write it, on every system.
pub(super) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
