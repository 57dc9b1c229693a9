//! Which keywords a schema may use: `$vocabulary` of the metaschema that its `$schema` names.

use crate::documents::Documents;
use crate::tree::Node;

/// The keywords that mean something in a schema. Whatever a metaschema leaves out, its schemas cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    /// Those that judge a value by itself: `type`, `enum`, bounds, `required`.
    pub(crate) validation: bool,
    /// `format`.
    pub(crate) format: bool,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { validation: true, format: true }
    }
}

impl Vocabulary {
    /// The vocabulary of a schema of 2019-09 or later. Everything counts where no metaschema of others is named, none has been
    /// read, or it does not say.
    pub(crate) fn of(documents: &Documents, schema: Node<'_>) -> Self {
        if !documents.has_vocabularies {
            return Self::default();
        }
        let dialect = std::iter::successors(Some(schema), |node| node.parent()).find_map(|node| node.text("$schema"));
        let listed = dialect
            .and_then(|uri| documents.metaschema(uri))
            .and_then(|metaschema| metaschema.get("$vocabulary"))
            .filter(|listed| listed.is_object());
        let Some(listed) = listed else { return Self::default() };
        // One that need not be understood is listed too, and understood.
        let has = |names: &[&str]| {
            listed.members().any(|(uri, ..)| {
                let name = uri.strip_prefix("https://json-schema.org/draft/");
                name.and_then(|rest| rest.split_once("/vocab/")).is_some_and(|(_, name)| names.contains(&name))
            })
        };
        Self { validation: has(&["validation"]), format: has(&["format", "format-annotation", "format-assertion"]) }
    }
}
