//! The page of a contract: that everything of the IR is there, that it is HTML as browsers read it, that it is small, and
//! that a document cannot bring markup of its own. Tried on our documents and on those that others wrote.

mod support;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use tightwire_codegen::{Config, Target, generate, input};
use tightwire_spec::ir::{Delivery, Ir, Message};
use tightwire_spec::schema::Schema;
use tightwire_spec::{FileSystem, InMemory};

use support::{say, shared};

/// What all files of a page may take together, compressed with gzip.
const MOST: usize = 100 * 1000;

/// The files of a page, by name.
type Files = BTreeMap<String, String>;

fn made(ir: &Ir, config: &Config) -> Files {
    let files = generate(ir, config, Target::Docs).expect("every document has a page");
    let named = files.into_iter().map(|file| {
        let path = file.path.strip_prefix("generated/docs").expect("in its folder").to_owned();
        (path.to_str().expect("UTF-8").to_owned(), file.contents)
    });
    named.collect()
}

/// Every document at hand that can be read, with its page.
fn pages() -> Vec<(String, Ir, Files)> {
    let root = shared::repository();
    let mut documents = vec![("chat.yml".to_owned(), root.join("asyncapi/chat.yml"))];
    documents.extend(shared::documents(&root.join("crates/tightwire-codegen/tests/rust")));
    documents.extend(shared::folder("specs").map(|folder| shared::documents(&folder)).unwrap_or_default());
    let read = |(name, path): (String, std::path::PathBuf)| {
        let (ir, config) = input::read(&path, &FileSystem, Config::default()).protocol.ok()?;
        let files = made(&ir, &config);
        Some((name, ir, files))
    };
    documents.into_iter().filter_map(read).collect()
}

fn all<'a>(within: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    within.select(&Selector::parse(selector).expect("a selector")).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

#[test]
fn pages_are_html_that_nothing_is_wrong_with() {
    assert_ne!(Html::parse_document("<!doctype html><p>a</div>").errors, Vec::<String>::new(), "it is noticed");
    for (name, _, files) in pages() {
        check_html(&name, &files["index.html"]);
    }
}

fn check_html(name: &str, page: &str) {
    let html = Html::parse_document(page);
    assert_eq!(html.errors, Vec::<String>::new(), "{name}");
    let root = html.root_element();
    let mut ids = HashSet::new();
    for element in all(root, "[id]") {
        let id = element.attr("id").unwrap_or_default();
        assert!(!id.is_empty() && !id.contains(char::is_whitespace), "{name}: the id `{id}`");
        assert!(ids.insert(id), "{name}: {id} is there twice");
    }
    for (selector, attribute) in
        [("a[href^='#']", "href"), ("[for]", "for"), ("[aria-describedby]", "aria-describedby")]
    {
        for element in all(root, selector) {
            let target = element.attr(attribute).unwrap_or_default().trim_start_matches('#');
            assert!(ids.contains(target), "{name}: {attribute} leads to {target}, which is nowhere");
        }
    }
    // Headings follow one another without a step left out.
    let mut level = 0;
    for heading in all(root, "h1, h2, h3, h4, h5, h6") {
        let own: usize = heading.value().name()[1..].parse().expect("a level");
        assert!(own <= level + 1, "{name}: h{own} after h{level}: {}", text(heading));
        level = own;
    }
    assert_eq!(all(root, "h1").len(), 1, "{name}");
    assert!(all(root, "table").into_iter().all(|table| !all(table, "caption").is_empty()), "{name}");
    assert!(all(root, "th").into_iter().all(|cell| cell.attr("scope").is_some()), "{name}");
    check_harmless(name, root);
}

/// Nothing is inline, and nothing is loaded from elsewhere.
fn check_harmless(name: &str, root: ElementRef<'_>) {
    let known: BTreeSet<&str> = "a article body caption code dd del details div dl dt em h1 h2 h3 h4 head header hr html input \
        label li link main meta nav noscript ol p pre blockquote br script section small span strong summary table tbody td th \
        thead title tr ul"
        .split_whitespace()
        .collect();
    for element in all(root, "*") {
        let element = element.value();
        assert!(known.contains(element.name()), "{name}: an element {}", element.name());
        for (attribute, value) in element.attrs() {
            assert!(!attribute.starts_with("on") && attribute != "style", "{name}: {attribute}={value}");
            if ["href", "src"].contains(&attribute) {
                let is_known =
                    ["#", "http://", "https://", "mailto:", "docs.css", "docs.js", "../asyncapi.yml", "data:,"]
                        .iter()
                        .any(|beginning| value.starts_with(beginning));
                assert!(is_known, "{name}: {attribute}={value}");
            }
        }
    }
    let scripts = all(root, "script");
    assert!(scripts.len() == 1 && scripts[0].attr("src") == Some("docs.js") && text(scripts[0]).is_empty(), "{name}");
}

