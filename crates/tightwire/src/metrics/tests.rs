//! The documentation has every metric, and what `ops/` asks for exists.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{PREFIX, TABLE};

fn path(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_documentation_has_every_metric() {
    let mut table = String::from("| metric | kind | label | what it is |\n|---|---|---|---|\n");
    for row in TABLE {
        let label = row.label.map_or(String::new(), |label| format!("`{label}`"));
        writeln!(table, "| `{PREFIX}{}` | {} | {label} | {} |", row.name, row.kind, row.help).expect("a string");
    }
    let text = read("docs/telemetry.md");
    let (before, rest) = text.split_once("<!-- metrics -->\n").expect("the beginning of the table");
    let (_, after) = rest.split_once("<!-- end of metrics -->").expect("the end of the table");
    let expected = format!("{before}<!-- metrics -->\n{table}<!-- end of metrics -->{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path("docs/telemetry.md"), &expected).expect("writable");
    } else {
        assert!(text == expected, "docs/telemetry.md is not what the table says; UPDATE_DOCS=1 writes it anew");
    }
}

/// Names of series and of labels, as they may stand in a query.
fn known() -> (BTreeSet<String>, BTreeSet<&'static str>) {
    let series = TABLE.iter().flat_map(|row| {
        let endings: &[&str] = if row.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        endings.iter().map(|ending| format!("{PREFIX}{}{ending}", row.name))
    });
    let labels = TABLE.iter().filter_map(|row| row.label).chain(["instance", "job", "le"]);
    (series.collect(), labels.collect())
}

/// Every name that begins with the prefix is a series, and every label in `by (…)` or `{…}` exists.
fn check_query(query: &str) {
    let (series, labels) = known();
    let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    for word in words.filter(|word| word.starts_with(PREFIX)) {
        assert!(series.contains(word), "there is no {word}, which is in: {query}");
    }
    let lists = query.split("by (").skip(1).filter_map(|rest| rest.split_once(')')).map(|(list, _)| list.to_owned());
    let matchers = query.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(list, _)| {
        let names = list.split(',').filter_map(|matcher| matcher.split(['=', '!']).next());
        names.collect::<Vec<_>>().join(",")
    });
    for list in lists.chain(matchers) {
        for label in list.split(',').map(str::trim) {
            assert!(labels.contains(label), "there is no label `{label}`, which is in: {query}");
        }
    }
}

/// Every string under this key, however deep.
fn strings<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str));
            fields.values().for_each(|value| strings(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|value| strings(value, key, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let text = read("ops/dashboard.json");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let mut queries = Vec::new();
    strings(&dashboard, "expr", &mut queries);
    assert!(queries.len() > 20, "the dashboard has only these queries: {queries:#?}");
    queries.iter().for_each(|query| check_query(query));
    let mut sources = Vec::new();
    strings(&dashboard, "uid", &mut sources);
    assert!(sources.iter().all(|uid| ["${datasource}", "tightwire"].contains(uid)), "{sources:?}");
    for row in TABLE {
        assert!(text.contains(&format!("{PREFIX}{}", row.name)), "the dashboard does not show {}", row.name);
    }
}

#[test]
#[should_panic(expected = "there is no ws_conected")]
fn a_misspelt_metric_is_found() {
    check_query("sum(ws_conected)");
}

#[test]
#[should_panic(expected = "there is no label `kode`")]
fn a_misspelt_label_is_found() {
    check_query("sum by (instance, kode) (ws_connected)");
}

#[test]
fn alerts_ask_for_what_there_is() {
    let rules = read("ops/alerts.yml");
    assert!(rules.matches("- alert:").count() > 5);
    // The queries have one line each, or are folded; whole sections of the file do as well.
    rules.split("- alert:").skip(1).for_each(|rule| {
        let query = rule.split("expr:").nth(1).and_then(|rest| rest.split("labels:").next()).expect("a query");
        check_query(query);
    });
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[test]
fn promtool_accepts_the_rules() {
    for arguments in [["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]] {
        let output = match Command::new("promtool").args(arguments).current_dir(path("ops")).output() {
            Ok(output) => output,
            Err(error) => {
                println!("skipped: promtool cannot be run ({error}); it comes with Prometheus");
                return;
            }
        };
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}
