//! What `format` means.

/// Whether `format` judges values.
///
/// JSON Schema leaves it to whoever reads a schema: in 2020-12 it is a note to people, unless asked for otherwise. Who writes
/// a format into a protocol means it, so here the default is that it judges, in every dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formats {
    /// A value that does not have the format is refused.
    #[default]
    Assert,
    /// It is a note to people, and nothing is made of it.
    Annotate,
}

impl Formats {
    /// Every meaning and its name.
    pub const ALL: [(&'static str, Self); 2] = [("assert", Self::Assert), ("annotate", Self::Annotate)];

    /// The meaning of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, formats)| formats)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assert => "assert",
            Self::Annotate => "annotate",
        }
    }
}
