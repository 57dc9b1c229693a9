//! Questions about schemas that guards and checks ask alike.

use std::collections::{HashMap, HashSet};

use serde_json::{Number, Value};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{Dependency, Items, JsonType, Schema, SchemaObject};

use super::names::{key, pascal, string};
use crate::alternatives;

/// The formats that the server's validator checks, each with the function that does it here. Any other is only a note to
/// the reader, on both sides: so are `idn-email` and `idn-hostname`, which need tables of all of Unicode.
const FORMATS: [(&str, Format); 16] = [
    ("date", Format::common("isDate")),
    ("date-time", Format::common("isDateTime")),
    ("email", Format::rare("isEmail")),
    ("hostname", Format::rare("isHostname")),
    ("ipv4", Format::common("isIpv4")),
    ("ipv6", Format::rare("isIpv6")),
    ("iri", Format::rare("isIri")),
    ("iri-reference", Format::rare("isIriReference")),
    ("json-pointer", Format::common("isJsonPointer")),
    ("regex", Format::rare("isRegex")),
    ("relative-json-pointer", Format::rare("isRelativeJsonPointer")),
    ("time", Format::common("isTime")),
    ("uri", Format::rare("isUri")),
    ("uri-reference", Format::rare("isUriReference")),
    ("uri-template", Format::rare("isUriTemplate")),
    ("uuid", Format::common("isUuid")),
];

/// The function that checks a format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    /// Its name.
    pub(super) function: &'static str,
    /// Whether it stands in `formats.ts`; else it stands in `runtime.ts`.
    rare: bool,
}

impl Format {
    const fn common(function: &'static str) -> Self {
        Self { function, rare: false }
    }

    const fn rare(function: &'static str) -> Self {
        Self { function, rare: true }
    }
}

/// The function that checks a format; `None` for a format that is only a note to the reader.
pub(super) fn format(format: &str) -> Option<&'static str> {
    FORMATS.iter().find(|(name, _)| *name == format).map(|(_, format)| format.function)
}

/// Whether a function stands in `formats.ts`.
pub(super) fn is_rare_format(function: &str) -> bool {
    FORMATS.iter().any(|(_, format)| format.rare && format.function == function)
}

/// The functions that check formats.
pub(super) fn format_functions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|(_, format)| format.function)
}

/// What is called after each of several alternatives: it begins with `hint`.
pub(super) fn alternatives(ir: &Ir, hint: &str, schemas: &[Schema]) -> Vec<String> {
    let resolved: Vec<SchemaObject> = schemas.iter().map(|schema| ir.merged(schema).unwrap_or_default()).collect();
    let names = alternatives::names(schemas, &resolved);
    names.iter().map(|name| format!("{hint}{}", pascal(&name.text))).collect()
}

/// A schema without what is only for readers.
pub(super) fn validation(schema: &SchemaObject) -> SchemaObject {
    SchemaObject {
        title: None,
        description: None,
        default: None,
        examples: Vec::new(),
        deprecated: false,
        extensions: indexmap::IndexMap::new(),
        ..schema.clone()
    }
}

/// Whether `===` compares a value.
pub(super) fn scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// Whether a value is of a type.
pub(super) fn is_of(value: &Value, kind: JsonType) -> bool {
    match kind {
        JsonType::Null => value.is_null(),
        JsonType::Boolean => value.is_boolean(),
        JsonType::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        JsonType::Number => value.is_number(),
        JsonType::String => value.is_string(),
        JsonType::Array => value.is_array(),
        JsonType::Object => value.is_object(),
    }
}

/// Whether a schema accepts everything.
pub(super) fn is_trivial(schema: &Schema) -> bool {
    match schema {
        Schema::Bool(accepts) => *accepts,
        Schema::Ref(_) => false,
        Schema::Object(object) => validation(object) == SchemaObject::default(),
    }
}

/// Whether a schema, or the one that it refers to, accepts everything.
pub(super) fn accepts_everything(ir: &Ir, schema: &Schema) -> bool {
    match schema {
        Schema::Ref(reference) => ir.schemas.get(&reference.name).is_some_and(is_trivial),
        Schema::Bool(_) | Schema::Object(_) => is_trivial(schema),
    }
}

