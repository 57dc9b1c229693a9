//! The metaschemas of JSON Schema, which documents may refer to without having them.

/// The text of the metaschema with that URI.
pub(crate) fn text(uri: &str) -> Option<&'static str> {
    let found = ALL.iter().find(|(known, _)| *known == uri);
    found.map(|(_, text)| *text)
}

const ALL: [(&str, &str); 9] = [
    ("http://json-schema.org/draft-07/schema", include_str!("metaschemas/draft-07.json")),
    ("https://json-schema.org/draft/2020-12/schema", include_str!("metaschemas/2020-12/schema.json")),
    ("https://json-schema.org/draft/2020-12/meta/core", include_str!("metaschemas/2020-12/core.json")),
    ("https://json-schema.org/draft/2020-12/meta/applicator", include_str!("metaschemas/2020-12/applicator.json")),
    ("https://json-schema.org/draft/2020-12/meta/unevaluated", include_str!("metaschemas/2020-12/unevaluated.json")),
    ("https://json-schema.org/draft/2020-12/meta/validation", include_str!("metaschemas/2020-12/validation.json")),
    ("https://json-schema.org/draft/2020-12/meta/meta-data", include_str!("metaschemas/2020-12/meta-data.json")),
    (
        "https://json-schema.org/draft/2020-12/meta/format-annotation",
        include_str!("metaschemas/2020-12/format-annotation.json"),
    ),
    ("https://json-schema.org/draft/2020-12/meta/content", include_str!("metaschemas/2020-12/content.json")),
];
