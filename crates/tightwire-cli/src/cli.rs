//! The command line: what can be asked for. Each subcommand has a file of its own that does it.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use tightwire_codegen::{Config, input};
use tightwire_spec::ir::Role;
use tightwire_spec::rules::TOLERABLE;
use tightwire_spec::{FileSystem, Formats, Loaded, load_with};

/// One AsyncAPI document, a whole WebSocket protocol.
///
/// Checks AsyncAPI documents, explains them, and makes Rust, TypeScript, JSON Schema and test cases from them.
#[derive(Debug, Parser)]
#[command(name = "tightwire", version, max_term_width = 100, after_help = EXAMPLES, subcommand_help_heading = "Commands")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Validate(ValidateArguments),
    Inspect(InspectArguments),
    Generate(GenerateArguments),
    New(NewArguments),
    Bench(BenchArguments),
    Publish(PublishArguments),
    Tail(TailArguments),
    Token(TokenArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
}

const EXAMPLES: &str = "\
Examples:
  tightwire new demo                                  a project that runs, with a chat protocol to begin from
  tightwire new demo --spec asyncapi.yml              the same from a document of your own
  tightwire new demo --spec kraken.yml --side client  a client of somebody else's server
  tightwire validate asyncapi/chat.yml                every mistake, with line and column
  tightwire generate all asyncapi/chat.yml --check    fails if generated files lag behind the document";

/// What the document does not say about itself.
#[derive(Args, Debug)]
pub(crate) struct ReadArguments {
    /// Which side the document describes: what that side receives, the other one sends. It wins over the document's
    /// `x-role`; the default is `server`.
    #[arg(long, value_name = "SIDE", value_parser = role)]
    pub(crate) role: Option<Role>,

    /// Make the errors of a rule warnings, where the rule leaves the document's meaning plain, for instance
    /// `example-invalid`. May be given more than once.
    #[arg(long, value_name = "RULE", value_parser = PossibleValuesParser::new(TOLERABLE))]
    pub(crate) allow: Vec<String>,

    /// Where copies are of schemas that the document names by URL, which are never fetched: the beginning of a URL and a
    /// folder, or a whole URL and a file, for instance `https://example.com/schemas/=vendor/schemas`. May be given more
    /// than once.
    #[arg(long, value_name = "URL=PATH", value_parser = copies)]
    pub(crate) schemas: Vec<(String, PathBuf)>,

    /// Whether `format` judges values, `assert`, or is only a note to people, `annotate`. It wins over the
    /// `tightwire.toml`; the default is `assert`.
    #[arg(long, value_name = "MEANING", value_parser = formats)]
    pub(crate) formats: Option<Formats>,
}

impl ReadArguments {
    /// Reads a document as these arguments and the `tightwire.toml` beside it say.
    pub(crate) fn load(&self, document: &Path) -> Result<Loaded, String> {
        let options = input::load_options(document, &FileSystem, self.config()).map_err(|error| error.to_string())?;
        load_with(document, &FileSystem, &options).map_err(|error| error.to_string())
    }

    /// The same as options of the generator.
    pub(crate) fn config(&self) -> Config {
        let schemas = self.schemas.iter().cloned().collect();
        let (role, formats) = (self.role, self.formats);
        Config { role, allow: self.allow.clone(), schemas, formats, ..Config::default() }
    }
}

fn copies(text: &str) -> Result<(String, PathBuf), String> {
    // A URL may have a `=` in it, a path hardly ever.
    let (url, path) = text.rsplit_once('=').unwrap_or_default();
    if !url.contains(':') || path.is_empty() {
        return Err("expected the beginning of a URL, `=` and a path".to_owned());
    }
    Ok((url.to_owned(), path.into()))
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "the sides are `server` and `client`".to_owned())
}

fn formats(text: &str) -> Result<Formats, String> {
    Formats::parse(text).ok_or_else(|| "the meanings are `assert` and `annotate`".to_owned())
}

/// Show what a document says: routes, operations, messages, and which property tells them apart.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct InspectArguments {
    /// The document.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// How to show it.
    #[arg(long, value_enum, default_value_t = InspectFormat::Text)]
    pub(crate) format: InspectFormat,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

/// How `inspect` shows a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InspectFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Check documents and show everything that is wrong with them.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ValidateArguments {
    /// The documents. Files that their `$ref`s name are read too.
    #[arg(value_name = "FILE", required_unless_present = "explain")]
    pub(crate) files: Vec<PathBuf>,

    /// How to show what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Fail for warnings too.
    #[arg(long)]
    pub(crate) deny_warnings: bool,

    #[command(flatten)]
    pub(crate) read: ReadArguments,

    /// Explain a rule, for instance `unknown-ref`; `all` lists every rule.
    #[arg(long, value_name = "RULE", conflicts_with = "files")]
    pub(crate) explain: Option<String>,
}

