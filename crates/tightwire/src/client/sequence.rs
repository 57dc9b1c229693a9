//! The typed form of an answer of several frames, for generated code.

use std::fmt::{self, Debug};

use super::error::RequestError;
use super::protocol::ClientProtocol;
use super::replies::Replies;

/// Reads a frame as a step.
type Read<P, S, E> = fn(<P as ClientProtocol>::In) -> Result<S, RequestError<E>>;

/// The steps of an answer, in the order in which the server sends them. See [`Replies`].
pub struct Sequence<P: ClientProtocol, S, E: Debug> {
    replies: Replies<P>,
    read: Read<P, S, E>,
}

impl<P: ClientProtocol, S, E: Debug> Sequence<P, S, E> {
    /// The typed form of `replies`.
    pub fn new(replies: Replies<P>, read: Read<P, S, E>) -> Self {
        Self { replies, read }
    }

    /// The next step; `None` after the last one, or after an error.
    ///
    /// # Errors
    /// If the server refuses, if the connection ends, or if no step comes in the time that a request waits.
    pub async fn next(&mut self) -> Option<Result<S, RequestError<E>>> {
        match self.replies.next().await? {
            Ok(inbound) => Some((self.read)(inbound.frame)),
            Err(error) => Some(Err(error.into())),
        }
    }

    /// All steps that are still to come.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn collect(mut self) -> Result<Vec<S>, RequestError<E>> {
        let mut steps = Vec::new();
        while let Some(step) = self.next().await {
            steps.push(step?);
        }
        Ok(steps)
    }
}

impl<P: ClientProtocol, S, E: Debug> Debug for Sequence<P, S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sequence").field("replies", &self.replies).finish_non_exhaustive()
    }
}
