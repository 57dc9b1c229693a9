//! URI references, resolved as RFC 3986 says.

/// Whether a text begins with a scheme that names something outside of the files: `https://…`, `urn:…`. What only looks
/// like one (`a:b.yml`) is the name of a file.
pub(crate) fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && (rest.starts_with("//") || matches!(scheme.to_ascii_lowercase().as_str(), "urn" | "tag"))
}

/// What a reference without a fragment means beside an absolute URI.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    if is_absolute(reference) {
        return reference.to_owned();
    }
    let (scheme, rest) = base.split_once(':').unwrap_or(("", base));
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            (format!("//{}", &rest[..end]), &rest[end..])
        }
        None => (String::new(), rest),
    };
    let path = path.split('?').next().unwrap_or_default();
    if reference.starts_with('?') {
        return format!("{scheme}:{authority}{path}{reference}");
    }
    let (reference, query) = match reference.split_once('?') {
        Some((reference, query)) => (reference, format!("?{query}")),
        None => (reference, String::new()),
    };
    let merged = match (reference.starts_with('/'), path.rfind('/')) {
        (true, _) => reference.to_owned(),
        (false, Some(end)) => format!("{}{reference}", &path[..=end]),
        (false, None) if authority.is_empty() => reference.to_owned(),
        (false, None) => format!("/{reference}"),
    };
    format!("{scheme}:{authority}{}{query}", without_dots(&merged))
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    let mut segments = path.split('/').skip(usize::from(rooted)).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("{}{}", if rooted { "/" } else { "" }, kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, reference: &str, expected: &str) {
        assert_eq!(resolve(base, reference), expected, "{reference} beside {base}");
    }

    #[test]
    fn references_are_resolved() {
        // Of section 5.4 of the RFC, what has no fragment.
        let base = "http://a/b/c/d;p?q";
        check(base, "g", "http://a/b/c/g");
        check(base, "./g", "http://a/b/c/g");
        check(base, "g/", "http://a/b/c/g/");
        check(base, "/g", "http://a/g");
        check(base, "//g", "http://g");
        check(base, "?y", "http://a/b/c/d;p?y");
        check(base, "g?y", "http://a/b/c/g?y");
        check(base, "", base);
        check(base, ".", "http://a/b/c/");
        check(base, "..", "http://a/b/");
        check(base, "../../../g", "http://a/g");
        check(base, "urn:uuid:1", "urn:uuid:1");
        check("http://a", "g", "http://a/g");
        check("urn:uuid:1", "", "urn:uuid:1");
    }

    #[test]
    fn names_of_files_are_no_uris() {
        assert!(is_absolute("https://example.com/a") && is_absolute("urn:isbn:1") && is_absolute("git+ssh://host"));
        assert!(!is_absolute("a.yml") && !is_absolute("C:/a.yml") && !is_absolute("a:b.yml") && !is_absolute("//a"));
    }
}
