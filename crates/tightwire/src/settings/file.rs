//! The settings file: TOML, a key for each setting.

use std::path::Path;

use clap::Command;

use super::{Row, SettingsError, near};

/// Makes what the file says the rows' defaults.
pub(super) fn apply(rows: &mut [Row], path: &Path, program: &str) -> Result<(), SettingsError> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| SettingsError::Unreadable { path: path.to_owned(), cause })?;
    let wrong = |message: String| SettingsError::File { path: path.to_owned(), message };
    let values: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    for (key, value) in values {
        let keys: Vec<_> = rows.iter().map(|row| row.key).collect();
        let Some(row) = rows.iter_mut().find(|row| row.key == key) else {
            let meant = near::key(&key, &keys).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            return Err(wrong(format!("there is no setting `{key}`: {meant}`{program} --help` lists all settings")));
        };
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            _ => return Err(wrong(format!("`{key}` must be a string, a whole number, true or false"))),
        };
        check(row, &value).map_err(wrong)?;
        row.default = value;
    }
    Ok(())
}

/// Reads the value as the flag would, to blame the file for it and not a flag that nobody gave.
fn check(row: &Row, value: &str) -> Result<(), String> {
    let command = Command::new("file").no_binary_name(true).arg(row.argument());
    let Err(error) = command.try_get_matches_from([format!("--{}={value}", row.flag())]) else { return Ok(()) };
    if row.is_secret() {
        return Err(format!("the value of `{}` cannot be used", row.key));
    }
    // clap's first line names the flag: `error: invalid value '0' for '--drain-ms <MS>': 0 is not in 1..`.
    let said = error.to_string();
    let reason = said.lines().next().and_then(|line| line.split_once(">': ").or(line.split_once("]': ")));
    let reason = reason.map(|(_, reason)| format!(": {reason}")).unwrap_or_default();
    let choices = said.lines().find_map(|line| line.trim_start().strip_prefix("[possible values: "));
    let choices =
        choices.map(|choices| format!(": it is one of {}", choices.trim_end_matches(']'))).unwrap_or_default();
    Err(format!("`{}` cannot be `{value}`{reason}{choices}", row.key))
}
