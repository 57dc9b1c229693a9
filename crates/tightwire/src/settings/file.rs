//! The settings file: TOML, a key for each setting.

use std::path::Path;

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
        row.check(&key, &value).map_err(wrong)?;
        row.default = value;
    }
    Ok(())
}
