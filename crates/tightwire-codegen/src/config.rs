//! The options of the generator: what a `build.rs` says in code and a `tightwire.toml` beside the document says once
//! for both callers.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Deserializer};
use tightwire_spec::ir::Role;
use tightwire_spec::rules::TOLERABLE;
use tightwire_spec::{Formats, LoadOptions};

use crate::rust::names;

/// The options of the generator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The module's name, snake case; it also names the output (`chat.rs`), the service (`ChatService`) and the server
    /// (`ChatServer`). Default: the stem of the document's file name.
    pub module: String,
    /// The document as the preamble names it, for instance `asyncapi/chat.yml`. Set by the caller, never by a file.
    #[serde(skip)]
    pub document: String,
    /// The command that writes the output again, for the preamble. Default: `tightwire generate all <document>`.
    pub regenerate: Option<String>,
    /// Which side the document describes, `server` or `client`; it wins over the document's `x-role`.
    #[serde(deserialize_with = "role")]
    pub role: Option<Role>,
    /// Rules whose errors are only warnings: those that leave the document's meaning plain, for instance
    /// `example-invalid`.
    pub allow: Vec<String>,
    /// Whether `format` judges values, `assert` (the default), or is only a note to people, `annotate`.
    #[serde(deserialize_with = "formats")]
    pub formats: Option<Formats>,
    /// Copies of the schemas that the document names by URL: the beginning of a URL and a folder, or a whole URL and a
    /// file. In a `tightwire.toml`, paths count from the file's folder.
    pub schemas: BTreeMap<String, PathBuf>,
    /// Options of the Rust output.
    pub rust: RustConfig,
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Role>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let unknown = || serde::de::Error::custom(format!("role: `{name}` is neither `server` nor `client`"));
    Role::parse(&name).map(Some).ok_or_else(unknown)
}

fn formats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Formats>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let unknown = || serde::de::Error::custom(format!("formats: `{name}` is neither `assert` nor `annotate`"));
    Formats::parse(&name).map(Some).ok_or_else(unknown)
}

impl Config {
    /// Whether every option is what it says: the message names the first that is not.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.module.is_empty() && syn::parse_str::<syn::Ident>(&self.module).is_err() {
            return Err(format!("module: `{}` is not a name that a Rust module can have", self.module));
        }
        if let Some(rule) = self.allow.iter().find(|rule| !TOLERABLE.contains(&rule.as_str())) {
            return Err(format!("allow: `{rule}` is not one of {}", TOLERABLE.join(", ")));
        }
        if let Some(url) = self.schemas.keys().find(|url| !url.contains(':')) {
            return Err(format!("schemas: `{url}` is not the beginning of a URL"));
        }
        check_additions("rust", &self.rust.derives, &self.rust.attributes)?;
        for (name, options) in &self.rust.types {
            let place = format!("rust.types.{name}");
            check_additions(&place, &options.derives, &options.attributes)?;
            if let Some(path) = &options.replace_with
                && syn::parse_str::<syn::Type>(path).is_err()
            {
                return Err(format!("{place}.replace_with: `{path}` is not a type"));
            }
        }
        Ok(())
    }

    /// These options with those of `over` in addition; where both say something, `over` wins.
    pub(crate) fn overridden_by(mut self, over: Self) -> Self {
        if !over.module.is_empty() {
            self.module = over.module;
        }
        self.regenerate = over.regenerate.or(self.regenerate);
        self.role = over.role.or(self.role);
        self.allow.extend(over.allow);
        self.formats = over.formats.or(self.formats);
        self.schemas.extend(over.schemas);
        self.rust.client = over.rust.client.or(self.rust.client);
        self.rust.service = over.rust.service.or(self.rust.service);
        self.rust.views = over.rust.views.or(self.rust.views);
        self.rust.header = over.rust.header.or(self.rust.header);
        self.rust.derives.extend(over.rust.derives);
        self.rust.attributes.extend(over.rust.attributes);
        for (name, options) in over.rust.types {
            let known = self.rust.types.entry(name).or_default();
            known.derives.extend(options.derives);
            known.attributes.extend(options.attributes);
            known.replace_with = options.replace_with.or(known.replace_with.take());
        }
        self
    }

    /// What these options say about reading the document.
    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            role: self.role,
            allow: self.allow.clone(),
            schemas: self.schemas.iter().collect(),
            formats: self.formats.unwrap_or_default(),
        }
    }

    /// These options with everything that depends on the document's path.
    pub(crate) fn completed(mut self, document: &Path) -> Self {
        let path: PathBuf = document.components().filter(|part| *part != Component::CurDir).collect();
        self.document = path.to_string_lossy().replace('\\', "/");
        if self.module.is_empty() {
            let stem = document.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            self.module = names::snake(&stem);
        }
        self
    }

    /// What every generated file opens with: where it comes from and which command writes it again. `comment` begins a
    /// line of comment: `//`, `#`.
    pub fn preamble(&self, comment: &str) -> String {
        format!("{comment} {} do not edit. `{}` writes it.\n", self.mark(), self.command())
    }

    /// What tells a file that was generated from this document.
    pub(crate) fn mark(&self) -> String {
        format!("@generated by tightwire from {};", self.document)
    }

    /// The command that writes the output again.
    pub fn command(&self) -> String {
        self.regenerate.clone().unwrap_or_else(|| format!("tightwire generate all {}", self.document))
    }
}

