//! A row of a table of settings.

use std::fmt::Display;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command};

/// A setting: what it is called, what it does, and how its values are read.
#[derive(Clone, Debug)]
pub struct Row {
    /// The key in the settings file; the flag is the same with dashes, the variable the same in capitals.
    pub key: &'static str,
    /// What it is about: the heading that it stands under.
    pub group: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its default, as text.
    pub default: String,
    parser: ValueParser,
}

impl Row {
    /// A row. Its default may be anything that reads as the text from which `parser` makes the value.
    pub fn new(
        key: &'static str,
        group: &'static str,
        doc: &'static str,
        default: &dyn Display,
        parser: impl Into<ValueParser>,
    ) -> Self {
        Self { key, group, doc: doc.trim_ascii(), default: default.to_string(), parser: parser.into() }
    }

    /// The flag, without the leading dashes.
    #[must_use]
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        self.key.to_uppercase()
    }

    /// Whether a flag without a value means `true`.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        matches!(&*self.default, "true" | "false")
    }

    /// Whether its value must not be shown: it is a secret, or a URL, which may have a password in it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.key.ends_with("_secret") || self.key.ends_with("_url")
    }

    /// The flag, without default and variable.
    pub(super) fn argument(&self) -> Arg {
        let argument = Arg::new(self.key)
            .long(self.flag())
            .action(ArgAction::Set)
            .value_name(self.value_name())
            .value_parser(self.parser.clone())
            .help(self.doc)
            .help_heading(self.group);
        if self.is_switch() { argument.num_args(0..=1).default_missing_value("true") } else { argument }
    }

    /// Reads the value as the flag would, to blame whoever gave it under that name and not a flag that nobody gave.
    pub(super) fn check(&self, name: &str, value: &str) -> Result<(), String> {
        let command = Command::new("").no_binary_name(true).arg(self.argument());
        let Err(error) = command.try_get_matches_from([format!("--{}={value}", self.flag())]) else { return Ok(()) };
        if self.is_secret() {
            return Err(format!("the value of `{name}` cannot be used"));
        }
        // clap's first line names the flag: `error: invalid value '0' for '--drain-ms <MS>': 0 is not in 1..`.
        let said = error.to_string();
        let reason = said.lines().next().and_then(|line| line.split_once(">': ").or(line.split_once("]': ")));
        let reason = reason.map(|(_, reason)| format!(": {reason}")).unwrap_or_default();
        let choices = said.lines().find_map(|line| line.trim_start().strip_prefix("[possible values: "));
        let choices =
            choices.map(|choices| format!(": it is one of {}", choices.trim_end_matches(']'))).unwrap_or_default();
        Err(format!("`{name}` cannot be `{value}`{reason}{choices}"))
    }

    /// What help calls the value.
    fn value_name(&self) -> &'static str {
        let names = [("_ms", "MS"), ("_bytes", "BYTES"), ("_file", "FILE"), ("_url", "URL"), ("bind", "ADDRESS:PORT")];
        names.iter().find(|(ending, _)| self.key.ends_with(ending)).map_or("VALUE", |(_, name)| name)
    }
}
