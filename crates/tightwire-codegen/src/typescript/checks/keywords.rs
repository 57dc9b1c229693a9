//! The body of a check: one statement per keyword of a schema.

use serde_json::Value;
use tightwire_spec::schema::{Dependency, Items, JsonType, Schema, SchemaObject};

use super::super::names::{pascal, shouty, string};
use super::super::shape::{self, number, scalar, value_of};
use super::super::writer::Writer;
use super::functions::Checks;
use crate::error::Error;

/// Writes the body of the check of `schema`.
pub(super) fn emit(c: &mut Checks<'_>, schema: &SchemaObject, hint: &str, w: &mut Writer) -> Result<(), Error> {
    types(c, schema, w);
    values(c, schema, hint, w);
    group(c, schema, JsonType::String, w, |c, w| strings(c, schema, hint, w))?;
    group(c, schema, JsonType::Number, w, |c, w| numbers(c, schema, w))?;
    group(c, schema, JsonType::Array, w, |c, w| arrays(c, schema, hint, w))?;
    group(c, schema, JsonType::Object, w, |c, w| objects(c, schema, hint, w))?;
    combinations(c, schema, hint, w)
}

/// `if (condition) { fail(…) }`.
fn fail_if(c: &mut Checks<'_>, condition: &str, keyword: &str, w: &mut Writer) {
    c.uses(&["fail"]);
    w.block(format!("if ({condition}) {{"), "}", |w| w.line(format!("fail(report, \"{keyword}\");")));
}

/// `type`: what is of the wrong one is not looked at further.
fn types(c: &mut Checks<'_>, schema: &SchemaObject, w: &mut Writer) {
    let number = schema.types.contains(&JsonType::Number);
    let kinds: Vec<JsonType> =
        schema.types.iter().copied().filter(|kind| !(number && *kind == JsonType::Integer)).collect();
    for kind in &kinds {
        if *kind == JsonType::Object {
            c.uses(&["isObject"]);
        }
    }
    let condition = match kinds.as_slice() {
        [] => return,
        [kind] => is_not(*kind).to_owned(),
        kinds => {
            let all: Vec<String> = kinds
                .iter()
                .map(|kind| is_not(*kind))
                .map(|test| if test.contains("||") { format!("({test})") } else { test.to_owned() })
                .collect();
            all.join(" && ")
        }
    };
    c.uses(&["fail"]);
    w.block(format!("if ({condition}) {{"), "}", |w| {
        w.line("fail(report, \"type\");");
        w.line("return;");
    });
}

fn is_not(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "value !== null",
        JsonType::Boolean => "typeof value !== \"boolean\"",
        JsonType::Integer => "typeof value !== \"number\" || !Number.isInteger(value)",
        JsonType::Number => "typeof value !== \"number\" || !Number.isFinite(value)",
        JsonType::String => "typeof value !== \"string\"",
        JsonType::Array => "!Array.isArray(value)",
        JsonType::Object => "!isObject(value)",
    }
}

/// `const` and `enum`.
fn values(c: &mut Checks<'_>, schema: &SchemaObject, hint: &str, w: &mut Writer) {
    if let Some(value) = &schema.const_value {
        let condition = differs(c, value);
        fail_if(c, &condition, "const", w);
    }
    if let Some(values) = &schema.enum_values {
        let scalar = values.iter().all(scalar);
        let item = if !values.is_empty() && values.iter().all(Value::is_string) { "string" } else { "unknown" };
        let item = if schema.types == [JsonType::String] { item } else { "unknown" };
        let list = c.list(&format!("{}_VALUES", shouty(hint)), item, &values.iter().map(value_of).collect::<Vec<_>>());
        let condition = if scalar {
            format!("!{list}.includes(value)")
        } else {
            c.uses(&["equal"]);
            format!("!{list}.some((other) => equal(value, other))")
        };
        fail_if(c, &condition, "enum", w);
    }
}

fn differs(c: &mut Checks<'_>, value: &Value) -> String {
    if scalar(value) {
        format!("value !== {}", value_of(value))
    } else {
        c.uses(&["equal"]);
        format!("!equal(value, {})", value_of(value))
    }
}

