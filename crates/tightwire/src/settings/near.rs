//! What somebody may have meant.

use super::program::{FILE, Program};
use super::{Row, Settings};

/// From here on two keys are alike.
const ALIKE: f64 = 0.8;

/// From here on a variable that is none of ours was probably meant to be one. Higher, because the others in an environment
/// do not mean us.
const MEANT: f64 = 0.93;

/// The key that is most like `wrong`, if any is like it.
pub(super) fn key<'a>(wrong: &str, keys: &[&'a str]) -> Option<&'a str> {
    nearest(wrong, keys.iter().copied(), ALIKE)
}

fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>, least: f64) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::jaro_winkler(wrong, name), name));
    scored.filter(|(score, _)| *score >= least).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

impl Program {
    /// Variables that are no settings but look like one, with the name that was probably meant. The environment belongs to
    /// others as well, so this is for a warning in the log, not for an error.
    ///
    /// ```no_run
    /// # use tightwire::settings::{Program, ServerSettings};
    /// # fn warn(program: Program) {
    /// let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    /// for (name, meant) in program.near_misses::<ServerSettings>(names) {
    ///     eprintln!("the variable {name} is no setting; did you mean {meant}?");
    /// }
    /// # }
    /// ```
    pub fn near_misses<S: Settings>(&self, names: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
        let rows = S::rows(self.contract);
        let known: Vec<_> = rows.iter().map(Row::variable).chain([FILE.to_uppercase()]).collect();
        // Names of one word say too little: `LOGNAME` is not `LOG`.
        let suspects = names.into_iter().filter(|name| name.contains('_') && !known.contains(name));
        let near = |name: String| {
            let meant = nearest(&name, known.iter().map(String::as_str).filter(|known| known.contains('_')), MEANT)?;
            let meant = meant.to_owned();
            Some((name, meant))
        };
        suspects.filter_map(near).collect()
    }
}
