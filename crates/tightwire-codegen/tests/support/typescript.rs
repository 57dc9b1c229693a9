//! Generated TypeScript, compiled by the real compiler and run by Node.js.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tightwire_codegen::{Config, Error, typescript};
use tightwire_spec::draft::Draft;
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;

use super::say;
use super::shared::repository;

/// A project of several protocols, each in its own folder, that is compiled as a whole.
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// An empty project; `None`, with a printed reason, where TypeScript is not installed.
    pub fn new(name: &str) -> Option<Self> {
        if !compiler().is_file() {
            say(format!("skipped: there is no {}; `make node-modules` installs it", compiler().display()));
            return None;
        }
        // Two runs at once must not meet.
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let project = Self { root };
        project.write("package.json", &json!({ "type": "module" }).to_string());
        let options = json!({
            "compilerOptions": {
                "target": "ES2022",
                "lib": ["ES2022"],
                "module": "ESNext",
                "moduleResolution": "Bundler",
                "types": [],
                "strict": true,
                "declaration": true,
                "erasableSyntaxOnly": true,
                "exactOptionalPropertyTypes": true,
                "isolatedDeclarations": true,
                "noFallthroughCasesInSwitch": true,
                "noImplicitReturns": true,
                "noUncheckedIndexedAccess": true,
                "noUnusedLocals": true,
                "noUnusedParameters": true,
                "verbatimModuleSyntax": true,
                "rootDir": "src",
                "outDir": "out"
            },
            "include": ["src"]
        });
        project.write("tsconfig.json", &options.to_string());
        Some(project)
    }

    /// Generates a protocol into a folder of its own.
    pub fn add(&self, folder: &str, ir: &Ir) -> Result<(), Error> {
        let config = Config { document: folder.to_owned(), ..Config::default() };
        for file in typescript::emit(ir, &config)? {
            let name = file.path.file_name().expect("a file").to_string_lossy();
            self.write(&format!("src/{folder}/{name}"), &file.contents);
        }
        Ok(())
    }

    /// Compiles everything; the compiler's words if it refuses.
    pub fn compile(&self) -> Result<(), String> {
        let output = Command::new("node").arg(compiler()).arg("-p").arg(&self.root).output().expect("node runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    /// Runs `tests/support/<script>` on the compiled protocols, and gives back what it says.
    pub fn run(&self, script: &str, input: &Value) -> Value {
        self.write("input.json", &input.to_string());
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(script);
        let output = Command::new("node").arg(script).arg(&self.root).output().expect("node runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("the script prints JSON")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }
}

impl Drop for Project {
    /// What failed is left for whoever wants to see it.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// The validator of a message's payload, with the options of the generated decoder's reference path.
pub fn validator(ir: &Ir, payload: &Schema) -> jsonschema::Validator {
    let reached = ir.reached([payload]);
    let draft = reached.iter().map(|(_, schema)| Draft::of(schema)).fold(Draft::of(payload), Draft::max);
    let json = |schema: &Schema| schema.to_json_in(draft, "#/definitions/");
    let definitions: Value = reached.into_iter().map(|(name, schema)| (name.clone(), json(schema))).collect();
    let options = match draft {
        Draft::Draft7 => jsonschema::draft7::options(),
        Draft::Draft2020 => jsonschema::draft202012::options(),
    };
    options
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_format("uuid", is_uuid)
        .with_format("duration", |_: &str| true)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&json!({ "allOf": [json(payload)], "definitions": definitions }))
        .expect("a schema")
}

/// 36 characters, hyphenated.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn compiler() -> PathBuf {
    repository().join("node_modules/typescript/bin/tsc")
}
