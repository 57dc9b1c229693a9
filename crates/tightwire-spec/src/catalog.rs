//! Where copies of remote schemas are: by the beginning of their URL, a folder or a file.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::reference::percent_decoded;

/// Copies of remote schemas, by the beginning of their URLs: `https://example.com/schemas/` → `vendor/schemas`.
///
/// The longest beginning counts. What follows it in a URL is a path in the folder; a URL that is itself in the catalog is
/// one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    prefixes: BTreeMap<String, PathBuf>,
}

impl Catalog {
    /// Adds a folder, or a file where `url` is a whole URL. What was said of the same URL before no longer counts.
    pub fn insert(&mut self, url: impl Into<String>, path: impl Into<PathBuf>) {
        self.prefixes.insert(url.into(), path.into());
    }

    /// Each URL and its path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.prefixes.iter().map(|(url, path)| (url.as_str(), path.as_path()))
    }

    /// The file with the copy of a URL. No URL leads out of its folder.
    pub(crate) fn path(&self, url: &str) -> Option<PathBuf> {
        if let Some(file) = self.prefixes.get(url) {
            return Some(file.clone());
        }
        let matching = self.prefixes.iter().filter_map(|(prefix, folder)| {
            let rest = url.strip_prefix(prefix.as_str())?;
            let rest = if prefix.ends_with('/') { rest } else { rest.strip_prefix('/')? };
            Some((prefix.len(), rest, folder))
        });
        let (_, rest, folder) = matching.max_by_key(|(length, ..)| *length)?;
        let rest = PathBuf::from(percent_decoded(rest));
        let inside = rest.components().all(|component| matches!(component, Component::Normal(_)));
        inside.then(|| folder.join(rest))
    }
}

impl<U: Into<String>, P: Into<PathBuf>> FromIterator<(U, P)> for Catalog {
    fn from_iter<I: IntoIterator<Item = (U, P)>>(entries: I) -> Self {
        let mut catalog = Self::default();
        entries.into_iter().for_each(|(url, path)| catalog.insert(url, path));
        catalog
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_files() {
        let catalog: Catalog = [
            ("https://example.com/", "all"),
            ("https://example.com/schemas", "schemas"),
            ("https://example.com/one", "one.json"),
        ]
        .into_iter()
        .collect();
        #[track_caller]
        fn check(catalog: &Catalog, url: &str, expected: Option<&str>) {
            assert_eq!(catalog.path(url), expected.map(PathBuf::from), "{url}");
        }
        check(&catalog, "https://example.com/a.json", Some("all/a.json"));
        check(&catalog, "https://example.com/schemas/b/a%20c.json", Some("schemas/b/a c.json"));
        check(&catalog, "https://example.com/schemasb", Some("all/schemasb"));
        check(&catalog, "https://example.com/one", Some("one.json"));
        check(&catalog, "https://example.com/schemas/../../secret", None);
        check(&catalog, "https://example.com/schemas/%2e%2e/secret", None);
        check(&catalog, "https://example.com/schemas//etc/passwd", None);
        check(&catalog, "http://example.com/a.json", None);
    }
}
