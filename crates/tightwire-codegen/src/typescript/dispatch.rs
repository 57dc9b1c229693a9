//! How the messages of one direction are told apart where there is no envelope.
//!
//! Guards and checks follow the same plan: the value of a property names the candidates, and what no property tells
//! apart is tried in order.

use tightwire_spec::ir::{Direction, Ir, Message};

use super::frames::messages;

/// The plan of one direction.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// What is tried in order, most specific first.
    pub(super) structural: Vec<&'a Message>,
}

impl<'a> Plan<'a> {
    /// The plan of a direction.
    pub(super) fn new(ir: &'a Ir, direction: Direction) -> Self {
        Self { structural: messages(ir, direction).collect() }
    }
}
