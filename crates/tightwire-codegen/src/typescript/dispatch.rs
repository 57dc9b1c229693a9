//! How the messages of one direction are told apart where there is no envelope.
//!
//! Guards and checks write the same plan, which is that of the IR and thus of the server: the value of a property names
//! the candidates, what is left is tried in order, and the first that accepts the frame is its message.

use tightwire_spec::ir::{Direction, Ir, Message, MessageId};

use super::names::{access, string};
use super::shape::value_of;
use super::writer::Writer;

/// The plan of one direction.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// The path of the property that tells messages apart; empty where there is none.
    by: &'a [String],
    /// What the values of that property lead to.
    pub(super) cases: Vec<Case<'a>>,
    /// What every other frame is tried with, and those that no case takes.
    pub(super) structural: Vec<&'a Message>,
}

/// Some values that lead to the same messages.
#[derive(Debug)]
pub(super) struct Case<'a> {
    /// The values, as expressions.
    values: Vec<String>,
    /// The messages, in the order in which they are tried.
    pub(super) messages: Vec<&'a Message>,
}

impl<'a> Plan<'a> {
    /// The plan of a direction.
    pub(super) fn new(ir: &'a Ir, direction: Direction) -> Self {
        let dispatch = ir.dispatch.of(direction);
        let known =
            |ids: &'a [MessageId]| -> Vec<&'a Message> { ids.iter().filter_map(|id| ir.messages.get(id)).collect() };
        let mut cases: Vec<(&[MessageId], Vec<String>)> = Vec::new();
        for (value, ids) in &dispatch.values {
            let value = value_of(value);
            match cases.iter_mut().find(|(other, _)| other == ids) {
                Some((_, values)) => values.push(value),
                None => cases.push((ids, vec![value])),
            }
        }
        Self {
            by: &dispatch.by,
            cases: cases.into_iter().map(|(ids, values)| Case { values, messages: known(ids) }).collect(),
            structural: known(&dispatch.structural),
        }
    }

    /// Whether no frame travels this way.
    pub(super) fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.structural.is_empty()
    }

    /// What is tried after a case: what the case does not name itself.
    pub(super) fn rest(&self, case: &Case<'_>) -> Vec<&'a Message> {
        let named = |message: &Message| case.messages.iter().any(|other| other.id == message.id);
        self.structural.iter().copied().filter(|message| !named(message)).collect()
    }

    /// The path as the elements of a list.
    pub(super) fn path(&self) -> Vec<String> {
        self.by.iter().map(|key| string(key)).collect()
    }

    /// A `switch` over the value of the property; nothing where there is none. `write` writes what a case leads to.
    /// Gives back which function of `runtime.ts` is called.
    pub(super) fn switch(&self, w: &mut Writer, mut write: impl FnMut(&Case<'_>, &mut Writer)) -> Option<&'static str> {
        if self.cases.is_empty() {
            return None;
        }
        let (value, function) = match self.by {
            // What every object inherits is a function or an object, so it is none of the values.
            [key] => (format!("isObject(value) ? {} : undefined", access(key)), "isObject"),
            _ => (format!("member(value, {})", self.path().join(", ")), "member"),
        };
        w.block(format!("switch ({value}) {{"), "}", |w| {
            for case in &self.cases {
                case.values.iter().for_each(|value| w.line(format!("case {value}:")));
                w.indented(|w| write(case, w));
            }
        });
        Some(function)
    }
}
