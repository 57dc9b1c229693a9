//! The document of a new project: its text, the options beside it, and every file that it refers to, moved into the
//! project with the same layout.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use tightwire_codegen::{Config, Error, input};
use tightwire_spec::ir::{Ir, Role};
use tightwire_spec::{FileSystem, InMemory, Source};

/// The directory of a project in which its document stands.
const DIRECTORY: &str = "asyncapi";
/// What a project's document is if none is named.
const CHAT: &str = include_str!("../../templates/chat.yml");
/// Names of modules and crates that the project itself has.
const TAKEN: [&str; 9] = ["handlers", "server", "run", "tightwire", "tokio", "serde", "serde_json", "std", "core"];

/// A document, ready to be written into a project.
#[derive(Debug)]
pub(super) struct Document {
    /// The files, by their path in the project.
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
    /// The document's own path in the project.
    pub(super) path: PathBuf,
    /// The protocol, as it is read from these files.
    pub(super) ir: Ir,
    /// Its options.
    pub(super) config: Config,
    /// How many warnings the document has.
    pub(super) warnings: usize,
}

impl Document {
    /// The document at `path`, or the toolkit's own example.
    pub(super) fn read(path: Option<&Path>, over: &Config, side: Option<Role>, here: &Path) -> Result<Self, Error> {
        match path {
            Some(path) => Self::of(path, &FileSystem, over, side, here),
            None => Self::of(Path::new("chat.yml"), &InMemory::file("chat.yml", CHAT), over, side, here),
        }
    }

    fn of(path: &Path, source: &dyn Source, over: &Config, side: Option<Role>, here: &Path) -> Result<Self, Error> {
        // Read where it stands first, so that mistakes are shown with the paths that the user knows.
        let found = input::read(path, source, over.clone());
        let (ir, _) = found.protocol?;
        let side = side.unwrap_or(ir.role);
        let absolute = |file: &Path| plain(&here.join(file));
        let original: BTreeMap<PathBuf, PathBuf> =
            found.files.into_iter().map(|file| (absolute(&file), file)).collect();
        let root = common(original.keys());
        let moved = |file: &Path| Path::new(DIRECTORY).join(file.strip_prefix(&root).unwrap_or(file));
        let mut files = BTreeMap::new();
        for (file, read_as) in &original {
            let bytes = source.read(read_as).map_err(|source| Error::Io { path: read_as.clone(), source })?;
            files.insert(moved(file), bytes);
        }
        let path = moved(&absolute(path));
        let known = files.get(&path.with_file_name(input::CONFIG_FILE));
        let mut options = options(known.map(Vec::as_slice), over, side, ir.role);
        let mut read = |options: &str| {
            if !options.is_empty() {
                files.insert(path.with_file_name(input::CONFIG_FILE), options.as_bytes().to_vec());
            }
            let project = files.iter().fold(InMemory::default(), |all, (path, bytes)| all.with(path, bytes.clone()));
            input::read(&path, &project, Config::default())
        };
        let mut input = read(&options);
        if let Ok((_, config)) = &input.protocol
            && TAKEN.contains(&config.module.as_str())
        {
            options = format!("module = \"{}_protocol\"\n{options}", config.module);
            input = read(&options);
        }
        let (ir, config) = input.protocol?;
        Ok(Self { path, ir, config, warnings: input.warnings.len(), files })
    }
}

/// The options of the project's document: those that the document had, with what the command line says in addition, and
/// with that side alone that the project is.
fn options(known: Option<&[u8]>, over: &Config, side: Role, described: Role) -> String {
    let known = known.map(String::from_utf8_lossy).unwrap_or_default();
    let says = |key: &str| known.lines().any(|line| line.trim_start().starts_with(key));
    let mut options = String::new();
    if !says("regenerate") {
        options.push_str("# What generated files name as the command that writes them.\nregenerate = \"make regen\"\n");
    }
    if let Some(role) = over.role.filter(|_| !says("role")) {
        let role = if role == Role::Client { "client" } else { "server" };
        options.push_str(&format!("role = \"{role}\"\n"));
    }
    if !over.allow.is_empty() && !says("allow") {
        options.push_str(&format!("allow = {:?}\n", over.allow));
    }
    if let Some(formats) = over.formats.filter(|_| !says("formats")) {
        options.push_str(&format!("formats = \"{}\"\n", formats.as_str()));
    }
    let sides = match (side, described) {
        (Role::Server, Role::Server) | (Role::Client, Role::Client) => "",
        (Role::Server, Role::Client) => "service = true\n",
        (Role::Client, Role::Server) => "service = false\n",
    };
    let said = known.lines().any(|line| line.trim_start().trim_start_matches("rust.").starts_with("service"));
    let table = "[rust]\n";
    match known.find(table).filter(|_| !sides.is_empty() && !said) {
        Some(at) => {
            let (before, after) = known.split_at(at + table.len());
            return format!("{options}{before}{sides}{after}");
        }
        None if sides.is_empty() || said => {}
        None => options.push_str(&format!("rust.{sides}")),
    }
    // Before the first table, or it would belong to that.
    options + &known
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// The directory that all files are in.
fn common<'file>(files: impl Iterator<Item = &'file PathBuf>) -> PathBuf {
    let directories = files.map(|file| file.parent().unwrap_or(Path::new("")).to_owned());
    directories
        .reduce(|common, directory| {
            common.components().zip(directory.components()).take_while(|(a, b)| a == b).map(|(part, _)| part).collect()
        })
        .unwrap_or_default()
}
