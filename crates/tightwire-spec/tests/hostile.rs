//! Documents that nobody writes in good faith end in a diagnostic, soon.
//!
//! The inputs are small here so that the tests are fast; `TIGHTWIRE_HOSTILE=50` makes them fifty times as large and
//! prints how long each took.

use std::path::Path;
use std::time::{Duration, Instant};

use tightwire_spec::{InMemory, load};

const HEAD: &str = "asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\n";

fn scale() -> usize {
    std::env::var("TIGHTWIRE_HOSTILE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(1)
}

/// Checks that the rule finds something, and that it does not take long.
#[track_caller]
#[allow(clippy::print_stderr, reason = "prints what was measured")]
fn check(name: &str, file: &str, text: String, rule: &str) {
    let bytes = text.len();
    let source = InMemory::file(file, text);
    let start = Instant::now();
    let loaded = load(Path::new(file), &source).expect("the file is there");
    let took = start.elapsed();
    let found = loaded.diagnostics.iter().find(|diagnostic| diagnostic.rule == rule);
    let rules: Vec<_> = loaded.diagnostics.iter().take(5).map(|found| found.one_line(&loaded.sources)).collect();
    assert!(found.is_some(), "{name}: {rule} is not among {rules:#?}");
    assert!(loaded.diagnostics.len() < 20_000, "{name}: {} diagnostics", loaded.diagnostics.len());
    if scale() > 1 {
        eprintln!("{name}: {bytes} bytes, {} diagnostics, {took:?}", loaded.diagnostics.len());
    }
    // Far above what it takes, and far below what a hostile document could cost.
    let limit = Duration::from_secs(10 + scale() as u64);
    assert!(took < limit, "{name} took {took:?}");
    for diagnostic in loaded.diagnostics.iter().take(3) {
        assert!(diagnostic.render(&loaded.sources, false).len() < 20_000, "{name}: a diagnostic is short");
    }
}

#[test]
fn nesting() {
    let deep = 20_000 * scale();
    check("nested lists in YAML", "t.yml", "[".repeat(deep), "too-large");
    check("nested objects in YAML", "t.yml", "{a: ".repeat(deep), "too-large");
    check("nested blocks in YAML", "t.yml", (0..400).map(|depth| " ".repeat(depth) + "a:\n").collect(), "too-large");
    check("nested items in YAML", "t.yml", "- ".repeat(deep), "too-large");
    check("nested lists in JSON", "t.json", "[".repeat(deep), "too-large");
    check("nested objects in JSON", "t.json", "{\"a\":".repeat(deep), "too-large");
    let schema = "{not: ".repeat(100) + &"}".repeat(100);
    let all_of = "{allOf: [".repeat(55) + &"]}".repeat(55);
    let nested = format!("{HEAD}x: 1\ncomponents:\n  schemas: {{A: {schema}, B: {all_of}}}\n");
    check("a deep schema", "t.yml", nested, "unknown-field");
}

#[test]
fn aliases() {
    let mut bomb = format!("{HEAD}x-a: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for step in 1..30 {
        let aliases = vec![format!("*a{}", step - 1); 10].join(", ");
        bomb.push_str(&format!("x-{step}: &a{step} [{aliases}]\n"));
    }
    check("a billion laughs", "t.yml", bomb, "too-large");
    let many = format!("{HEAD}x-a: &a {{k: v}}\nx-b: [{}]\n", "*a, ".repeat(500_000));
    check("many aliases", "t.yml", many, "too-large");
}

#[test]
fn references() {
    let many = 2_000 * scale().min(20);
    let schemas = |steps: usize, last: &str| -> String {
        let step = |step| format!("    S{step}: {{allOf: [{{$ref: '#/components/schemas/S{}'}}]}}\n", step + 1);
        let chain: String = (0..steps).map(step).collect();
        format!("{HEAD}components:\n  schemas:\n{chain}    S{steps}: {last}\n")
    };
    check("a loop of references", "t.yml", schemas(many, "{$ref: '#/components/schemas/S0'}"), "ref-cycle");
    check("a long chain of references", "t.yml", schemas(many, "{type: nothing}"), "invalid-schema");
    let loops: String =
        (0..many).map(|step| format!("    L{step}: {{$ref: '#/components/schemas/L{step}'}}\n")).collect();
    check("many loops", "t.yml", format!("{HEAD}components:\n  schemas:\n{loops}"), "ref-cycle");
    let doubling = |step: usize| {
        format!("    D{step}: {{allOf: [{0}, {0}]}}\n", format_args!("{{$ref: '#/components/schemas/D{}'}}", step + 1))
    };
    let doubling: String = (0..60).map(doubling).collect();
    check("doubling", "t.yml", format!("{HEAD}components:\n  schemas:\n{doubling}    D60: {{}}\n"), "too-large");
    let messages = "channels:\n  a: {$ref: '#/channels/b'}\n  b: {$ref: '#/channels/a'}\n";
    check("a loop of channels", "t.yml", format!("{HEAD}{messages}"), "ref-cycle");
    let messages = "asyncapi: 2.6.0\ninfo: {title: T, version: '1'}\nchannels:\n  a: {publish: {message: {$ref: \
                    '#/components/messages/m'}}}\ncomponents: {messages: {m: {oneOf: [{$ref: '#/components/messages/m'}, \
                    {$ref: '#/components/messages/m'}]}}}\nbogus: 1\n";
    check("alternatives of themselves", "t.yml", messages.to_owned(), "unknown-field");
    let itself = format!("{HEAD}components: {{schemas: {{A: {{$ref: t.yml}}}}}}\nbogus: 1\n");
    check("a document in itself", "t.yml", itself, "unknown-field");
}

#[test]
fn masses() {
    let many = 10_000 * scale();
    let fields: String = (0..many).map(|number| format!("unknown{number}: 1\n")).collect();
    check("many unknown fields", "t.yml", format!("{HEAD}{fields}"), "unknown-field");
    let keywords: String = (0..many).map(|number| format!("      unknown{number}: 1\n")).collect();
    let schema = format!("{HEAD}components:\n  schemas:\n    A:\n{keywords}");
    check("many unknown keywords", "t.yml", schema, "unknown-schema-keyword");
    let values: Vec<_> = (0..many).map(|number| number.to_string()).collect();
    let values = format!("{HEAD}bogus: 1\ncomponents: {{schemas: {{A: {{enum: [{}]}}}}}}\n", values.join(", "));
    check("many values", "t.yml", values, "unknown-field");
    let duplicates = format!("{HEAD}components: {{schemas: {{A: {{enum: [{}]}}}}}}\n", "1, ".repeat(many));
    check("many equal values", "t.yml", duplicates, "duplicate-enum-value");
    let keys = format!("{HEAD}{}", "x-a: 1\n".repeat(many));
    check("many equal keys", "t.yml", keys, "duplicate-key");
    let open = "{payload: {type: object}}";
    let messages: String = (0..many.min(3_000)).map(|number| format!("m{number}: {open}, ")).collect();
    let messages = format!(
        "{HEAD}channels: {{a: {{messages: {{{messages}}}}}}}\noperations: {{o: {{action: send, channel: {{$ref: \
         '#/channels/a'}}}}}}\n"
    );
    check("many messages alike", "t.yml", messages, "ambiguous-messages");
    check("a long text", "t.yml", format!("{HEAD}bogus: '{}'\n", "x".repeat(500_000 * scale())), "unknown-field");
    let lines = format!("{HEAD}bogus: |\n{}", "  line\n".repeat(50_000 * scale().min(40)));
    check("a text of many lines", "t.yml", lines, "unknown-field");
}

#[test]
fn sizes() {
    let text = format!("{HEAD}x-text: '{}'\n", "x".repeat(33 << 20));
    check("a file of more than 32 MiB", "t.yml", text, "too-large");
    check("50 MB of nothing", "t.yml", "\n".repeat(50_000_000), "too-large");
    check("50 MB of JSON", "t.json", " ".repeat(50_000_000), "too-large");
}

#[test]
fn dynamic_scopes() {
    // Two ways from each level to the next, each with a name of its own: the scopes double.
    let levels = 20 * scale();
    let parts: String = (0..levels)
        .map(|level| {
            let part = |name: &str| {
                format!(
                    "        {name}{level}: {{$id: {name}{level}, $defs: {{x: {{$dynamicAnchor: n{level}, title: {name}}}}}, \
                     properties: {{p: {{$ref: l{next}}}}}}}\n",
                    next = level + 1
                )
            };
            let both = format!("        l{level}: {{$id: l{level}, anyOf: [{{$ref: a{level}}}, {{$ref: b{level}}}]}}\n");
            both + &part("a") + &part("b")
        })
        .collect();
    let text = format!(
        "{HEAD}channels:\n  c:\n    messages:\n      m:\n        payload:\n          schemaFormat: \
         application/schema+json;version=2020-12\n          schema: {{$ref: l0}}\ncomponents:\n  schemas:\n    S:\n      \
         $defs:\n{parts}        l{levels}: {{$id: l{levels}, $dynamicRef: '#n0'}}\n"
    );
    check("dynamic scopes", "t.yml", text, "too-large");
}
