//! The name of a new project: what a crate may be called.

/// Names that would hide a crate which the project uses, or that cargo keeps for itself.
const TAKEN: [&str; 12] = [
    "alloc",
    "core",
    "proc_macro",
    "serde",
    "serde_json",
    "std",
    "test",
    "tightwire",
    "tightwire_codegen",
    "tightwire_testkit",
    "tokio",
    "deps",
];

/// Words of the language, with those that it keeps for later.
const WORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A crate's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// Checks a name; if it is none, the message says why and proposes one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some(problem) = problem(text) else { return Ok(Self(text.to_owned())) };
        let help = match proposal(text) {
            Some(proposal) => format!("`{proposal}` would do"),
            None => "choose another one".to_owned(),
        };
        Err(format!("`{text}` cannot be the name of a project: {problem}; {help}"))
    }

    /// The name as cargo knows it.
    pub(super) fn package(&self) -> &str {
        &self.0
    }

    /// The name as Rust code writes it.
    pub(super) fn library(&self) -> String {
        self.0.replace('-', "_")
    }
}

fn problem(text: &str) -> Option<&'static str> {
    let library = text.replace('-', "_");
    if text.is_empty() {
        Some("it is empty")
    } else if !text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_') {
        Some("a name begins with one of a-z")
    } else if !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_')) {
        Some("a name consists of a-z, 0-9, `-` and `_`")
    } else if library.chars().all(|c| c == '_') {
        Some("a name needs a letter")
    } else if TAKEN.contains(&library.as_str()) {
        Some("a crate of that name is needed here")
    } else if WORDS.contains(&library.as_str()) {
        Some("it is a word of the language")
    } else {
        None
    }
}

/// The nearest name that is one.
fn proposal(text: &str) -> Option<String> {
    let mut proposal = String::new();
    for c in text.chars() {
        match c {
            'A'..='Z' => {
                if proposal.ends_with(|before: char| before.is_ascii_lowercase() || before.is_ascii_digit()) {
                    proposal.push('-');
                }
                proposal.push(c.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' | '_' => proposal.push(c),
            _ if proposal.is_empty() || proposal.ends_with('-') => {}
            _ => proposal.push('-'),
        }
    }
    let proposal = proposal.trim_matches('-');
    let letters = proposal.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    let candidates = [letters.to_owned(), format!("{letters}-server")];
    candidates.into_iter().find(|candidate| !letters.is_empty() && problem(candidate).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let found = Name::parse(text).map(|name| name.library());
        let expected =
            expected.map(str::to_owned).map_err(|why| format!("`{text}` cannot be the name of a project: {why}"));
        assert_eq!(found, expected);
    }

    #[test]
    fn names_are_checked_and_proposed() {
        check("demo", Ok("demo"));
        check("chat-server2", Ok("chat_server2"));
        check("MyChat", Err("a name begins with one of a-z; `my-chat` would do"));
        check("my chat!", Err("a name consists of a-z, 0-9, `-` and `_`; `my-chat` would do"));
        check("2fast", Err("a name begins with one of a-z; `fast` would do"));
        check("tokio", Err("a crate of that name is needed here; `tokio-server` would do"));
        check("match", Err("it is a word of the language; `match-server` would do"));
        check("größe", Err("a name consists of a-z, 0-9, `-` and `_`; `gr-e` would do"));
        check("", Err("it is empty; choose another one"));
        check("__", Err("a name needs a letter; `__-server` would do"));
    }
}
