//! The keywords of objects as conditions about `value`.

use tightwire_spec::schema::{Dependency, Schema, SchemaObject};

use super::super::names::{access, pascal, shouty, string};
use super::super::shape;
use super::layout::{all, bare};
use super::predicates::Predicates;
use crate::error::Error;

/// What `Object.prototype` gives to every object: a property of this name is looked for with care.
const INHERITED: &[&str] = &[
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Whether `value` has a property, or whether it lacks it.
fn presence(p: &mut Predicates<'_>, key: &str, there: bool) -> String {
    if INHERITED.contains(&key) {
        p.uses("has");
        return format!("{}has(value, {})", if there { "" } else { "!" }, string(key));
    }
    format!("{} {} undefined", access(key), if there { "!==" } else { "===" })
}

/// `properties` and what goes with them.
pub(super) fn objects(
    p: &mut Predicates<'_>,
    schema: &SchemaObject,
    hint: &str,
    required: &[String],
) -> Result<Vec<String>, Error> {
    let (mut constants, mut parts) = (Vec::new(), Vec::new());
    for (key, property) in &schema.properties {
        let inherited = INHERITED.contains(&key.as_str());
        let needed = required.contains(key) || schema.required.contains(key);
        let test = p.test(property, &access(key), &format!("{hint}{}", pascal(key)))?;
        match test {
            // Constants first: they tell alternatives apart at once.
            Some(test) if needed && !inherited && test.contains(" === ") && !test.contains('(') => {
                constants.push(test);
            }
            Some(test) if needed && (inherited || !refuses_undefined(p, property)) => {
                parts.push(presence(p, key, true));
                parts.push(test);
            }
            Some(test) if needed => parts.push(test),
            Some(test) => parts.push(format!("({} || {test})", presence(p, key, false))),
            None if schema.required.contains(key) => parts.push(presence(p, key, true)),
            None => {}
        }
    }
    constants.append(&mut parts);
    let mut parts = constants;
    for key in schema.required.iter().filter(|key| !schema.properties.contains_key(*key)) {
        parts.push(presence(p, key, true));
    }
    for (key, dependency) in &schema.dependencies {
        let dependent = match dependency {
            Dependency::Required(others) => all(others.iter().map(|other| presence(p, other, true)).collect()),
            Dependency::Schema(schema) => p.test(schema, "value", &format!("{hint}With{}", pascal(key)))?,
        };
        if let Some(dependent) = dependent {
            parts.push(format!("({} || {dependent})", presence(p, key, false)));
        }
    }
    for (bound, operator) in [(schema.min_properties.filter(|least| *least > 0), ">="), (schema.max_properties, "<=")] {
        if let Some(bound) = bound {
            p.uses("size");
            parts.push(format!("size(value) {operator} {bound}"));
        }
    }
    if let Some(names) = schema.property_names.as_ref().filter(|names| !shape::is_trivial(names)) {
        parts.push(format!("Object.keys(value).every({})", p.predicate(names, &format!("{hint}Key"))?));
    }
    parts.extend(other_properties(p, schema, hint)?);
    if let Some(rest) = &schema.unevaluated_properties
        && let Some(test) = p.test(rest, "value[key]", &format!("{hint}Unevaluated"))?
    {
        let collector = p.collector(schema, hint)?;
        p.uses("unevaluatedKeys");
        parts.push(match rest {
            Schema::Bool(_) => format!("unevaluatedKeys(value, {collector}).length === 0"),
            _ => format!("unevaluatedKeys(value, {collector}).every((key) => {test})"),
        });
    }
    Ok(parts)
}

/// Whether the test of a schema fails on `undefined`, so that nobody has to ask whether the property is there.
fn refuses_undefined(p: &Predicates<'_>, schema: &Schema) -> bool {
    match p.ir().resolve(schema) {
        Schema::Bool(accepts) => !accepts,
        Schema::Ref(_) => false,
        Schema::Object(object) => {
            !object.types.is_empty()
                || object.const_value.is_some()
                || object.enum_values.is_some()
                || object.all_of.iter().any(|part| refuses_undefined(p, part))
                || [&object.any_of, &object.one_of].into_iter().any(|alternatives| {
                    !alternatives.is_empty() && alternatives.iter().all(|one| refuses_undefined(p, one))
                })
        }
    }
}

/// `additionalProperties` and `patternProperties`.
fn other_properties(p: &mut Predicates<'_>, schema: &SchemaObject, hint: &str) -> Result<Option<String>, Error> {
    let keys = |p: &mut Predicates<'_>| {
        let keys: Vec<String> = schema.properties.keys().map(|key| string(key)).collect();
        p.list(&format!("{}_KEYS", shouty(hint)), &keys)
    };
    if schema.pattern_properties.is_empty() {
        return Ok(match &schema.additional_properties {
            None => None,
            Some(other) if shape::is_trivial(other) => None,
            Some(Schema::Bool(false)) => {
                p.uses("hasOnly");
                Some(format!("hasOnly(value, {})", keys(p)))
            }
            Some(other) if schema.properties.is_empty() => {
                Some(format!("Object.values(value).every({})", p.predicate(other, &format!("{hint}Value"))?))
            }
            Some(other) => match p.test(other, "value[key]", &format!("{hint}Value"))? {
                None => None,
                Some(test) => {
                    let known = format!("{}.includes(key)", keys(p));
                    Some(format!("Object.keys(value).every((key) => {known} || {test})"))
                }
            },
        });
    }
    let (mut parts, mut known) = (Vec::new(), Vec::new());
    // Only what follows `additionalProperties` cares which keys a pattern takes.
    let others = schema.additional_properties.as_ref().filter(|other| !shape::is_trivial(other));
    for (index, (text, property)) in schema.pattern_properties.iter().enumerate() {
        let hint = format!("{hint}Pattern{}", index + 1);
        let test = p.test(property, "value[key]", &hint)?;
        if test.is_none() && others.is_none() {
            continue;
        }
        let pattern = p.pattern(text, &hint)?;
        if let Some(test) = test {
            parts.push(format!("(!{pattern}.test(key) || {test})"));
        }
        known.push(format!("{pattern}.test(key)"));
    }
    if let Some(other) = others
        && let Some(test) = p.test(other, "value[key]", &format!("{hint}Value"))?
    {
        if !schema.properties.is_empty() {
            known.insert(0, format!("{}.includes(key)", keys(p)));
        }
        known.push(test);
        parts.push(format!("({})", known.join(" || ")));
    }
    Ok(match parts.as_slice() {
        [] => None,
        [only] => Some(format!("Object.keys(value).every((key) => {})", bare(only))),
        parts => Some(format!("Object.keys(value).every((key) => {})", parts.join(" && "))),
    })
}
