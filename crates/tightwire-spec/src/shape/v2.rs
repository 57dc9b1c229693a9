//! The objects of AsyncAPI 2.0 to 2.6, where they are not those of 3.x.

use super::{
    CONTACT, CORRELATION_ID, EXTERNAL_DOCS, LICENSE, MESSAGE_EXAMPLE, Object, SECURITY_SCHEME, SERVER_VARIABLE, Shape,
    TAG, may, must, text,
};

pub(crate) static ROOT: Object = Object {
    name: "the document",
    fields: &[
        must("asyncapi", Shape::Text),
        text("id"),
        must("info", Shape::Object(&INFO)),
        may("servers", Shape::Map(&Shape::Object(&SERVER))),
        text("defaultContentType"),
        must("channels", Shape::Map(&Shape::Object(&CHANNEL))),
        may("components", Shape::Object(&COMPONENTS)),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
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
    ],
};

static SERVER: Object = Object {
    name: "a server",
    fields: &[
        must("url", Shape::Text),
        must("protocol", Shape::Text),
        text("protocolVersion"),
        text("description"),
        may("variables", Shape::Map(&Shape::Object(&SERVER_VARIABLE))),
        may("security", Shape::Loose),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("bindings", Shape::Loose),
    ],
};

static CHANNEL: Object = Object {
    name: "a channel",
    fields: &[
        text("description"),
        may("servers", Shape::Texts),
        may("subscribe", Shape::Object(&OPERATION)),
        may("publish", Shape::Object(&OPERATION)),
        may("parameters", Shape::Map(&Shape::Object(&PARAMETER))),
        may("bindings", Shape::Loose),
    ],
};

static PARAMETER: Object =
    Object { name: "a parameter", fields: &[text("description"), may("schema", Shape::Schema), text("location")] };

static OPERATION: Object = Object {
    name: "an operation",
    fields: &[
        text("operationId"),
        text("summary"),
        text("description"),
        may("security", Shape::Loose),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
        may("traits", Shape::List(&Shape::Object(&OPERATION_TRAIT))),
        may("message", Shape::Alternatives(&MESSAGE)),
    ],
};

static OPERATION_TRAIT: Object = Object {
    name: "an operation trait",
    fields: &[
        text("operationId"),
        text("summary"),
        text("description"),
        may("security", Shape::Loose),
        may("tags", Shape::List(&Shape::Object(&TAG))),
        may("externalDocs", Shape::Object(&EXTERNAL_DOCS)),
        may("bindings", Shape::Loose),
    ],
};

pub(crate) static MESSAGE: Object = Object {
    name: "a message",
    fields: &[
        text("messageId"),
        may("headers", Shape::Schema),
        may("payload", Shape::Payload),
        may("correlationId", Shape::Object(&CORRELATION_ID)),
        text("schemaFormat"),
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

static MESSAGE_TRAIT: Object = Object {
    name: "a message trait",
    fields: &[
        text("messageId"),
        may("headers", Shape::Schema),
        may("correlationId", Shape::Object(&CORRELATION_ID)),
        text("schemaFormat"),
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

static COMPONENTS: Object = Object {
    name: "`components`",
    fields: &[
        may("schemas", Shape::Map(&Shape::Schema)),
        may("servers", Shape::Map(&Shape::Object(&SERVER))),
        may("serverVariables", Shape::Map(&Shape::Object(&SERVER_VARIABLE))),
        may("channels", Shape::Map(&Shape::Object(&CHANNEL))),
        may("messages", Shape::Map(&Shape::Alternatives(&MESSAGE))),
        may("securitySchemes", Shape::Map(&Shape::Object(&SECURITY_SCHEME))),
        may("parameters", Shape::Map(&Shape::Object(&PARAMETER))),
        may("correlationIds", Shape::Map(&Shape::Object(&CORRELATION_ID))),
        may("operationTraits", Shape::Map(&Shape::Object(&OPERATION_TRAIT))),
        may("messageTraits", Shape::Map(&Shape::Object(&MESSAGE_TRAIT))),
        may("serverBindings", Shape::Map(&Shape::Loose)),
        may("channelBindings", Shape::Map(&Shape::Loose)),
        may("operationBindings", Shape::Map(&Shape::Loose)),
        may("messageBindings", Shape::Map(&Shape::Loose)),
    ],
};
