//! The data types that typify made, read back: what the decoder, the frames and the service are generated from.

use indexmap::IndexMap;

/// The data types of a protocol, by Rust name.
#[derive(Clone, Debug, Default)]
pub struct RustTypes {
    names: IndexMap<String, ()>,
}

impl RustTypes {
    /// How many types there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