/// Generate code, schemas and contract cases from a document.
#[derive(Args, Debug)]
#[command(after_help = GENERATE_EXIT_CODES)]
pub(crate) struct GenerateArguments {
    /// What to generate.
    #[arg(value_enum)]
    pub(crate) what: What,

    /// The document. A `tightwire.toml` beside it holds the options.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Where to put it: below this directory `generated/rust`, `generated/typescript`, `generated/schema` and
    /// `contracts/cases`.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,

    /// Write nothing; fail if anything differs from what would be written.
    #[arg(long)]
    pub(crate) check: bool,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

/// Start a project: a server or a client that builds, and passes its tests, at once.
#[derive(Args, Debug)]
#[command(after_help = NEW_EXIT_CODES)]
pub(crate) struct NewArguments {
    /// The project's directory, which must be empty or not exist. Its last part is the crate's name.
    #[arg(value_name = "NAME")]
    pub(crate) name: PathBuf,

    /// The document to build from. It is copied with every file that it refers to. Default: a chat protocol.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Which side of the protocol the project is. Default: the side that the document describes.
    #[arg(long, value_name = "SIDE", value_parser = role)]
    pub(crate) side: Option<Role>,

    /// A checkout of the toolkit to take the tightwire crates from. Default: the one that this command runs in or was
    /// built in; without one, the published version.
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

const NEW_EXIT_CODES: &str = "\
Exit codes:
  0  the project is there
  1  the document has errors, or says what cannot be generated
  2  the command line is wrong, or the directory is not empty
  3  a file cannot be read or written";

/// Send valid frames of a contract to a server at a steady rate, and measure what comes back.
///
/// Frames are made from the document's examples and schemas, with fresh identities and times. The rate does not depend on
/// how fast the server answers, and latency counts from the time at which a frame was due.
#[derive(Args, Debug)]
#[command(after_help = BENCH_EXIT_CODES)]
pub(crate) struct BenchArguments {
    /// The server's WebSocket, for instance `ws://127.0.0.1:8080/ws`.
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// The document that the server was made from.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,

    /// How many connections to open.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) connections: u32,

    /// How many frames to send per second, over all connections.
    #[arg(long, value_name = "FRAMES", value_parser = positive, conflicts_with = "rate_per_connection")]
    pub(crate) rate: Option<f64>,

    /// How many frames each connection sends per second.
    #[arg(long, value_name = "FRAMES", value_parser = positive, default_value = "10")]
    pub(crate) rate_per_connection: f64,

    /// For how long, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = positive, default_value = "10")]
    pub(crate) duration: f64,

    /// What to send, by the name on the wire or in the document; several in turn. Default: the ping of the session, or
    /// else every message that the contract answers.
    #[arg(long, value_name = "MESSAGE", num_args = 1.., value_delimiter = ',')]
    pub(crate) message: Vec<String>,

    /// Topics to subscribe to and to send on, one for each connection, in turn: a topic, or many with a range of numbers in
    /// braces, for instance `thread:{1..100}`.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) topics: Option<String>,

    /// A token that the server accepts (see `tightwire token`), for the WebSocket and for `/metrics`.
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Write the report as JSON to this file too; `-` writes it to standard output instead of the text.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// What chance begins with: the same frames in the same order.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Fail if the 99th percentile of the latency is above this, in milliseconds.
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) max_p99: Option<f64>,

    /// Fail if there are more failures than this: errors, closes, missing replies, frames that are not in the contract or
    /// could not be sent.
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_errors: Option<u64>,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && (1e-3..=1e9).contains(number));
    number.ok_or_else(|| "expected a number from 0.001 to 1000000000".to_owned())
}

const BENCH_EXIT_CODES: &str = "\
Exit codes:
  0  it was measured, and is within the bounds
  1  it is not within the bounds, or the document has errors
  2  the command line is wrong
  3  the server cannot be reached or refuses the connections, or a file cannot be read or written";

/// Publish one message to a topic, through a server that is running.
///
/// The server checks the message as the whole frame that subscribers get, and says which position it has.
#[derive(Args, Debug)]
#[command(after_help = PUBLISH_EXIT_CODES)]
pub(crate) struct PublishArguments {
    /// The server, for instance `http://127.0.0.1:8080`.
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// The topic, for instance `thread:welcome`.
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,

    /// The message, by the `type` of its frames.
    #[arg(value_name = "TYPE")]
    pub(crate) kind: String,

    /// What the message says, `data` of its frame: JSON, `@FILE`, or `-` for standard input.
    #[arg(value_name = "DATA", default_value = "-")]
    pub(crate) data: String,

    /// Check the message against this document first, and send nothing that does not follow it.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// A key of your own for this message, of at most 200 bytes: whoever says the same again with the same key publishes
    /// nothing, and is told the first position.
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<String>,

