//! Schemas of schemas, as conditions about `value`.

use tightwire_spec::schema::{Schema, SchemaObject};

use super::super::shape;
use super::exclusive::are_exclusive;
use super::expression::full;
use super::layout::any;
use super::predicates::Predicates;
use crate::error::Error;

/// `allOf`, `anyOf`, `oneOf`, `not`, `if`.
pub(super) fn combinations(
    p: &mut Predicates<'_>,
    schema: &SchemaObject,
    hint: &str,
    required: &[String],
    parts: &mut Vec<String>,
) -> Result<(), Error> {
    for (index, part) in schema.all_of.iter().enumerate() {
        let hint = format!("{hint}Part{}", index + 1);
        match part {
            // A part is about the same value: it needs no function of its own.
            Schema::Object(object) => parts.extend(full(p, object, &hint, required)?),
            _ => parts.extend(p.test(part, "value", &hint)?),
        }
    }
    if !schema.any_of.is_empty()
        && let Some(tests) = choice(p, &schema.any_of, hint)?
    {
        parts.push(any(&tests));
    }
    if !schema.one_of.is_empty() {
        if are_exclusive(p.ir(), &schema.one_of) {
            if let Some(tests) = choice(p, &schema.one_of, hint)? {
                parts.push(any(&tests));
            }
        } else {
            let mut guards = Vec::new();
            for (alternative, hint) in schema.one_of.iter().zip(shape::alternatives(p.ir(), hint, &schema.one_of)) {
                guards.push(p.predicate(alternative, &hint)?);
            }
            p.uses("matching");
            parts.push(format!("matching([{}], value) === 1", guards.join(", ")));
        }
    }
    if let Some(not) = &schema.not {
        match p.test(not, "value", &format!("{hint}Not"))? {
            Some(test) => parts.push(format!("!({test})")),
            None => {
                p.uses("isNothing");
                parts.push("isNothing(value)".to_owned());
            }
        }
    }
    conditional(p, schema, hint, parts)
}

/// The tests of some alternatives; `None` where one of them accepts everything.
fn choice(p: &mut Predicates<'_>, alternatives: &[Schema], hint: &str) -> Result<Option<Vec<String>>, Error> {
    // Asked first: otherwise the others would get functions that nobody calls.
    if alternatives.iter().any(|alternative| shape::accepts_everything(p.ir(), alternative)) {
        return Ok(None);
    }
    let mut tests = Vec::new();
    for (alternative, hint) in alternatives.iter().zip(shape::alternatives(p.ir(), hint, alternatives)) {
        match p.test(alternative, "value", &hint)? {
            Some(test) => tests.push(test),
            None => return Ok(None),
        }
    }
    Ok(Some(tests))
}

fn conditional(
    p: &mut Predicates<'_>,
    schema: &SchemaObject,
    hint: &str,
    parts: &mut Vec<String>,
) -> Result<(), Error> {
    let Some(condition) = &schema.if_schema else { return Ok(()) };
    let branch = |p: &mut Predicates<'_>, schema: &Option<Schema>, name: &str| match schema {
        Some(schema) => p.test(schema, "value", &format!("{hint}{name}")),
        None => Ok(None),
    };
    let then = branch(p, &schema.then_schema, "Then")?;
    let otherwise = branch(p, &schema.else_schema, "Else")?;
    if then.is_none() && otherwise.is_none() {
        return Ok(());
    }
    let condition = p.predicate(condition, &format!("{hint}If"))?;
    let condition =
        if condition.contains(' ') { format!("({condition})(value)") } else { format!("{condition}(value)") };
    parts.push(match (then, otherwise) {
        (Some(then), None) => format!("(!{condition} || {then})"),
        (None, Some(otherwise)) => format!("({condition} || {otherwise})"),
        (then, otherwise) => format!(
            "({condition} ? {} : {})",
            then.unwrap_or_else(|| "true".to_owned()),
            otherwise.unwrap_or_else(|| "true".to_owned())
        ),
    });
    Ok(())
}
