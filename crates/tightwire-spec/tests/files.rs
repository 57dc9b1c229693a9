//! Documents of several files.

use std::path::Path;

use tightwire_spec::schema::Schema;
use tightwire_spec::{InMemory, LoadOptions, Loaded, load, load_with};

const HEAD: &str = "asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\n";

fn load_files(files: &[(&str, &str)]) -> Loaded {
    let source = files.iter().fold(InMemory::default(), |source, (path, text)| {
        let head = if *path == "api/main.yml" { HEAD } else { "" };
        source.with(path, format!("{head}{text}"))
    });
    load(Path::new("api/main.yml"), &source).expect("the file is there")
}

fn errors(loaded: &Loaded) -> Vec<String> {
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == tightwire_spec::Severity::Error);
    errors.map(|diagnostic| diagnostic.one_line(&loaded.sources)).collect()
}

/// Checks which errors there are, and the names of the schemas in the IR.
#[track_caller]
fn check(files: &[(&str, &str)], expected_errors: &[&str], expected_schemas: &[&str]) {
    let loaded = load_files(files);
    assert_eq!(errors(&loaded), expected_errors);
    let schemas: Vec<_> = loaded.ir.iter().flat_map(|ir| ir.schemas.keys().map(String::as_str)).collect();
    assert_eq!(schemas, expected_schemas);
}

const MAIN: &str = "channels:\n  a:\n    messages:\n      m:\n        payload:\n          $ref: ";

#[test]
fn a_schema_in_another_file() {
    check(
        &[
            ("api/main.yml", &format!("{MAIN}'schemas/user.yml#/User'\n")),
            (
                "api/schemas/user.yml",
                "User: {properties: {home: {$ref: '../common.yml#/Address'}, boss: {$ref: '#/User'}}}\n",
            ),
            ("api/common.yml", "Address: {type: string}\n"),
        ],
        &[],
        &["User", "Address"],
    );
}

#[test]
fn a_whole_file() {
    check(
        &[("api/main.yml", &format!("{MAIN}user.json\n")), ("api/user.json", "{\"type\": \"string\"}")],
        &[],
        &["user"],
    );
}

#[test]
fn names_that_clash_get_numbers() {
    let file = "A: {type: string}\n";
    check(
        &[
            (
                "api/main.yml",
                "channels: {a: {messages: {m: {payload: {items: [{$ref: 'x.yml#/A'}, {$ref: 'y.yml#/A'}]}}}}}\n",
            ),
            ("api/x.yml", file),
            ("api/y.yml", file),
        ],
        &[],
        &["A", "A2"],
    );
}

#[test]
fn names_that_need_escapes() {
    check(
        &[("api/main.yml", &format!("{MAIN}'my%20file.yml#/a~1b'\n")), ("api/my file.yml", "a/b: {type: string}\n")],
        &[],
        &["a/b"],
    );
}

#[test]
fn through_a_reference_on_the_way() {
    check(
        &[
            (
                "api/main.yml",
                "channels:\n  a: {$ref: 'a.yml#/a'}\noperations:\n  o: {action: send, channel: {$ref: '#/channels/a'}, \
                 messages: [{$ref: '#/channels/a/messages/m'}]}\n",
            ),
            ("api/a.yml", "a: {messages: {m: {payload: {$ref: '#/Text'}}}}\nText: {type: string}\n"),
        ],
        &[],
        &["Text"],
    );
}

#[test]
fn faults_in_other_files_are_shown_there() {
    check(
        &[
            ("api/main.yml", &format!("{MAIN}'user.yml#/User'\n")),
            ("api/user.yml", "User: {type: strin, properties: {a: {$ref: '#/Usr'}}}\n"),
        ],
        &[
            "api/user.yml:1:14: error[invalid-schema]: `strin` is not a type of JSON Schema",
            "api/user.yml:1:44: error[unknown-ref]: `#/Usr` does not exist",
        ],
        &[],
    );
}

#[test]
fn files_that_are_missing_or_broken() {
    check(
        &[("api/main.yml", &format!("{MAIN}nowhere.yml\n"))],
        &["api/main.yml:8:17: error[unknown-ref]: `nowhere.yml` cannot be used: entity not found"],
        &[],
    );
    check(
        &[("api/main.yml", &format!("{MAIN}broken.yml\n")), ("api/broken.yml", "a: [\n")],
        &[
            "api/main.yml:8:17: error[unknown-ref]: `broken.yml` cannot be used: the file cannot be parsed",
            "api/broken.yml:2:1: error[syntax]: this is not YAML: while parsing a node, did not find expected node content",
        ],
        &[],
    );
}

#[test]
fn files_that_refer_to_each_other() {
    check(
        &[
            ("api/main.yml", &format!("{MAIN}'a.yml#/A'\n")),
            ("api/a.yml", "A: {properties: {b: {$ref: 'b.yml#/B'}}}\n"),
            ("api/b.yml", "B: {properties: {a: {$ref: 'a.yml#/A'}}}\n"),
        ],
        &[],
        &["A", "B"],
    );
}

#[test]
fn schemas_may_contain_themselves() {
    let loaded = load_files(&[(
        "api/main.yml",
        "components: {schemas: {Tree: {properties: {children: {items: {$ref: '#/components/schemas/Tree'}}}}}}\n\
         channels: {a: {messages: {m: {payload: {$ref: '#/components/schemas/Tree'}, examples: [{payload: {children: [{}]}}]}}}}\n",
    )]);
    assert_eq!(errors(&loaded), Vec::<String>::new());
    let ir = loaded.ir.expect("no errors");
    assert!(matches!(ir.messages["m"].payload, Schema::Ref(_)));
    assert!(ir.merged(&ir.messages["m"].payload).is_some());
}