    /// A token that the server accepts (see `tightwire token`), with one of the roles that may publish.
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Certificates of authorities to believe beside those that everybody does, as a PEM file.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Write what the server answered, as JSON.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

fn idempotency_key(text: &str) -> Result<String, String> {
    if (1..=200).contains(&text.len()) { Ok(text.to_owned()) } else { Err("a key has 1 to 200 bytes".to_owned()) }
}

const PUBLISH_EXIT_CODES: &str = "\
Exit codes:
  0  it is published
  1  it does not follow the contract, there is no such topic, or the document has errors
  2  the command line is wrong, or the data is not JSON
  3  the server cannot be reached or refuses, or a file cannot be read";

/// Show what is published to topics as each of several servers delivers it, side by side.
///
/// For servers that are one system: a row for each frame, with the milliseconds after which each server delivered it. What
/// a server lost, doubled or delivered out of order is shown when it happens and counted at the end.
#[derive(Args, Debug)]
#[command(after_help = TAIL_EXIT_CODES)]
pub(crate) struct TailArguments {
    /// The servers, for instance `http://127.0.0.1:8081`.
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,

    /// The topics to subscribe to, separated by commas.
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', required = true)]
    pub(crate) topics: Vec<String>,

    /// How long a frame is waited for on the other servers before its row is shown without them, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) wait: u64,

    /// End after so many frames with a position, each counted once. Default: go on until Ctrl-C.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// A token that the servers accept (see `tightwire token`).
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Certificates of authorities to believe beside those that everybody does, as a PEM file.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Write a JSON object in a line for each frame that each server delivers, instead of rows.
    #[arg(long)]
    pub(crate) json: bool,
}

const TAIL_EXIT_CODES: &str = "\
Exit codes:
  0  every server delivered every frame once and in order
  1  frames were lost, doubled or out of order
  2  the command line is wrong
  3  a server refuses, or could never be reached";

/// Make a JSON Web Token (HS256) to try a server with, and write it to standard output.
#[derive(Args, Debug)]
#[command(after_help = TOKEN_EXIT_CODES)]
pub(crate) struct TokenArguments {
    /// A file with the secret of the server, at least 32 bytes.
    #[arg(long, value_name = "FILE", required_unless_present = "secret")]
    pub(crate) secret_file: Option<PathBuf>,

    /// The secret itself. Others on the machine can read command lines: better give the variable, or a file.
    #[arg(long, env = "AUTH_JWT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub(crate) secret: Option<String>,

    /// Whose token it is (`sub`).
    #[arg(long, value_name = "NAME")]
    pub(crate) sub: String,

    /// What the server expects as audience (`aud`).
    #[arg(long, value_name = "NAME")]
    pub(crate) aud: Option<String>,

    /// What the server expects as issuer (`iss`).
    #[arg(long, value_name = "NAME")]
    pub(crate) iss: Option<String>,

    /// The topics that its bearer may read and send to, separated by commas; `*` is any text. Default: all.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',', conflicts_with_all = ["read", "write"])]
    pub(crate) topics: Vec<String>,

    /// The topics that its bearer may read, if they differ from those for writing.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',')]
    pub(crate) read: Vec<String>,

    /// The topics that its bearer may send to, if they differ from those for reading.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',')]
    pub(crate) write: Vec<String>,

    /// The roles of its bearer, separated by commas.
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) roles: Vec<String>,

    /// For how long it is good, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) expires_in: u64,
}

const TOKEN_EXIT_CODES: &str = "\
Exit codes:
  0  the token is on standard output
  2  the command line is wrong, or the secret too short
  3  the file cannot be read";

/// Write completions for a shell to standard output.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Write the manual page to standard output.
#[derive(Args, Debug)]
pub(crate) struct ManArguments {
    /// Write a page for each command into this directory instead.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Types, decoder, service trait and client.
    Rust,
    /// Types, guards and topics for clients.
    #[value(name = "typescript")]
    TypeScript,
    /// A JSON Schema bundle.
    Schema,
    /// Accepted and rejected frames for every constraint.
    Cases,
    /// All of these.
    All,
}

const GENERATE_EXIT_CODES: &str = "\
Exit codes:
  0  everything is up to date, or is now
  1  the document has errors, or --check found a difference
  2  the command line is wrong
  3  a file cannot be read or written";

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the source lines, for people.
    Text,
    /// One JSON object with every diagnostic.
    Json,
    /// Workflow commands that GitHub turns into annotations.
    Github,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing is wrong (or only warnings, without --deny-warnings)
  1  at least one error (or warning, with --deny-warnings)
  2  the command line is wrong
  3  a file cannot be read";

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Nothing is wrong.
    Clean,
    /// Diagnostics were shown.
    Faulty,
    /// What was asked for does not exist.
    Usage,
    /// A file cannot be read or written.
    Unreadable,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Faulty => 1,
            Self::Usage => 2,
            Self::Unreadable => 3,
        }
    }
}
