//! Tables that a command writes into a document.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::cores::Cores;

/// Replaces what a command has written between its markers in a file.
///
/// # Errors
/// If the file cannot be read or written, or has no such markers.
pub fn write(path: &Path, command: &str, table: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = replaced(&text, command, table).with_context(|| path.display().to_string())?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn replaced(text: &str, command: &str, table: &str) -> anyhow::Result<String> {
    let [begin, end] = ["begin", "end"].map(|which| format!("<!-- {command} writes this: {which} -->"));
    let (before, rest) = text.split_once(&begin).with_context(|| format!("there is no `{begin}`"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("there is no `{end}`"))?;
    Ok(format!("{before}{begin}\n{table}{end}{after}"))
}

/// The machine, in a few words.
#[must_use]
pub fn machine(cores: &Cores) -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split('-').next().unwrap_or_default();
    format!("{model}, {} cores, Linux {}", cores.count(), kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_markers_is_replaced() {
        let text = |table: &str| {
            format!("a\n<!-- make x writes this: begin -->\n{table}<!-- make x writes this: end -->\nb\n")
        };
        assert_eq!(replaced(&text("old\n"), "make x", "new\n").expect("markers"), text("new\n"));
        assert!(replaced(&text(""), "make y", "").is_err());
    }
}
