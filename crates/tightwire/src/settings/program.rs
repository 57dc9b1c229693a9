//! Reads the settings of a program from its arguments, the environment and a file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, Command};

use super::{Row, Settings, SettingsError, Values, file};
use crate::proto::contract::Contract;

/// The flag of the settings file, which is no setting itself.
pub(super) const FILE: &str = "config";

/// A program that has settings.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// What it is called, for help.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// The protocol whose limits are the defaults.
    pub contract: &'static Contract,
}

impl Program {
    /// Reads the settings from the arguments, of which the first is the program itself, from the environment and from the
    /// file that `--config` names.
    ///
    /// # Errors
    /// See [`SettingsError`]; a request for help is one of them, and [`SettingsError::exit`] answers it.
    pub fn read<S: Settings>(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<S, SettingsError> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let mut rows = S::rows(self.contract);
        // The file gives defaults to the real parse, so its path is looked for first, with everything else ignored.
        let first = self.command(&rows).ignore_errors(true).try_get_matches_from(&arguments).ok();
        let path = first.and_then(|found| found.get_one::<PathBuf>(FILE).cloned());
        if let Some(path) = path {
            file::apply(&mut rows, &path, self.name)?;
        }
        variables(&rows, &arguments)?;
        let mut command = self.command(&rows);
        let values = Values(command.try_get_matches_from_mut(&arguments)?);
        S::from_values(&values).ok_or_else(|| {
            command.error(ErrorKind::MissingRequiredArgument, "a setting has no value, or one of another type").into()
        })
    }

    fn command(&self, rows: &[Row]) -> Command {
        let file = Arg::new(FILE)
            .long(FILE)
            .env(FILE.to_uppercase())
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("A settings file (TOML): `key = value` with the flags' names and underscores for dashes");
        let command = Command::new(self.name).version(self.version).about(self.about).max_term_width(100).arg(file);
        command.args(rows.iter().map(|row| {
            let argument = row.argument().env(row.variable()).default_value(&row.default);
            // Help shows values from the environment and from the file, of everything else.
            argument.hide_env_values(row.is_secret()).hide_default_value(row.is_secret() || row.default.is_empty())
        }))
    }
}

/// Checks the variables that count, to say which one is wrong: clap would name a flag that nobody gave.
fn variables(rows: &[Row], arguments: &[OsString]) -> Result<(), SettingsError> {
    let given = |row: &Row| {
        let flag = format!("--{}", row.flag());
        let texts = arguments.iter().filter_map(|argument| argument.to_str());
        texts.into_iter().any(|text| text.split('=').next() == Some(&flag))
    };
    for row in rows.iter().filter(|row| !given(row)) {
        if let Ok(value) = std::env::var(row.variable()) {
            row.check(&row.variable(), &value).map_err(SettingsError::Variable)?;
        }
    }
    Ok(())
}
