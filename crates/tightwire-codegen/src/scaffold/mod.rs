//! The first version of an application: handlers that answer with the document's examples, and tests that ask for them.
//!
//! Not generated code in the sense of the other emitters: it is written once, and from then on belongs to whoever asked
//! for it. `tightwire new` calls [`emit`] and adds what does not depend on the protocol (manifest, Makefile, README).

mod client;
mod client_tests;
mod flat_tests;
mod handlers;
mod layout;
mod library;
mod requests;
mod route;
mod tests;

use indexmap::IndexMap;
pub use route::example_path;
use serde_json::Value;
use tightwire_spec::ir::{Direction, Ir, Message, Role, SessionRole};

use crate::cases::Examples;
use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;
use crate::rust::names;
use crate::rust::outline::{self, Outline, Owed};
use crate::stack;

/// What was made, and of what.
#[derive(Clone, Debug)]
pub struct Scaffold {
    /// `src/lib.rs`, `src/handlers.rs` of a server, `tests/contract.rs` and the examples below `frames/`.
    pub files: Vec<OutputFile>,
    /// The names of the handlers' methods, or of the client's, in the order of the document.
    pub methods: Vec<String>,
}

/// The protocol and what is made of it, for the emitters of the files.
struct Plan<'ir> {
    ir: &'ir Ir,
    config: &'ir Config,
    /// The crate's name as Rust code writes it.
    library: &'ir str,
    outline: Outline<'ir>,
    examples: Examples<'ir>,
    /// A frame of each message that a handler answers with or a test sends, by the message's id.
    frames: IndexMap<&'ir str, Frame>,
}

/// An example of a message.
struct Frame {
    /// The file's name below `frames/`.
    file: String,
    value: Value,
}

/// Makes the first version of an application, one side of the protocol, in a package whose library has that name.
///
/// # Errors
/// What Rust cannot express.
pub fn emit(ir: &Ir, config: &Config, library: &str, side: Role) -> Result<Scaffold, Error> {
    stack::with_room(ir, || write(ir, config, library, side))
}

fn write(ir: &Ir, config: &Config, library: &str, side: Role) -> Result<Scaffold, Error> {
    match side {
        Role::Server => server(ir, config, library),
        Role::Client => client::emit(ir, config, library),
    }
}

fn server(ir: &Ir, config: &Config, library: &str) -> Result<Scaffold, Error> {
    let outline = outline::outline(ir, config)?;
    let examples = Examples::of(ir)?;
    let frames = frames(&examples, needed(ir, &outline));
    let plan = Plan { ir, config, library, outline, examples, frames };
    let mut files = vec![
        OutputFile::new("src/lib.rs", library::emit(&plan)?),
        OutputFile::new("src/handlers.rs", handlers::emit(&plan)?),
        OutputFile::new("tests/contract.rs", if plan.flat() { flat_tests::emit(&plan)? } else { tests::emit(&plan)? }),
    ];
    files.extend(plan.frames.values().map(Frame::output));
    let methods = plan.outline.methods.iter().map(|method| method.name.to_string()).collect();
    Ok(Scaffold { files, methods })
}

impl<'ir> Plan<'ir> {
    /// The path from a file in `src/` or `tests/` to the example of a message.
    fn path(&self, message: &Message) -> Option<String> {
        self.frames.get(message.id.as_str()).map(|frame| format!("../frames/{}", frame.file))
    }

    /// Whether frames are payloads and nothing else.
    fn flat(&self) -> bool {
        self.ir.envelope.is_none()
    }

    /// The message with that part in the session.
    fn session(&self, role: SessionRole) -> Option<&'ir Message> {
        self.ir.messages.values().find(|message| message.session == Some(role))
    }
}

/// What clients ask the session itself for and get an answer to, whatever the application does.
const SESSION_REQUESTS: [SessionRole; 3] = [SessionRole::Subscribe, SessionRole::Unsubscribe, SessionRole::Ping];

impl Frame {
    fn output(&self) -> OutputFile {
        OutputFile::new(format!("frames/{}", self.file), format!("{:#}\n", self.value))
    }
}

/// Everything that is sent by a test or answered by a handler.
fn needed<'ir>(ir: &'ir Ir, outline: &Outline<'ir>) -> Vec<&'ir Message> {
    let started = ir.operations.values().filter(|operation| operation.direction == Direction::ToServer);
    let session = started.flat_map(|operation| &operation.messages).filter_map(|id| ir.messages.get(id));
    let session = session.filter(|message| message.session.is_some_and(|role| SESSION_REQUESTS.contains(&role)));
    let mut messages: Vec<&Message> = session.collect();
    for method in &outline.methods {
        messages.push(method.message);
        messages.extend(method.owed.first());
    }
    messages
}

impl<'ir> Owed<'ir> {
    /// What an example of an answer consists of: of several replies the first one, of a sequence every step.
    fn first(&self) -> Vec<&'ir Message> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Reply(reply) => vec![reply.message],
            Self::OneOf(_, replies) => replies.iter().take(1).map(|reply| reply.message).collect(),
            Self::Sequence(steps) => steps.iter().map(|(reply, _)| reply.message).collect(),
        }
    }
}

/// Examples of messages, each once, as far as one can be made.
fn frames<'ir>(examples: &Examples<'ir>, messages: Vec<&'ir Message>) -> IndexMap<&'ir str, Frame> {
    let mut frames: IndexMap<&str, Frame> = IndexMap::new();
    for message in messages {
        if frames.contains_key(message.id.as_str()) {
            continue;
        }
        let Some(value) = examples.frame(message) else { continue };
        let stem = names::snake(&message.id);
        let taken = |file: &str| frames.values().any(|frame| frame.file == file);
        let numbered = (2..).map(|number| format!("{stem}_{number}.json"));
        let file = std::iter::once(format!("{stem}.json")).chain(numbered).find(|file| !taken(file));
        frames.insert(&message.id, Frame { file: file.unwrap_or_default(), value });
    }
    frames
}
