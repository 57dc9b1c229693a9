//! What an application knows of its protocol and no document says: that a history is what was seen live, that the pieces of
//! an answer are numbered.

use serde_json::Value;

use super::finding::Class;

/// Something that is checked beside the contract. One is made for each run of a plan; it sees what all clients of the plan
/// send and receive, in this order.
pub trait Check: Send {
    /// A client has sent a frame that follows the contract.
    fn sent(&mut self, frame: &Observed<'_>) {
        let _ = frame;
    }

    /// A client has received a frame, which follows the contract.
    ///
    /// # Errors
    /// What is wrong with it.
    fn received(&mut self, frame: &Observed<'_>) -> Result<(), Flaw>;

    /// The plan is at its end, and everything that is owed has come.
    ///
    /// # Errors
    /// What is wrong.
    fn finish(&mut self) -> Result<(), Flaw> {
        Ok(())
    }
}

/// A frame that a client has sent or received.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Which client, from 0.
    pub client: usize,
    /// Which of all connections of the plan, from 0: a client that comes back has another.
    pub connection: usize,
    /// The message's key.
    pub message: &'a str,
    /// All of it.
    pub frame: &'a Value,
    /// Where it was broadcast, and everybody who is subscribed is sent the same: whether nobody has seen it before.
    pub is_new: bool,
    /// Whether this connection has had it before: it is replayed.
    pub is_repeated: bool,
}

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Its kind.
    pub class: Class,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// What there is.
    pub actual: String,
}