/// The keywords that concern one type, behind a test for it where the value can be of another.
fn group<'a>(
    c: &mut Checks<'a>,
    schema: &SchemaObject,
    kind: JsonType,
    w: &mut Writer,
    body: impl FnOnce(&mut Checks<'a>, &mut Writer) -> Result<(), Error>,
) -> Result<(), Error> {
    let of_kind = |other: &JsonType| *other == kind || (kind == JsonType::Number && *other == JsonType::Integer);
    if !schema.types.is_empty() && !schema.types.iter().any(of_kind) {
        return Ok(());
    }
    if !schema.types.is_empty() && schema.types.iter().all(of_kind) {
        return body(c, w);
    }
    let condition = match kind {
        JsonType::String => "typeof value === \"string\"",
        JsonType::Array => "Array.isArray(value)",
        JsonType::Object => "isObject(value)",
        _ => "typeof value === \"number\"",
    };
    let mut inner = w.deeper();
    body(c, &mut inner)?;
    if !inner.is_empty() {
        if kind == JsonType::Object {
            c.uses(&["isObject"]);
        }
        w.line(format!("if ({condition}) {{"));
        w.extend(inner);
        w.line("}");
    }
    Ok(())
}

fn strings(c: &mut Checks<'_>, schema: &SchemaObject, hint: &str, w: &mut Writer) -> Result<(), Error> {
    match schema.min_length {
        None | Some(0) => {}
        Some(1) => fail_if(c, "value === \"\"", "minLength", w),
        Some(least) => {
            c.uses(&["isShorter"]);
            fail_if(c, &format!("isShorter(value, {least})"), "minLength", w);
        }
    }
    if let Some(most) = schema.max_length {
        c.uses(&["isLonger"]);
        fail_if(c, &format!("isLonger(value, {most})"), "maxLength", w);
    }
    if let Some(pattern) = &schema.pattern {
        let name = c.pattern(pattern, hint)?;
        fail_if(c, &format!("!{name}.test(value)"), "pattern", w);
    }
    if let Some(format) = &schema.format {
        let Some(check) = shape::format(format) else { return Ok(()) };
        c.uses(&[check]);
        fail_if(c, &format!("!{check}(value)"), "format", w);
    }
    Ok(())
}

fn numbers(c: &mut Checks<'_>, schema: &SchemaObject, w: &mut Writer) -> Result<(), Error> {
    let bounds = [
        (&schema.minimum, "<", "minimum"),
        (&schema.maximum, ">", "maximum"),
        (&schema.exclusive_minimum, "<=", "exclusiveMinimum"),
        (&schema.exclusive_maximum, ">=", "exclusiveMaximum"),
    ];
    for (bound, operator, keyword) in bounds {
        if let Some(bound) = bound {
            fail_if(c, &format!("value {operator} {}", number(bound)), keyword, w);
        }
    }
    if let Some(step) = &schema.multiple_of {
        c.uses(&["isMultiple"]);
        fail_if(c, &format!("!isMultiple(value, {})", number(step)), "multipleOf", w);
    }
    Ok(())
}

fn arrays(c: &mut Checks<'_>, schema: &SchemaObject, hint: &str, w: &mut Writer) -> Result<(), Error> {
    if let Some(least) = schema.min_items.filter(|least| *least > 0) {
        fail_if(c, &format!("value.length < {least}"), "minItems", w);
    }
    if let Some(most) = schema.max_items {
        fail_if(c, &format!("value.length > {most}"), "maxItems", w);
    }
    if schema.unique_items {
        c.uses(&["isUnique"]);
        fail_if(c, "!isUnique(value)", "uniqueItems", w);
    }
    match &schema.items {
        None => {}
        Some(Items::All(schema)) => {
            if let Some(check) = c.check(schema, &format!("{hint}Item"))? {
                c.uses(&["items"]);
                w.line(format!("items(value, {check}, report);"));
            }
        }
        Some(Items::Tuple(schemas)) => {
            for (index, schema) in schemas.iter().enumerate() {
                if let Some(check) = c.check(schema, &format!("{hint}Item{}", index + 1))? {
                    c.uses(&["item"]);
                    w.line(format!("item(value, {index}, {check}, report);"));
                }
            }
            let from = schemas.len();
            match &schema.additional_items {
                Some(Schema::Bool(false)) => {
                    fail_if(c, &format!("value.length > {from}"), "additionalItems", w);
                }
                Some(rest) => {
                    if let Some(check) = c.check(rest, &format!("{hint}Rest"))? {
                        c.uses(&["items"]);
                        w.line(format!("items(value, {check}, report, {from});"));
                    }
                }
                None => {}
            }
        }
    }
    let counted = (schema.min_contains, schema.max_contains);
    if let Some(contained) = schema.contains.as_ref().filter(|_| counted != (Some(0), None)) {
        let check = c.check_or_anything(contained, &format!("{hint}Contained"))?;
        c.uses(&["accepts"]);
        let accepted = format!("(item) => accepts({check}, item, report.depth)");
        match counted {
            (None, None) => fail_if(c, &format!("!value.some({accepted})"), "contains", w),
            (least, most) => {
                w.line(format!("const contained = value.filter({accepted}).length;"));
                let keyword = if least.is_some() { "minContains" } else { "contains" };
                let least = least.unwrap_or(1);
                if least > 0 {
                    fail_if(c, &format!("contained < {least}"), keyword, w);
                }
                if let Some(most) = most {
                    fail_if(c, &format!("contained > {most}"), "maxContains", w);
                }
            }
        }
    }
    if let Some(rest) = &schema.unevaluated_items
        && let Some(check) = c.check(rest, &format!("{hint}Unevaluated"))?
    {
        let collector = c.collector(schema, hint)?;
        c.uses(&["unevaluatedItems"]);
        w.line(format!("const rest = unevaluatedItems(value, {collector});"));
        let condition = if matches!(rest, Schema::Bool(_)) {
            "rest.length > 0".to_owned()
        } else {
            c.uses(&["accepts"]);
            format!("!rest.every((item) => accepts({check}, item, report.depth))")
        };
        fail_if(c, &condition, "unevaluatedItems", w);
    }
    Ok(())
}

