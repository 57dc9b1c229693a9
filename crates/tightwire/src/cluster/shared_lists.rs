//! What an application keeps for all nodes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::broker::Lists;
use crate::publisher::PublishError;

/// Lists that all nodes of the system share. They are kept where what is published is kept, so that whoever appends
/// before it publishes can rely on it: whoever has a position of the topic that covers what was published finds in the list
/// what was appended before, on any node.
#[derive(Clone)]
pub struct SharedLists(pub(crate) Arc<dyn Lists>);

/// A list and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct SharedList<'a> {
    /// Its name. Applications that share a prefix share their lists.
    pub name: &'a str,
    /// How many values are kept, the newest ones.
    pub longest: usize,
    /// How long it is kept after the last value was appended.
    pub expires: Duration,
}

impl SharedLists {
    /// Appends a value. What is the same as one of the last few values is taken for them: an attempt whose answer was lost
    /// is made again.
    ///
    /// # Errors
    /// If the lists cannot be reached. It is not known then whether the value was appended.
    pub async fn append(&self, list: SharedList<'_>, value: &[u8]) -> Result<(), PublishError> {
        self.0.append(list, value, None).await
    }

    /// The newest values, oldest first; none of a list that nobody has appended to.
    ///
    /// # Errors
    /// If the lists cannot be reached.
    pub async fn newest(&self, name: &str, most: usize) -> Result<Vec<Vec<u8>>, PublishError> {
        self.0.newest(name, most).await
    }
}

impl fmt::Debug for SharedLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLists").finish_non_exhaustive()
    }
}