#[test]
fn later_drafts_are_read_for_what_they_mean() {
    let loaded = load_files(&[(
        "api/main.yml",
        "channels:\n  a:\n    messages:\n      m:\n        \
         payload: {prefixItems: [{type: string, nullable: true}], items: {not: {}}}\n        \
         examples: [{payload: [a]}, {payload: [null]}, {payload: []}]\n",
    )]);
    assert_eq!(errors(&loaded), Vec::<String>::new());
}

#[test]
fn copies_of_remote_schemas() {
    let main = "components:\n  schemas:\n    A: {$ref: 'https://example.com/schemas/user.json#/definitions/Name'}\n";
    let user = r#"{"definitions": {"Name": {"$ref": "common.json#name"}}}"#;
    let common = r#"{"$id": "urn:example:common", "definitions": {"Text": {"$anchor": "name", "type": "string"}}}"#;
    let source = InMemory::file("api/main.yml", format!("{HEAD}{main}"))
        .with("vendor/user.json", user)
        .with("vendor/common.json", common);
    let options =
        |schemas: &[(&str, &str)]| LoadOptions { schemas: schemas.iter().copied().collect(), ..LoadOptions::default() };
    let load = |schemas| load_with(Path::new("api/main.yml"), &source, &options(schemas)).expect("the file is there");

    let loaded = load(&[("https://example.com/schemas/", "vendor")]);
    assert_eq!(errors(&loaded), [""; 0]);
    let files: Vec<_> = loaded.sources.files().map(|file| file.path().display().to_string()).collect();
    assert_eq!(files, ["api/main.yml", "vendor/user.json", "vendor/common.json"]);

    let url = "https://example.com/schemas/user.json#/definitions/Name";
    let at = "api/main.yml:5:15";
    assert_eq!(errors(&load(&[])), [format!("{at}: error[remote-ref]: `{url}` is on the network")]);
    let missing = format!("{at}: error[unknown-ref]: `{url}` cannot be used: entity not found");
    assert_eq!(errors(&load(&[("https://example.com/", "vendor")])), [missing]);
}

#[test]
fn keywords_that_a_metaschema_leaves_out_mean_nothing() {
    #[track_caller]
    fn check(vocabularies: &[&str], expected: &str) {
        let schema = r#"{"$schema": "https://example.com/meta#", "properties": {"a": {"minimum": 1, "format": "date",
            "enum": []}}, "required": ["a"], "dependentRequired": {"a": ["b"]}}"#;
        let main = format!(
            "channels:\n  a:\n    messages:\n      m:\n        payload:\n          \
             schemaFormat: application/schema+json;version=2020-12\n          schema: {schema}\n"
        );
        let listed: Vec<_> = vocabularies
            .iter()
            .map(|name| format!("\"https://json-schema.org/draft/2020-12/vocab/{name}\": true"))
            .collect();
        let source = InMemory::file("main.yml", format!("{HEAD}{main}"))
            .with("meta.json", format!("{{\"$vocabulary\": {{{}}}}}", listed.join(", ")));
        let schemas = [("https://example.com/meta", "meta.json")].into_iter().collect();
        let loaded = load_with(Path::new("main.yml"), &source, &LoadOptions { schemas, ..LoadOptions::default() });
        let loaded = loaded.expect("the file is there");
        assert_eq!(errors(&loaded), [""; 0]);
        let payload = loaded.ir.expect("no errors").messages["m"].payload.to_json("#/");
        assert_eq!(payload.to_string(), expected, "{vocabularies:?}");
    }
    let whole = r#"{"properties":{"a":false},"required":["a"],"dependencies":{"a":["b"]}}"#;
    check(&["core", "applicator", "validation", "format-annotation"], whole);
    check(&["core", "applicator", "format-assertion"], r#"{"properties":{"a":{"format":"date"}}}"#);
    check(&["core", "applicator"], r#"{"properties":{"a":{}}}"#);
}

#[test]
fn metaschemas_are_built_in() {
    let main = "components:\n  schemas:\n    A: {$ref: 'http://json-schema.org/draft-07/schema#'}\n    B: {$ref: 'https://json-schema.org/draft/2020-12/schema'}\n";
    let loaded = load_files(&[("api/main.yml", main)]);
    let about: Vec<_> = loaded.diagnostics.iter().map(|found| found.one_line(&loaded.sources)).collect();
    assert_eq!(about, [""; 0], "nothing is said of files that nobody wrote");
    assert_eq!(loaded.sources.files().count(), 1, "nobody can change the others");
}

#[test]
fn parts_of_files_with_uris() {
    check(
        &[
            (
                "api/main.yml",
                "channels:\n  a:\n    messages:\n      m: {payload: {$ref: 'list.json'}}\n      n: {payload: {$ref: 'urn:example:item'}}\n",
            ),
            (
                "api/list.json",
                r##"{"$id": "https://example.com/lists/list", "items": {"$ref": "item#entry"}, "contains": {"$ref": "#"},
                "definitions": {"i": {"$id": "item", "definitions": {"e": {"$id": "#entry", "type": "string"}}},
                "u": {"$id": "urn:example:item", "enum": [{"$id": "urn:example:no"}]}}}"##,
            ),
        ],
        &[],
        &["list", "e", "u"],
    );
    check(
        &[(
            "api/main.yml",
            "components:\n  schemas:\n    A: {enum: [{$id: 'urn:example:a'}]}\n    B: {$ref: 'urn:example:a'}\n",
        )],
        &["api/main.yml:6:15: error[remote-ref]: `urn:example:a` is on the network"],
        &[],
    );
}