fn objects(c: &mut Checks<'_>, schema: &SchemaObject, hint: &str, w: &mut Writer) -> Result<(), Error> {
    for (key, property) in &schema.properties {
        let check = c.check(property, &format!("{hint}{}", pascal(key)))?;
        let key_text = string(key);
        match (check, schema.required.contains(key)) {
            (Some(check), true) => call(c, "required", &[&key_text, &check], w),
            (Some(check), false) => call(c, "optional", &[&key_text, &check], w),
            (None, true) => call(c, "present", &[&key_text, "\"required\""], w),
            (None, false) => {}
        }
    }
    for key in schema.required.iter().filter(|key| !schema.properties.contains_key(*key)) {
        call(c, "present", &[&string(key), "\"required\""], w);
    }
    for (key, dependency) in &schema.dependencies {
        dependent(c, key, dependency, hint, w)?;
    }
    if let Some(least) = schema.min_properties.filter(|least| *least > 0) {
        c.uses(&["size"]);
        fail_if(c, &format!("size(value) < {least}"), "minProperties", w);
    }
    if let Some(most) = schema.max_properties {
        c.uses(&["size"]);
        fail_if(c, &format!("size(value) > {most}"), "maxProperties", w);
    }
    if let Some(names) = &schema.property_names
        && let Some(check) = c.check(names, &format!("{hint}Key"))?
    {
        c.uses(&["accepts"]);
        let condition = format!("!Object.keys(value).every((key) => accepts({check}, key, report.depth))");
        fail_if(c, &condition, "propertyNames", w);
    }
    other_properties(c, schema, hint, w)?;
    // What is wrong with such a property is not said: it is not known whether it was meant.
    let Some(rest) = &schema.unevaluated_properties else { return Ok(()) };
    let Some(check) = c.check(rest, &format!("{hint}Unevaluated"))? else { return Ok(()) };
    let collector = c.collector(schema, hint)?;
    c.uses(&["at", "unevaluated", "unevaluatedKeys"]);
    w.line(format!("const rest = unevaluatedKeys(value, {collector});"));
    w.block("for (const key of rest) {", "}", |w| {
        let finding = "at(key, undefined, unevaluated, report);";
        if matches!(rest, Schema::Bool(_)) {
            w.line(finding);
        } else {
            c.uses(&["accepts"]);
            w.block(format!("if (!accepts({check}, value[key], report.depth)) {{"), "}", |w| w.line(finding));
        }
    });
    Ok(())
}

