//! Where the tests of a client connect: the paths of the routes, and what is told apart on them.

use std::collections::BTreeSet;

use serde_json::Value;
use tightwire_spec::ir::{Direction, Ir, Message, MessageId, Route, Segment};

use crate::cases::Examples;

/// The routes of a protocol with the messages that travel on them.
pub(super) struct Routes<'ir> {
    ir: &'ir Ir,
    to_server: Vec<BTreeSet<&'ir MessageId>>,
    to_client: Vec<BTreeSet<&'ir MessageId>>,
}

impl<'ir> Routes<'ir> {
    pub(super) fn of(ir: &'ir Ir) -> Self {
        let travelling = |direction| {
            let by_route = ir.messages_by_route(direction).into_iter();
            by_route.map(|messages| messages.into_iter().collect()).collect()
        };
        Self { ir, to_server: travelling(Direction::ToServer), to_client: travelling(Direction::ToClient) }
    }

    /// A path on which all these messages travel and are told apart from others by their frames: documents may have
    /// messages that look alike. In the envelope any path will do.
    pub(super) fn carrying(
        &self,
        examples: &Examples<'ir>,
        frames: &[(&Message, Direction, &Value)],
    ) -> Option<String> {
        if self.ir.envelope.is_some() {
            return Some("/".to_owned());
        }
        let carries = |index: usize| {
            frames.iter().all(|(message, direction, frame)| {
                let travelling = match direction {
                    Direction::ToServer => &self.to_server[index],
                    Direction::ToClient => &self.to_client[index],
                };
                examples.taken_for(frame, *direction, travelling) == Some(&message.id)
            })
        };
        let (_, route) = self.ir.routes.values().enumerate().find(|(index, _)| carries(*index))?;
        Some(example_path(route))
    }
}

/// A route's path with a value for each parameter.
pub fn example_path(route: &Route) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Parameter(name) => {
            let parameter = route.parameters.get(name);
            let values = parameter
                .into_iter()
                .flat_map(|parameter| parameter.values.iter().chain(&parameter.default).chain(&parameter.examples));
            values.map(String::as_str).next().unwrap_or("a").to_owned()
        }
    };
    route.segments.iter().map(segment).collect()
}
