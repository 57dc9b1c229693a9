//! Parts of a frame whose schema cannot be checked while reading: they are read as JSON values and given to the same
//! validator as on the reference path. The rest of the frame stays on the fast path.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde::de::DeserializeOwned;

use super::{Cursor, Irregular, ensure};
use crate::reference;

/// The schema of such a part.
#[derive(Debug)]
pub struct Part {
    schema: &'static str,
    validator: OnceLock<Option<Validator>>,
}

impl Part {
    /// A part with this schema, a document of its own.
    #[must_use]
    pub const fn new(schema: &'static str) -> Self {
        Self { schema, validator: OnceLock::new() }
    }

    /// Builds the validator now rather than with the first frame.
    pub fn prepare(&self) {
        self.validator();
    }

    /// Reads the next value, checks it and makes its type.
    ///
    /// # Errors
    /// [`Irregular`] if it is not well-formed, the schema does not accept it or the type cannot hold it as it is.
    pub fn read<T: DeserializeOwned>(&self, cursor: &mut Cursor<'_>) -> Result<T, Irregular> {
        let value = cursor.value()?;
        ensure(self.validator().is_some_and(|validator| validator.is_valid(&value)))?;
        T::deserialize(value).map_err(|_| Irregular)
    }

    fn validator(&self) -> Option<&Validator> {
        let build = || {
            let schema = serde_json::from_str(self.schema).ok()?;
            reference::options(&schema).build(&schema).ok()
        };
        self.validator.get_or_init(build).as_ref()
    }
}
