//! `tightwire contract flatten`: a contract in, one for simpler tools out.

use std::io::Write;

use tightwire_testkit::pact::Pact;

use crate::cli::{Exit, FlattenArguments};
use crate::output::Output;

/// Runs the command.
pub(super) fn run<O: Write, E: Write>(arguments: &FlattenArguments, output: &mut Output<O, E>) -> Exit {
    let path = arguments.pact.display();
    let text = match std::fs::read_to_string(&arguments.pact) {
        Ok(text) => text,
        Err(error) => {
            output.complaint(&format!("{path} cannot be read: {error}"));
            return Exit::Unreadable;
        }
    };
    match Pact::from_text(&text) {
        Ok(pact) => {
            output.result(&pact.flattened().to_text());
            Exit::Clean
        }
        Err(error) => {
            output.complaint(&format!("{path} is no contract: {error}"));
            Exit::Faulty
        }
    }
}
