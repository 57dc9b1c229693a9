//! The TypeScript output: models, frames, guards, checks, topics, URLs, constants, the map from requests to replies, and
//! the protocol as one value for clients.
//!
//! No enums, no dependencies, no `eval`; every export has an explicit type, so that declaration files can be made file
//! by file.

mod checks;
mod contract;
mod dispatch;
mod evaluated;
mod frames;
mod guards;
mod names;
mod pattern;
mod protocol;
mod requests;
mod routes;
mod shape;
mod topics;
mod types;
mod writer;

use tightwire_spec::ir::Ir;

use self::names::Names;
use self::writer::Writer;
use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

/// What `index.ts` re-exports.
const INDEX: &str = include_str!("index.ts");

/// Generates `generated/typescript/`.
///
/// # Errors
/// What TypeScript cannot express.
pub fn emit(ir: &Ir, config: &Config) -> Result<Vec<OutputFile>, Error> {
    let preamble = config.preamble("//");
    let mut names = Names::new(ir);
    let routes = routes::Routes::new(ir, config, &mut names);
    // What clients know of a protocol (topics, session, replies) is what an envelope says.
    let protocol = ir.envelope.map(|_| protocol::Protocol::new(config, &mut names));
    let (guards, checks) = (guards::emit(ir, &names, &preamble)?, checks::emit(ir, &names, &preamble)?);
    let handshakes = routes.emit(ir, &names, &preamble)?;
    let with_formats =
        [&guards, &checks].into_iter().chain(&handshakes).any(|text| text.contains(" from \"./formats.js\";"));
    let mut files = vec![
        ("checks.ts", checks),
        ("contract.ts", contract::emit(ir, &preamble)),
        ("frames.ts", frames::emit(ir, &names, &preamble)),
    ];
    files.extend(with_formats.then(|| ("formats.ts", verbatim(&preamble, guards::FORMATS))));
    files.extend([
        ("guards.ts", guards),
        ("index.ts", verbatim(&preamble, &index(ir, handshakes.is_some()))),
        ("report.ts", verbatim(&preamble, checks::REPORT)),
        ("requests.ts", requests::emit(ir, &names, &preamble)),
        ("runtime.ts", verbatim(&preamble, guards::RUNTIME)),
    ]);
    // Most documents name no parameters of the handshake.
    if let Some(handshakes) = handshakes {
        files.extend([("handshake.ts", verbatim(&preamble, routes::HANDSHAKE)), ("routes.ts", handshakes)]);
    }
    files.extend(protocol.map(|protocol| ("protocol.ts", protocol.emit(ir, &preamble))));
    // Without an envelope no frame names a topic.
    files.extend(ir.envelope.map(|_| ("topics.ts", topics::emit(ir, &names, &preamble))));
    files.push(("models.ts", types::emit(ir, &mut names, &routes.types(), &preamble)));
    Ok(files
        .into_iter()
        .map(|(name, contents)| OutputFile::new(format!("generated/typescript/{name}"), contents))
        .collect())
}

/// `index.ts` without the files that are not there.
fn index(ir: &Ir, with_routes: bool) -> String {
    INDEX
        .lines()
        .filter(|line| ir.envelope.is_some() || !(line.contains("topics") || line.contains("protocol")))
        .filter(|line| with_routes || !line.contains("routes"))
        .fold(String::new(), |text, line| text + line + "\n")
}

/// A file that is the same for every protocol.
fn verbatim(preamble: &str, text: &str) -> String {
    let mut w = Writer::new(preamble);
    w.gap();
    w.finish() + text
}
