//! The languages that payloads are described in.

use crate::tree::Node;

/// A dialect of JSON Schema, as a `schemaFormat` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    /// AsyncAPI's own, which is draft-07 and a little more.
    #[default]
    AsyncApi,
    /// JSON Schema 2019-09 and 2020-12.
    Later,
    /// OpenAPI 3.0: `nullable`, bounds that are exclusive by a flag, `example`.
    OpenApi,
}

impl Dialect {
    /// The dialect of a `schemaFormat`; `None` for a format that is not JSON Schema.
    pub(crate) fn parse(format: &str) -> Option<Self> {
        let (media_type, parameters) = format.split_once(';').unwrap_or((format, ""));
        let media_type = media_type.trim().to_ascii_lowercase();
        let later = parameters.contains("2019-09") || parameters.contains("2020-12");
        match media_type.split('+').next().unwrap_or_default() {
            "application/vnd.aai.asyncapi" | "application/json" => Some(Self::AsyncApi),
            "application/schema" if later => Some(Self::Later),
            "application/schema" => Some(Self::AsyncApi),
            "application/vnd.oai.openapi" => Some(Self::OpenApi),
            _ => None,
        }
    }
}

/// Whether this is a schema in the wrapper that names its format (3.x).
pub(crate) fn is_wrapped(node: Node<'_>) -> bool {
    node.text("schemaFormat").is_some() && node.get("schema").is_some()
}

/// The schema in its wrapper and its dialect, if it is in a format that is read.
pub(crate) fn wrapped(node: Node<'_>) -> Option<(Node<'_>, Dialect)> {
    Some((node.get("schema")?, Dialect::parse(node.text("schemaFormat")?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, expected: Option<Dialect>) {
        assert_eq!(Dialect::parse(format), expected, "{format}");
    }

    #[test]
    fn formats() {
        check("application/vnd.aai.asyncapi;version=2.6.0", Some(Dialect::AsyncApi));
        check("application/vnd.aai.asyncapi+json;version=3.0.0", Some(Dialect::AsyncApi));
        check("application/schema+yaml;version=draft-07", Some(Dialect::AsyncApi));
        check("application/schema+json;version=2020-12", Some(Dialect::Later));
        check("application/vnd.oai.openapi+json;version=3.0.0", Some(Dialect::OpenApi));
        check("application/vnd.apache.avro;version=1.9.0", None);
        check("application/vnd.google.protobuf;version=3", None);
        check("application/raml+yaml;version=1.0", None);
    }
}
