//! The first version of a client: a library that connects, and the tests of what it sends and receives.

use indexmap::IndexMap;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir, Message, SessionRole};

use super::route::Routes;
use super::{Frame, Scaffold, client_tests, frames, layout};
use crate::cases::Examples;
use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;
use crate::rust::outline::{self, ClientOutline};

/// The protocol and what is made of it, for the emitters of the files.
pub(super) struct Plan<'ir> {
    pub(super) ir: &'ir Ir,
    pub(super) config: &'ir Config,
    /// The crate's name as Rust code writes it.
    pub(super) library: &'ir str,
    pub(super) outline: ClientOutline<'ir>,
    pub(super) examples: Examples<'ir>,
    /// A frame of each message that the client sends or receives, by the message's id.
    pub(super) frames: IndexMap<&'ir str, Frame>,
    pub(super) routes: Routes<'ir>,
    /// What the client receives and hands on: pings of the session it answers itself.
    pub(super) received: Vec<&'ir Message>,
}

impl Plan<'_> {
    /// The path from a file in `tests/` to the example of a message.
    pub(super) fn path(&self, message: &Message) -> Option<String> {
        self.frames.get(message.id.as_str()).map(|frame| format!("../frames/{}", frame.file))
    }

    /// A path on which these messages travel, if there are examples of all of them that are told apart there.
    pub(super) fn route(&self, messages: &[(&Message, Direction)]) -> Option<String> {
        let frame = |id: &str| Some(&self.frames.get(id)?.value);
        let frames = messages.iter().map(|(message, way)| Some((*message, *way, frame(&message.id)?)));
        self.routes.carrying(&self.examples, &frames.collect::<Option<Vec<_>>>()?)
    }

    /// Whether frames are payloads and nothing else.
    pub(super) fn flat(&self) -> bool {
        self.ir.envelope.is_none()
    }
}

pub(super) fn emit(ir: &Ir, config: &Config, library: &str) -> Result<Scaffold, Error> {
    let outline = outline::client(ir, config)?;
    let received: Vec<&Message> = ir
        .messages
        .values()
        .filter(|message| message.directions.contains(&Direction::ToClient) && message.unsupported.is_none())
        .filter(|message| message.session != Some(SessionRole::Ping))
        .collect();
    let called = outline.calls.iter().flat_map(|call| [vec![call.message], call.owed.first()].concat());
    let examples = Examples::of(ir)?;
    let frames = frames(&examples, called.chain(received.iter().copied()).collect());
    let plan = Plan { ir, config, library, outline, examples, frames, routes: Routes::of(ir), received };
    let mut files = vec![
        OutputFile::new("src/lib.rs", library_of(&plan)?),
        OutputFile::new("tests/contract.rs", client_tests::emit(&plan)?),
    ];
    files.extend(plan.frames.values().map(Frame::output));
    let methods = plan.outline.calls.iter().map(|call| call.name.to_string()).collect();
    Ok(Scaffold { files, methods })
}

/// `src/lib.rs`: the generated module and the connection.
fn library_of(plan: &Plan<'_>) -> Result<String, Error> {
    let ClientOutline { module, client, protocol, .. } = &plan.outline;
    let module_name = module.to_string();
    let documentation = format!(
        "A client of the protocol \"{}\".\n\n[`{module}`] is generated from `{}` by `build.rs`; [`{client}`]({module}::{client}) \
         has a method for each operation\nthat a client can start, and [`connect`] makes one.",
        plan.ir.info.title, plan.config.document,
    );
    layout::file(
        &documentation,
        quote! {
            use tightwire::client::{Client, ClientConfig, ConnectError};
            use crate::#module::{#client, #protocol};
            tightwire::include_protocol!(#module_name);
            /// Connects to `url`, which has the path and the query that the server asks for.
            ///
            /// # Errors
            /// Why there is no connection.
            pub async fn connect(url: &str) -> Result<#client, ConnectError> {
                // Headers, times and limits are settings of `ClientConfig`.
                let client = Client::<#protocol>::connect(url, ClientConfig::default()).await?;
                Ok(client.into())
            }
        },
    )
}