/// Options of the Rust output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RustConfig {
    /// Lines of comment to put under the preamble, for instance a licence.
    pub header: Option<String>,
    /// Whether there is a typed client. Default: yes.
    pub client: Option<bool>,
    /// Whether there is a service trait with its server. Default: yes, unless the document describes a client.
    pub service: Option<bool>,
    /// Whether there are `ClientFrameView` and `ServerFrameView`, which borrow from the bytes of a frame, of a protocol in
    /// the envelope. Default: no, because they make the output half as long again.
    pub views: Option<bool>,
    /// Derives to add to every data type, for instance `Eq` or `::schemars::JsonSchema`.
    pub derives: Vec<String>,
    /// Attributes to add to every data type, for instance `#[non_exhaustive]`.
    pub attributes: Vec<String>,
    /// What to add to single types, by name.
    pub types: BTreeMap<String, TypeConfig>,
}

impl RustConfig {
    /// Whether the output has a typed client.
    pub(crate) fn has_client(&self) -> bool {
        self.client.unwrap_or(true)
    }

    /// Whether the output has views of all frames.
    pub(crate) fn has_views(&self) -> bool {
        self.views.unwrap_or(false)
    }

    /// Whether the output has a service, if the document describes that side.
    pub(crate) fn has_service(&self, role: Role) -> bool {
        self.service.unwrap_or(role == Role::Server)
    }
}

/// What to add to a single type, or what to use in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TypeConfig {
    /// Derives to add.
    pub derives: Vec<String>,
    /// Attributes to add.
    pub attributes: Vec<String>,
    /// The path of a type to use in place of the generated one. It must be `Serialize` and `Deserialize` in the same
    /// shape, `Clone`, `Debug` and `PartialEq`.
    pub replace_with: Option<String>,
}

fn check_additions(place: &str, derives: &[String], attributes: &[String]) -> Result<(), String> {
    for derive in derives {
        if syn::parse_str::<syn::Path>(derive).is_err() {
            return Err(format!("{place}.derives: `{derive}` is not the path of a derive"));
        }
    }
    for attribute in attributes {
        if syn::parse_str::<syn::ItemStruct>(&format!("{attribute} struct S;"))
            .map_or(true, |item| item.attrs.is_empty())
        {
            return Err(format!(
                "{place}.attributes: `{attribute}` is not an attribute, for instance #[non_exhaustive]"
            ));
        }
    }
    Ok(())
}