/// Whether everything that a schema accepts is compared by `===`.
pub(super) fn accepts_only_scalars(ir: &Ir, schema: &Schema) -> bool {
    match ir.resolve(schema) {
        Schema::Object(object) => {
            !object.types.is_empty()
                && object.types.iter().all(|kind| !matches!(kind, JsonType::Array | JsonType::Object))
        }
        Schema::Bool(_) | Schema::Ref(_) => false,
    }
}

/// The named schemas that contain themselves.
///
/// A schema does if the search comes back to it, or to one that reaches it: Tarjan's algorithm, on a stack of its own
/// since documents may be deep.
pub(super) fn recursive(ir: &Ir) -> HashSet<&str> {
    let targets = |name: &str| {
        let mut found = Vec::new();
        if let Some(schema) = ir.schemas.get(name) {
            references(schema, &mut found);
        }
        found
    };
    let mut cyclic = HashSet::new();
    // When a schema was met, and the earliest one on the stack that it leads back to.
    let mut met: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut stack: Vec<&str> = Vec::new();
    let mut on_stack: HashSet<&str> = HashSet::new();
    for start in ir.schemas.keys().map(String::as_str) {
        let mut path = Vec::new();
        let mut next = (!met.contains_key(start)).then_some(start);
        loop {
            if let Some(name) = next.take() {
                let order = met.len();
                met.insert(name, (order, order));
                stack.push(name);
                on_stack.insert(name);
                path.push((name, targets(name)));
            }
            let Some((name, rest)) = path.last_mut() else { break };
            let name = *name;
            if let Some(target) = rest.pop() {
                if target == name {
                    cyclic.insert(name);
                } else if !met.contains_key(target) {
                    next = Some(target);
                } else if on_stack.contains(target) {
                    let order = met[target].0;
                    lower(&mut met, name, order);
                }
                continue;
            }
            path.pop();
            let (order, low) = met[name];
            if let Some((parent, _)) = path.last() {
                lower(&mut met, parent, low);
            }
            if order == low {
                let from = stack.iter().rposition(|one| *one == name).unwrap_or_default();
                let group = stack.split_off(from);
                for one in &group {
                    on_stack.remove(one);
                }
                if group.len() > 1 {
                    cyclic.extend(group);
                }
            }
        }
    }
    cyclic
}

/// Notes that a schema leads back to an earlier one.
fn lower(met: &mut HashMap<&str, (usize, usize)>, name: &str, order: usize) {
    if let Some((_, low)) = met.get_mut(name) {
        *low = order.min(*low);
    }
}

/// All references in a schema.
fn references<'a>(schema: &'a Schema, found: &mut Vec<&'a str>) {
    let object = match schema {
        Schema::Bool(_) => return,
        Schema::Ref(reference) => return found.push(&reference.name),
        Schema::Object(object) => object,
    };
    let items = match &object.items {
        Some(Items::All(schema)) => std::slice::from_ref(schema),
        Some(Items::Tuple(schemas)) => schemas,
        None => &[],
    };
    let dependencies = object.dependencies.values().filter_map(|dependency| match dependency {
        Dependency::Schema(schema) => Some(schema),
        Dependency::Required(_) => None,
    });
    let single = [
        &object.additional_items,
        &object.contains,
        &object.unevaluated_items,
        &object.unevaluated_properties,
        &object.additional_properties,
        &object.property_names,
        &object.not,
        &object.if_schema,
        &object.then_schema,
        &object.else_schema,
    ];
    items
        .iter()
        .chain(object.properties.values())
        .chain(object.pattern_properties.values())
        .chain(dependencies)
        .chain(&object.all_of)
        .chain(&object.any_of)
        .chain(&object.one_of)
        .chain(single.into_iter().flatten())
        .for_each(|schema| references(schema, found));
}

/// A number as TypeScript has it: a double.
pub(super) fn number(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() || value.abs() > 9_007_199_254_740_991.0 => {
            if value.abs() >= 1e21 {
                format!("{value:e}")
            } else {
                format!("{value}")
            }
        }
        _ => number.to_string(),
    }
}

/// A JSON value as an expression.
pub(super) fn value_of(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(n) => number(n),
        Value::String(text) => string(text),
        Value::Array(items) => format!("[{}]", items.iter().map(value_of).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{}: {}", key(name), value_of(value))).collect();
            if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
        }
    }
}
