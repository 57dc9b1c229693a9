//! What an interaction expects to be sent: which frames, in which order, until when.

use std::time::Duration;

use crate::contract::Direction;
use crate::pact::{Contents, Interaction, XWs};
use crate::sequence::Sequence;

use super::names::Names;

/// What an interaction expects to be sent.
#[derive(Debug)]
pub(super) struct Expectation<'a> {
    /// What is expected of frames, with the name of their message, in the order of the file.
    pub(super) responses: Vec<(String, &'a Contents)>,
    /// How the frames follow each other.
    pub(super) sequence: Sequence,
    /// Whether other frames may come before each of these and between them: something unasked, in whose topic anything may
    /// happen, or messages that nobody can tell apart.
    pub(super) is_search: bool,
    /// Whether it is known which message each frame is.
    pub(super) is_named: bool,
    pub(super) ws: &'a XWs,
    /// Until when the last frame must have come.
    pub(super) deadline: Duration,
    /// Until when the first frame must have come.
    pub(super) first: Option<Duration>,
}

impl<'a> Expectation<'a> {
    /// The error says why the interaction cannot be verified.
    pub(super) fn of(interaction: &'a Interaction, names: &Names, patience: Duration) -> Result<Self, String> {
        let about =
            interaction.about().ok_or_else(|| format!("interactions of type `{}` are not", interaction.kind()))?;
        let ws = &about.comments.ws;
        let (contents, is_search) = match interaction {
            Interaction::Sync(interaction) => (interaction.response.iter().collect(), false),
            Interaction::Async(interaction) => (vec![&interaction.contents], ws.sequence.is_none()),
            Interaction::Other(_) => (Vec::new(), false),
        };
        let mut is_unnamed = false;
        let named = |(index, contents): (usize, &'a Contents)| {
            let value = contents.value().ok_or_else(|| "a content that is not JSON is not".to_owned())?;
            let name = names.of(Direction::ToClient, &value).unwrap_or_else(|| {
                is_unnamed = true;
                format!("response {}", index + 1)
            });
            Ok((name, contents))
        };
        let responses: Vec<_> = contents.into_iter().enumerate().map(named).collect::<Result<_, String>>()?;
        let sequence = match &ws.sequence {
            Some(_) if is_unnamed => {
                return Err(
                    "without the document nobody knows which message a frame is, so a sequence is not".to_owned()
                );
            }
            Some(sequence) => sequence.parse().map_err(|error| format!("{error}; so it is not"))?,
            None => Sequence::of(responses.iter().map(|(name, _)| (name.clone(), ' '))),
        };
        Ok(Self {
            responses,
            sequence,
            is_search: is_search || is_unnamed,
            is_named: !is_unnamed,
            ws,
            deadline: ws.deadline_ms.map_or(patience, Duration::from_millis),
            first: ws.first_ms.map(Duration::from_millis),
        })
    }

    /// What is expected of the `n`-th frame of a message, from 0: the response of that number, or the last one.
    pub(super) fn contents(&self, name: &str, n: usize) -> Option<&'a Contents> {
        let mut of_message = self.responses.iter().filter(|(own, _)| own == name).map(|(_, contents)| *contents);
        let last = of_message.clone().next_back();
        of_message.nth(n).or(last)
    }
}
