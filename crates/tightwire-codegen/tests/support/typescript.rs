//! Generated TypeScript, compiled by the real compiler and run by Node.js.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tightwire_codegen::{Config, Error, typescript};
use tightwire_spec::ir::Ir;

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
        let config = Config { document: folder.to_owned(), module: folder.to_owned(), ..Config::default() };
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

fn compiler() -> PathBuf {
    repository().join("node_modules/typescript/bin/tsc")
}