/// `additionalProperties` and `patternProperties`.
fn other_properties(c: &mut Checks<'_>, schema: &SchemaObject, hint: &str, w: &mut Writer) -> Result<(), Error> {
    let keys = |c: &mut Checks<'_>| {
        let keys: Vec<String> = schema.properties.keys().map(|key| string(key)).collect();
        c.list(&format!("{}_KEYS", shouty(hint)), "string", &keys)
    };
    let closed = schema.additional_properties == Some(Schema::Bool(false));
    if closed && schema.pattern_properties.is_empty() {
        let keys = keys(c);
        call(c, "closed", &[&keys], w);
        return Ok(());
    }
    let additional = match &schema.additional_properties {
        Some(Schema::Bool(false)) => {
            c.uses(&["unexpected"]);
            Some("unexpected".to_owned())
        }
        Some(property) => c.check(property, &format!("{hint}Value"))?,
        None => None,
    };
    let mut patterns = Vec::new();
    for (index, (pattern, property)) in schema.pattern_properties.iter().enumerate() {
        let hint = format!("{hint}Pattern{}", index + 1);
        let check = c.check(property, &hint)?;
        // Only what follows `additionalProperties` cares which keys a pattern takes.
        if check.is_some() || additional.is_some() {
            patterns.push((c.pattern(pattern, &hint)?, check));
        }
    }
    if additional.is_none() && patterns.iter().all(|(_, check)| check.is_none()) {
        return Ok(());
    }
    c.uses(&["at"]);
    let mut others = Vec::new();
    if additional.is_some() {
        if !schema.properties.is_empty() {
            others.push(format!("!{}.includes(key)", keys(c)));
        }
        others.extend(patterns.iter().map(|(pattern, _)| format!("!{pattern}.test(key)")));
    }
    w.block("for (const key of Object.keys(value)) {", "}", |w| {
        for (pattern, check) in patterns.iter().filter_map(|(pattern, check)| Some((pattern, check.as_ref()?))) {
            w.block(format!("if ({pattern}.test(key)) {{"), "}", |w| {
                w.line(format!("at(key, value[key], {check}, report);"));
            });
        }
        if let Some(check) = additional {
            let line = format!("at(key, value[key], {check}, report);");
            if others.is_empty() {
                w.line(line);
            } else {
                w.block(format!("if ({}) {{", others.join(" && ")), "}", |w| w.line(line));
            }
        }
    });
    Ok(())
}

fn dependent(c: &mut Checks<'_>, key: &str, dependency: &Dependency, hint: &str, w: &mut Writer) -> Result<(), Error> {
    let mut inner = w.deeper();
    match dependency {
        Dependency::Required(others) => {
            for other in others {
                call(c, "present", &[&string(other), "\"required\""], &mut inner);
            }
        }
        Dependency::Schema(schema) => {
            if let Some(check) = c.check(schema, &format!("{hint}With{}", pascal(key)))? {
                inner.line(format!("{check}(value, report);"));
            }
        }
    }
    if !inner.is_empty() {
        c.uses(&["has"]);
        w.line(format!("if (has(value, {})) {{", string(key)));
        w.extend(inner);
        w.line("}");
    }
    Ok(())
}

/// `allOf`, `anyOf`, `oneOf`, `not`, `if`.
fn combinations(c: &mut Checks<'_>, schema: &SchemaObject, hint: &str, w: &mut Writer) -> Result<(), Error> {
    for (index, part) in schema.all_of.iter().enumerate() {
        if let Some(check) = c.check(part, &format!("{hint}Part{}", index + 1))? {
            w.line(format!("{check}(value, report);"));
        }
    }
    for (alternatives, keyword) in [(&schema.any_of, "anyOf"), (&schema.one_of, "oneOf")] {
        if alternatives.is_empty() {
            continue;
        }
        let mut checks = Vec::new();
        for (alternative, hint) in alternatives.iter().zip(shape::alternatives(c.ir(), hint, alternatives)) {
            checks.push(c.check_or_anything(alternative, &hint)?);
        }
        let list = c.list(&format!("{}_ALTERNATIVES", shouty(hint)), "Check", &checks);
        call(c, keyword, &[&list], w);
    }
    if let Some(not) = &schema.not {
        let check = c.check_or_anything(not, &format!("{hint}Not"))?;
        c.uses(&["accepts"]);
        fail_if(c, &format!("accepts({check}, value, report.depth)"), "not", w);
    }
    let Some(condition) = &schema.if_schema else { return Ok(()) };
    let mut branches = Vec::new();
    for (branch, test, name) in [(&schema.then_schema, "", "Then"), (&schema.else_schema, "!", "Else")] {
        if let Some(branch) = branch
            && let Some(check) = c.check(branch, &format!("{hint}{name}"))?
        {
            branches.push((test, check));
        }
    }
    if branches.is_empty() {
        return Ok(());
    }
    let condition = c.check_or_anything(condition, &format!("{hint}If"))?;
    c.uses(&["accepts"]);
    for (test, check) in branches {
        w.block(format!("if ({test}accepts({condition}, value, report.depth)) {{"), "}", |w| {
            w.line(format!("{check}(value, report);"));
        });
    }
    Ok(())
}

/// A call of the runtime about the value at hand.
fn call(c: &mut Checks<'_>, function: &'static str, arguments: &[&str], w: &mut Writer) {
    c.uses(&[function]);
    let mut all = vec!["value".to_owned()];
    all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    all.push("report".to_owned());
    w.list(function, super::super::writer::Brackets::Parentheses, &all, ";");
}
