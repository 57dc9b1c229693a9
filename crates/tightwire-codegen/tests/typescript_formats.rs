//! Every format that the server's validator checks gets the same verdict from TypeScript.
//!
//! The texts are those of the JSON-Schema-Test-Suite, where it is there, and some of our own; the verdict that counts is
//! the validator's, not the suite's.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tightwire_spec::{InMemory, load};

use support::typescript::Project;
use support::{say, shared};

const FORMATS: [&str; 17] = [
    "date",
    "date-time",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "unknown",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Texts for every format: proper ones of some, and what is wrong in any.
const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "2024-02-29",
    "2023-02-29",
    "2024-02-29T23:59:60Z",
    "12:00:00+01:00",
    "joe.bloggs@example.com",
    "\"joe bloggs\"@example.com",
    "Joe <joe@example.com>",
    " <joe@example.com>",
    "Joe joe@example.com>",
    "joe@[127.0.0.1]",
    "joe@[IPv6:::1]",
    "joe@[IPv6:12345::]",
    "joe@-example.com",
    "jö@example.com",
    "@example.com",
    "a@b@c.d",
    "a..b@example.com",
    "example",
    "example.com",
    "example.com.",
    "-example.com",
    "xn--bcher-kva.example",
    "XN--bcher-kva.example",
    "xn--BCHER-KVA.example",
    "ab--cd.example",
    "joe@xn--bcher-kva.example",
    "xn--",
    "xn---",
    "xn----",
    "xn--a",
    "xn--a-",
    "xn--a-a",
    "xn--99999999",
    "xn--zzzzzzzzzzzzzzzzzzz",
    "xn--80ak6aa92e.com",
    "xn--p1ai",
    "xn--ll-0ea",
    "xn--la-0ea",
    "xn--fsqu00a.xn--0zwm56d",
    "xn--uuz",
    "xn--i-7iq",
    "xn--11b2ezcw70k",
    "xn--ngbc5azd",
    "xn--mgbh0fb.xn--kgbechtv",
    "xn--hgbk6aj7f53bba",
    "xn--1ug6825plhas9r",
    "xn--a-ecp.ru",
    "xn--ls8h.la",
    "xn--ab-m1t",
    "xn--8hb20a",
    "xn--vek",
    "xn--l8j3u",
    "xn--4db4e",
    "xn--4db3e",
    "xn--wva4j",
    "xn--wva3j",
    "xn--a-ubb",
    "xn--a-eoc",
    "xn--w6j",
    "xn--x-din",
    "xn--hb9b",
    "xn--e28h",
    "xn--8hbc",
    "xn--qmb68h",
    "xn--a-qfa",
    "xn--b-5da",
    "xn--q4g",
    "xn--pba",
    "127.0.0.1",
    "127.0.0.01",
    "256.0.0.1",
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "1:2:3:4:5:6:7:8::",
    "::ffff:127.0.0.1",
    "1:2:3:4:5:6:7:127.0.0.1",
    "1::2::3",
    "12345::",
    "fe80::1%eth0",
    "https://example.com",
    "https://user:pass@example.com:8080/a/b?c=d#e",
    "https://[::1]:80/",
    "https://[::1/",
    "https://[v1.x:y]/",
    "https://[x]/",
    "https://example.com:port/",
    "https://exa mple.com",
    "https://example.com/%zz",
    "https://example.com/%20",
    "https://example.com/ü",
    "https://example.com/\u{e000}",
    "https://example.com/?\u{e000}",
    "https://K.example/",
    "mailto:joe@example.com",
    "urn:isbn:0451450523",
    "//example.com/a",
    "//[::1]",
    "/a/b",
    "a/b:c",
    "a:b",
    "1a:b",
    "?query",
    "#fragment",
    "##",
    "a\\b",
    "/a~0b/c~1d",
    "/a~2",
    "a",
    "0",
    "01",
    "1/a",
    "1#",
    "1#/a",
    "{x}/{y*}/{z:3}",
    "{x",
    "{}",
    "{?x,y.z}",
    "{x:0}",
    "a}b",
    "^a+$",
    "^(a+$",
    "[a",
    "\\p{L}",
    "a{2,1}",
    "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11",
    "0F5AE2F4-6A3E-4C55-9D1C-2F6F0A4D8B11",
    "0f5ae2f46a3e4c559d1c2f6f0a4d8b11",
    "{0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11}",
];

#[test]
fn formats_get_the_verdict_of_the_validator() {
    let Some(project) = Project::new("typescript_formats") else { return };
    let messages: Map<String, Value> = FORMATS
        .iter()
        .map(|format| ((*format).to_owned(), json!({ "payload": { "type": "string", "format": format } })))
        .collect();
    let document = json!({
        "asyncapi": "3.0.0",
        "info": { "title": "Formats", "version": "1.0.0" },
        "channels": { "formats": { "address": "/", "messages": messages } },
        "operations": { "take": { "action": "receive", "channel": { "$ref": "#/channels/formats" } } },
    });
    let loaded = load(Path::new("formats.json"), &InMemory::file("formats.json", document.to_string()));
    let ir = loaded.expect("it can be read").ir.expect("it is valid");
    project.add("formats", &ir).expect("every format can be expressed");
    project.compile().unwrap_or_else(|said| panic!("it does not compile:\n{said}"));

    let texts = texts();
    let values: Vec<Value> =
        FORMATS.iter().flat_map(|format| texts.iter().map(move |text| json!([format, text]))).collect();
    let verdicts = project.run("values.mjs", &json!([{ "folder": "formats", "values": values }]));
    let validators: BTreeMap<&str, jsonschema::Validator> = FORMATS
        .iter()
        .map(|format| (*format, ir.validator(&ir.messages[*format].payload).expect("a schema")))
        .collect();
    let mut different = Vec::new();
    for (value, verdict) in values.iter().zip(verdicts.as_array().expect("a list")) {
        let (format, text) = (value[0].as_str().expect("a format"), value[1].as_str().expect("a text"));
        let valid = validators[format].is_valid(&value[1]);
        if *verdict != json!([valid, valid]) {
            different.push(format!("{format} | {text:?}: the validator says {valid}, TypeScript {verdict}"));
        }
    }
    say(format!("{} texts in {} formats", texts.len(), FORMATS.len()));
    assert!(different.is_empty(), "{different:#?}");
}

/// Our own texts and those of the suite, each once.
fn texts() -> BTreeSet<String> {
    let mut texts: BTreeSet<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    let Some(folder) = shared::folder("json-schema-test-suite/draft7/optional/format") else { return texts };
    for path in shared::files(&folder) {
        let groups: Value = serde_json::from_str(&fs::read_to_string(path).expect("a text")).expect("JSON");
        let tests = groups.as_array().expect("a list").iter().flat_map(|group| group["tests"].as_array());
        texts.extend(tests.flatten().filter_map(|test| Some(test["data"].as_str()?.to_owned())));
    }
    texts
}
