//! The objects of AsyncAPI as a table: which fields each has, which it needs, and what they hold.
//!
//! [`Walk`](crate::walk::Walk) goes through a document along this table; the rules about unknown, missing and mistyped
//! fields only read what it found. Here are those of 3.0 and 3.1; [`v2`] has those of 2.x that differ.

use crate::dialect::Dialect;
use crate::version::Version;

pub(crate) mod v2;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Anything, and nothing in it is looked at.
    Any,
    /// Anything; `$ref`s in it are followed (bindings, security).
    Loose,
    /// Text.
    Text,
    /// Text or null.
    TextOrNull,
    /// One of these texts.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A `$ref` and nothing else.
    Reference,
    /// An object, or a `$ref` to one.
    Object(&'static Object),
    /// An object whose values all have this shape.
    Map(&'static Shape),
    /// An array whose items all have this shape.
    List(&'static Shape),
    /// A schema, or a `$ref` to one.
    Schema,
    /// A schema in a dialect other than AsyncAPI's.
    Foreign(Dialect),
    /// 2.x: a schema in the format that `schemaFormat` beside it names.
    Payload,
    /// 2.x: an object, or `oneOf` with a list of them.
    Alternatives(&'static Object),
}

/// An object of AsyncAPI.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// Its name in running text, with its article.
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
}

/// A field of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

/// The document itself.
pub(crate) fn root(version: Version) -> Shape {
    match version {
        Version::V2 => Shape::Object(&v2::ROOT),
        Version::V3 => Shape::Object(&ROOT),
    }
}

impl Object {
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const fn text(name: &'static str) -> Field {
    may(name, Shape::Text)
}

pub(crate) static ROOT: Object = Object {
    name: "the document",
    fields: &[
        must("asyncapi", Shape::Text),
        text("id"),
        must("info", Shape::Object(&INFO)),
        may("servers", Shape::Map(&Shape::Object(&SERVER))),
        text("defaultContentType"),
        may("channels", Shape::Map(&Shape::Object(&CHANNEL))),
        may("operations", Shape::Map(&Shape::Object(&OPERATION))),
        may("components", Shape::Object(&COMPONENTS)),
    ],
};

static INFO: Object = Object {
    name: "`info`",
    fields: &[
        must("title", Shape::Text),
        must("version", Shape::Text),
        text("description"),
        text("termsOfService"),
        may("contact", Shape::Object(&CONTACT)),
        may("license", Shape::Object(&LICENSE)),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
    ],
};

static CONTACT: Object = Object { name: "`contact`", fields: &[text("name"), text("url"), text("email")] };

static LICENSE: Object = Object { name: "`license`", fields: &[must("name", Shape::Text), text("url")] };

static SERVER: Object = Object {
    name: "a server",
    fields: &[
        must("host", Shape::Text),
        must("protocol", Shape::Text),
        text("protocolVersion"),
        text("pathname"),
        text("title"),
        text("summary"),
        text("description"),
        may("variables", Shape::Map(&Shape::Object(&SERVER_VARIABLE))),
        may("security", Shape::Loose),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
    ],
};

static SERVER_VARIABLE: Object = Object {
    name: "a server variable",
    fields: &[may("enum", Shape::Texts), text("default"), text("description"), may("examples", Shape::Texts)],
};

pub(crate) static CHANNEL: Object = Object {
    name: "a channel",
    fields: &[
        may("address", Shape::TextOrNull),
        may("messages", Shape::Map(&Shape::Object(&MESSAGE))),
        text("title"),
        text("summary"),
        text("description"),
        may("servers", Shape::List(&Shape::Reference)),
        may("parameters", Shape::Map(&Shape::Object(&PARAMETER))),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
    ],
};

static PARAMETER: Object = Object {
    name: "a parameter",
    fields: &[
        may("enum", Shape::Texts),
        text("default"),
        text("description"),
        may("examples", Shape::Texts),
        text("location"),
    ],
};

pub(crate) static OPERATION: Object = Object {
    name: "an operation",
    fields: &[
        must("action", Shape::Word(&["send", "receive"])),
        must("channel", Shape::Reference),
        text("title"),
        text("summary"),
        text("description"),
        may("security", Shape::Loose),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
        may("traits", Shape::List(&Shape::Object(&OPERATION_TRAIT))),
        may("messages", Shape::List(&Shape::Reference)),
        may("reply", Shape::Object(&REPLY)),
    ],
};

pub(crate) static OPERATION_TRAIT: Object = Object {
    name: "an operation trait",
    fields: &[
        text("title"),
        text("summary"),
        text("description"),
        may("security", Shape::Loose),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
    ],
};

pub(crate) static REPLY: Object = Object {
    name: "a reply",
    fields: &[
        may("address", Shape::Object(&REPLY_ADDRESS)),
        may("channel", Shape::Reference),
        may("messages", Shape::List(&Shape::Reference)),
    ],
};

static REPLY_ADDRESS: Object =
    Object { name: "a reply address", fields: &[text("description"), must("location", Shape::Text)] };

pub(crate) static MESSAGE: Object = Object {
    name: "a message",
    fields: &[
        may("headers", Shape::Schema),
        may("payload", Shape::Schema),
        may("correlationId", Shape::Object(&CORRELATION_ID)),
        text("contentType"),
        text("name"),
        text("title"),
        text("summary"),
        text("description"),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
        may("examples", Shape::List(&Shape::Object(&MESSAGE_EXAMPLE))),
        may("traits", Shape::List(&Shape::Object(&MESSAGE_TRAIT))),
    ],
};

pub(crate) static MESSAGE_TRAIT: Object = Object {
    name: "a message trait",
    fields: &[
        may("headers", Shape::Schema),
        may("correlationId", Shape::Object(&CORRELATION_ID)),
        text("contentType"),
        text("name"),
        text("title"),
        text("summary"),
        text("description"),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
        may("examples", Shape::List(&Shape::Object(&MESSAGE_EXAMPLE))),
    ],
};

static MESSAGE_EXAMPLE: Object = Object {
    name: "an example",
    fields: &[may("headers", Shape::Any), may("payload", Shape::Any), text("name"), text("summary")],
};

static CORRELATION_ID: Object =
    Object { name: "a correlation id", fields: &[text("description"), must("location", Shape::Text)] };

static TAG: Object = Object {
    name: "a tag",
    fields: &[must("name", Shape::Text), text("description"), may("externalDocs", Shape::Object(&EXTERNAL_DOCS))],
};

static EXTERNAL_DOCS: Object =
    Object { name: "`externalDocs`", fields: &[text("description"), must("url", Shape::Text)] };

static SECURITY_SCHEME: Object = Object {
    name: "a security scheme",
    fields: &[
        must("type", Shape::Text),
        text("description"),
        text("name"),
        text("in"),
        text("scheme"),
        text("bearerFormat"),
        may("flows", Shape::Loose),
        text("openIdConnectUrl"),
        may("scopes", Shape::Texts),
    ],
};

static COMPONENTS: Object = Object {
    name: "`components`",
    fields: &[
        may("schemas", Shape::Map(&Shape::Schema)),
        may("servers", Shape::Map(&Shape::Object(&SERVER))),
        may("channels", Shape::Map(&Shape::Object(&CHANNEL))),
        may("operations", Shape::Map(&Shape::Object(&OPERATION))),
        may("messages", Shape::Map(&Shape::Object(&MESSAGE))),
        may("securitySchemes", Shape::Map(&Shape::Object(&SECURITY_SCHEME))),
        may("serverVariables", Shape::Map(&Shape::Object(&SERVER_VARIABLE))),
        may("parameters", Shape::Map(&Shape::Object(&PARAMETER))),
        may("correlationIds", Shape::Map(&Shape::Object(&CORRELATION_ID))),
        may("replies", Shape::Map(&Shape::Object(&REPLY))),
        may("replyAddresses", Shape::Map(&Shape::Object(&REPLY_ADDRESS))),
        may("externalDocs", Shape::Map(&Shape::Object(&EXTERNAL_DOCS))),
        may("tags", Shape::Map(&Shape::Object(&TAG))),
        may("operationTraits", Shape::Map(&Shape::Object(&OPERATION_TRAIT))),
        may("messageTraits", Shape::Map(&Shape::Object(&MESSAGE_TRAIT))),
        may("serverBindings", Shape::Map(&Shape::Loose)),
        may("channelBindings", Shape::Map(&Shape::Loose)),
        may("operationBindings", Shape::Map(&Shape::Loose)),
        may("messageBindings", Shape::Map(&Shape::Loose)),
    ],
};
