//! Checks of numbers and strings, as Boolean expressions over the value that was read.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::{Number, Value};

use super::pattern::Patterns;
use crate::view::{Obstacle, View};

/// The formats that the reference path checks. It ignores all others.
const FORMATS: [&str; 18] = [
    "date",
    "date-time",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// The integer types that fields have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Integer {
    Signed,
    Unsigned,
}

/// What holds for a string, over `text`, which derefs to `str`.
pub(super) fn text_checks(view: &View<'_>, patterns: &mut Patterns) -> Result<Vec<TokenStream>, Obstacle> {
    let mut checks = Vec::new();
    for part in view.parts() {
        match part.min_length {
            None | Some(0) => {}
            Some(1) => checks.push(quote!(!text.is_empty())),
            Some(min) => checks.push(call_with_length(quote!(at_least_chars), min)),
        }
        if let Some(max) = part.max_length {
            checks.push(call_with_length(quote!(at_most_chars), max));
        }
        match format(part.format.as_deref())? {
            Some("uuid") => checks.push(quote!(json::is_hyphenated_uuid(&text))),
            Some("date") => checks.push(quote!(json::is_date(&text))),
            Some("date-time") => checks.push(quote!(json::is_date_time(&text))),
            Some("email") => checks.push(quote!(json::is_email(&text))),
            Some("ipv4") => checks.push(quote!(json::is_ipv4(&text))),
            Some("uri") => checks.push(quote!(json::is_uri(&text))),
            Some(format) => {
                return Err(Obstacle::new(format!("`format: {format}` is left to the validator"))
                    .help("leave the format out, or say with `pattern` what it means"));
            }
            None => {}
        }
        if let Some(pattern) = &part.pattern {
            checks.push(patterns.check(pattern)?);
        }
        let values = part.const_value.iter().map(std::slice::from_ref).chain(part.enum_values.as_deref());
        for values in values {
            let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            if texts.is_empty() {
                return Err(Obstacle::new("no string is among the values allowed"));
            }
            checks.push(quote!(matches!(&*text, #(#texts)|*)));
        }
    }
    Ok(distinct(checks))
}

/// Makes sure that a string type with a format of its own is used with that format and nothing else.
pub(super) fn only_format(view: &View<'_>, expected: &str) -> Result<(), Obstacle> {
    let mut formatted = false;
    for part in view.parts() {
        if part.min_length.is_some() || part.max_length.is_some() || part.pattern.is_some() {
            return Err(Obstacle::new(format!("`format: {expected}` stands beside other constraints")));
        }
        match format(part.format.as_deref())? {
            Some(format) if format == expected => formatted = true,
            Some(format) => {
                return Err(Obstacle::new(format!("`format: {format}` is left to the validator"))
                    .help("leave the format out, or say with `pattern` what it means"));
            }
            None => {}
        }
    }
    if !view.is_free() || !formatted {
        return Err(Obstacle::new(format!("a {expected} is more or less than its format")));
    }
    Ok(())
}

/// What holds for an integer, over `value`.
pub(super) fn integer_checks(view: &View<'_>, integer: Integer) -> Result<Vec<TokenStream>, Obstacle> {
    let range = match integer {
        Integer::Signed => i128::from(i64::MIN)..=i128::from(i64::MAX),
        Integer::Unsigned => 0..=i128::from(u64::MAX),
    };
    let mut checks = Vec::new();
    for part in view.parts() {
        let lower = [(&part.minimum, 0), (&part.exclusive_minimum, 1)];
        for (bound, offset) in lower {
            if let Some(bound) = bound.as_ref().map(whole).transpose()? {
                let least = bound + offset;
                if least > *range.start() {
                    let least = literal(least);
                    checks.push(quote!(value >= #least));
                }
            }
        }
        let upper = [(&part.maximum, 0), (&part.exclusive_maximum, 1)];
        for (bound, offset) in upper {
            if let Some(bound) = bound.as_ref().map(whole).transpose()? {
                let most = bound - offset;
                if most < *range.end() {
                    let most = literal(most);
                    checks.push(quote!(value <= #most));
                }
            }
        }
        if let Some(step) = part.multiple_of.as_ref().map(whole).transpose()? {
            let step = literal(step);
            checks.push(quote!(value % #step == 0));
        }
        let values = part.const_value.iter().map(std::slice::from_ref).chain(part.enum_values.as_deref());
        for values in values {
            let numbers: Vec<TokenStream> = values
                .iter()
                .filter_map(Value::as_number)
                .filter_map(|number| whole(number).ok())
                .filter(|number| range.contains(number))
                .map(literal)
                .collect();
            if numbers.is_empty() {
                return Err(Obstacle::new("no integer is among the values allowed"));
            }
            checks.push(quote!(matches!(value, #(#numbers)|*)));
        }
    }
    Ok(distinct(checks))
}

/// What holds for a number, over `value`.
pub(super) fn number_checks(view: &View<'_>) -> Result<Vec<TokenStream>, Obstacle> {
    let mut checks = Vec::new();
    if !view.is_free() {
        return Err(Obstacle::new("`const` and `enum` of numbers are left to the validator"));
    }
    for part in view.parts() {
        if part.multiple_of.is_some() {
            return Err(Obstacle::new("`multipleOf` of numbers with a fraction is left to the validator"));
        }
        let bounds = [
            (&part.minimum, quote!(>=)),
            (&part.exclusive_minimum, quote!(>)),
            (&part.maximum, quote!(<=)),
            (&part.exclusive_maximum, quote!(<)),
        ];
        for (bound, operator) in bounds {
            if let Some(bound) = bound {
                let bound = Literal::f64_unsuffixed(exact(bound)?);
                checks.push(quote!(value #operator #bound));
            }
        }
    }
    Ok(distinct(checks))
}

/// The format, if the reference path knows it.
fn format(format: Option<&str>) -> Result<Option<&str>, Obstacle> {
    Ok(format.filter(|format| FORMATS.contains(format)))
}

fn call_with_length(function: TokenStream, length: u64) -> TokenStream {
    // No text is longer than that, on any machine.
    let length = Literal::usize_unsuffixed(usize::try_from(length.min(u64::from(u32::MAX))).unwrap_or(usize::MAX));
    quote!(json::#function(&text, #length))
}

fn whole(number: &Number) -> Result<i128, Obstacle> {
    let float =
        || number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15).map(|float| float as i128);
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    integer.or_else(float).ok_or_else(|| Obstacle::new(format!("{number} is a bound of an integer")))
}

fn exact(number: &Number) -> Result<f64, Obstacle> {
    number
        .as_f64()
        .filter(|float| float.abs() < 9e15)
        .ok_or_else(|| Obstacle::new(format!("{number} is too large a bound")))
}

fn literal(number: i128) -> TokenStream {
    let magnitude = Literal::u128_unsuffixed(number.unsigned_abs());
    if number < 0 { quote!(-#magnitude) } else { quote!(#magnitude) }
}

/// Each check once: `allOf` may say a thing twice.
fn distinct(checks: Vec<TokenStream>) -> Vec<TokenStream> {
    let mut seen = std::collections::BTreeSet::new();
    checks.into_iter().filter(|check| seen.insert(check.to_string())).collect()
}
