//! What the tables say, as files.

use std::fmt::Write as _;

use super::{Program, Row, Settings};

impl Program {
    /// The text of an example of an environment file: every variable with its meaning and default.
    #[must_use]
    pub fn env_example<S: Settings>(&self) -> String {
        let mut text = format!(
            "# Settings of {}, as environment variables with their defaults. Export what you need, or give the file to\n\
             # whatever starts the server (`set -a; . ./.env`, systemd's EnvironmentFile, docker's --env-file). Each is also\n\
             # a flag and a key of the settings file (`{} --help`). A flag beats a variable, a variable beats the file.\n",
            self.name, self.name,
        );
        for (group, rows) in groups(&S::rows(self.contract)) {
            let _ = write!(text, "\n# ---- {group} ----\n");
            for row in rows {
                let _ = write!(text, "\n# {}\n# {}={}\n", row.doc, row.variable(), row.default);
            }
        }
        text
    }

    /// Every setting as Markdown: a section for each group, a table in each.
    #[must_use]
    pub fn markdown<S: Settings>(&self) -> String {
        let mut text = String::new();
        for (group, rows) in groups(&S::rows(self.contract)) {
            let _ = write!(text, "## {group}\n\n| flag | variable | default | what it does |\n|---|---|---|---|\n");
            for row in rows {
                let default = if row.default.is_empty() { String::new() } else { format!("`{}`", row.default) };
                let doc = row.doc.replace('|', "\\|");
                let _ = writeln!(text, "| `--{}` | `{}` | {default} | {doc} |", row.flag(), row.variable());
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

/// The rows by their group, groups in the order in which they are first met.
fn groups(rows: &[Row]) -> Vec<(&'static str, Vec<&Row>)> {
    let mut groups: Vec<(&'static str, Vec<&Row>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(group, _)| *group == row.group) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((row.group, vec![row])),
        }
    }
    groups
}