#[test]
fn everything_of_a_contract_is_there() {
    for (name, ir, files) in pages() {
        let html = Html::parse_document(&files["index.html"]);
        let root = html.root_element();
        let entries: Vec<ElementRef<'_>> = all(root, "article.entry");
        let headed = |prefix: &str, heading: &str| -> Vec<ElementRef<'_>> {
            let of = |entry: &ElementRef<'_>| entry.attr("id").is_some_and(|id| id.starts_with(prefix));
            let called =
                |entry: &ElementRef<'_>| all(*entry, "h3 > code, h4 > code").iter().any(|code| text(*code) == heading);
            entries.iter().copied().filter(|entry| of(entry) && called(entry)).collect()
        };
        for message in ir.messages.values() {
            let entry = entries.iter().find(|entry| entry.attr("data-message") == Some(&message.id));
            let entry = *entry.unwrap_or_else(|| panic!("{name}: no entry for the message {}", message.id));
            check_message(&name, message, entry);
        }
        for (schema_name, schema) in &ir.schemas {
            let [entry] = headed("schema-", schema_name)[..] else { panic!("{name}: not one entry for {schema_name}") };
            check_properties(&format!("{name}: {schema_name}"), schema, entry);
        }
        for channel in ir.channels.values() {
            let [entry, ..] = headed("channel-", &channel.address)[..] else {
                panic!("{name}: no {}", channel.address)
            };
            let shown: Vec<String> = all(entry, "tbody th").into_iter().map(text).collect();
            assert!(
                channel.parameters.keys().all(|parameter| shown.contains(parameter)),
                "{name}: {}",
                channel.address
            );
        }
        for (prefix, heading) in (ir.operations.keys().map(|id| ("operation-", id)))
            .chain(ir.servers.keys().map(|server| ("server-", server)))
            .chain(ir.routes.keys().map(|path| ("route-", path)))
        {
            assert_eq!(headed(prefix, heading).len(), 1, "{name}: {prefix}{heading}");
        }
        for code in &ir.close_codes {
            let [row] = all(root, &format!("#close-{}", code.code))[..] else { panic!("{name}: no {}", code.code) };
            let cells: Vec<String> = all(row, "th, td").into_iter().map(text).collect();
            let reconnect = if code.reconnect { "yes" } else { "no" };
            assert_eq!(cells, [&code.code.to_string(), &code.name, &code.meaning, reconnect], "{name}");
        }
        for (limit, value) in &ir.limits {
            let [row] = all(root, &format!("[data-limit={limit}]"))[..] else { panic!("{name}: no {limit}") };
            assert_eq!(text(row), format!("{limit}{value}"), "{name}");
        }
    }
}

fn check_message(name: &str, message: &Message, entry: ElementRef<'_>) {
    let name = &format!("{name}: {}", message.id);
    let heading = message.wire_type.as_ref().unwrap_or(&message.name);
    assert!(all(entry, "h3 > code").iter().any(|code| text(*code) == *heading), "{name}");
    check_properties(name, message.data.as_ref().unwrap_or(&message.payload), entry);
    let shown: Vec<Value> =
        all(entry, "pre").into_iter().map(|pre| serde_json::from_str(&text(pre)).expect("JSON")).collect();
    for example in &message.examples {
        assert!(shown.contains(&example.payload), "{name}: an example");
    }
    if message.delivery != Delivery::Control && message.wire_type.is_some() {
        assert!(all(entry, "dt").iter().any(|term| text(*term) == "Kept"), "{name}");
    }
}

/// Every property that the schema has inline has a row of its own.
fn check_properties(name: &str, schema: &Schema, entry: ElementRef<'_>) {
    let rows: Vec<String> = all(entry, "tbody th > code").into_iter().map(text).collect();
    let mut wanted = Vec::new();
    inline_properties(schema, &mut wanted);
    for property in wanted {
        let is_there = rows.iter().any(|row| row == property || row.ends_with(&format!(".{property}")));
        assert!(is_there, "{name}: the property {property} is not in {rows:?}");
    }
}

fn inline_properties<'a>(schema: &'a Schema, found: &mut Vec<&'a String>) {
    if let Schema::Object(object) = schema {
        found.extend(object.properties.keys());
    }
    schema.subschemas().for_each(|schema| inline_properties(schema, found));
}

#[test]
fn pages_are_small() {
    let mut table = String::new();
    for (name, ir, files) in pages() {
        let sizes: Vec<usize> = files.values().map(|contents| gzipped(contents)).collect();
        let total: usize = sizes.iter().sum();
        let _ = writeln!(table, "{total:>7} bytes gzipped, {:>4} messages: {name}", ir.messages.len());
        assert!(total < MOST, "{name}: {total} bytes, {sizes:?} for {:?}", files.keys());
    }
    say(table);
}

fn gzipped(contents: &str) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(contents.as_bytes()).expect("to memory");
    encoder.finish().expect("to memory").len()
}

/// What somebody would write who wants to run a script in the reader's browser.
const HOSTILE: &str = "\"'></code></script><script>alert(1)</script><img src=x onerror=alert(1)><!--";

#[test]
fn documents_bring_no_markup() {
    let hostile =
        serde_json::to_string(&format!("{HOSTILE} [go](javascript:alert(1)) ![see](https://evil.example/x.png)"))
            .expect("JSON");
    let document = include_str!("documents/hostile.yml").replace("HOSTILE", &hostile);
    let config = Config { document: HOSTILE.to_owned(), ..Config::default() };
    let read = input::read(Path::new("t.yml"), &InMemory::file("t.yml", document), Config::default());
    let (ir, _) = read.protocol.expect("it is a document all the same");
    let files = made(&ir, &config);
    let page = &files["index.html"];
    check_html("hostile", page);
    let shown = Html::parse_document(page);
    let shown = text(shown.root_element());
    // Title, descriptions, name, property, enumeration, default, example, meaning: all of it is there, as text.
    assert!(shown.matches("<img src=x onerror=alert(1)>").count() > 15, "{shown}");
    let contract: Value = serde_json::from_str(&files["contract.json"]).expect("JSON");
    assert_eq!(contract["close_codes"][0]["meaning"].as_str().map(|meaning| meaning.starts_with(HOSTILE)), Some(true));
}
