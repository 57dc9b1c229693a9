//! What can be done to the text of a frame.

/// What was done to the text of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MutationKind {
    /// The members of all objects are in another order.
    KeyOrder,
    /// There is white space between all pieces, of all four kinds.
    WhiteSpace,
    /// Characters of texts and keys are written as `\u0061`; those beyond the basic plane as two of them.
    Escapes,
    /// `/` is written as `\/`, and what has a short escape with a long one.
    ShortEscapes,
    /// A whole number is written as `1.0`.
    Fraction,
    /// A whole number is written as `1e0`, `10E-1` or `0.1e+1`.
    Exponent,
    /// All of the above.
    AllAtOnce,

    /// A key is there twice, perhaps with an escape in one of them.
    DuplicateKey,
    /// The text ends too early.
    Truncated,
    /// A text or key has bytes that are no UTF-8.
    InvalidUtf8,
    /// A text or key has the escape of half a character.
    LoneSurrogate,
    /// A byte order mark stands before the text.
    ByteOrderMark,
    /// Something stands after the text.
    TrailingGarbage,
    /// A zero byte stands in a text or between two pieces.
    Nul,
    /// A text has a control character that is not escaped.
    ControlCharacter,
    /// A text has an escape that JSON does not have.
    BadEscape,
    /// Thousands of arrays or objects begin and do not end.
    DeepNesting,
    /// Where a value stood, there is a number that is no number of JSON: `01`, `+1`, `.5`, `1.`, `0x1`.
    MalformedNumber,
    /// Where a value stood, there is `NaN`, `Infinity`, `undefined` or another word.
    UnknownWord,
    /// Quotes are single ones, or missing.
    Quotes,
    /// A comma too many.
    TrailingComma,
    /// A comment.
    Comment,
}

impl MutationKind {
    /// Every kind, those that keep the value first.
    pub const ALL: [Self; 22] = [
        Self::KeyOrder,
        Self::WhiteSpace,
        Self::Escapes,
        Self::ShortEscapes,
        Self::Fraction,
        Self::Exponent,
        Self::AllAtOnce,
        Self::DuplicateKey,
        Self::Truncated,
        Self::InvalidUtf8,
        Self::LoneSurrogate,
        Self::ByteOrderMark,
        Self::TrailingGarbage,
        Self::Nul,
        Self::ControlCharacter,
        Self::BadEscape,
        Self::DeepNesting,
        Self::MalformedNumber,
        Self::UnknownWord,
        Self::Quotes,
        Self::TrailingComma,
        Self::Comment,
    ];

    /// Whether the text still says the same: then it is accepted if the frame is, and otherwise it is refused.
    pub fn same_value(self) -> bool {
        matches!(
            self,
            Self::KeyOrder
                | Self::WhiteSpace
                | Self::Escapes
                | Self::ShortEscapes
                | Self::Fraction
                | Self::Exponent
                | Self::AllAtOnce
        )
    }

    /// A name for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyOrder => "key-order",
            Self::WhiteSpace => "white-space",
            Self::Escapes => "escapes",
            Self::ShortEscapes => "short-escapes",
            Self::Fraction => "fraction",
            Self::Exponent => "exponent",
            Self::AllAtOnce => "all-at-once",
            Self::DuplicateKey => "duplicate-key",
            Self::Truncated => "truncated",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::LoneSurrogate => "lone-surrogate",
            Self::ByteOrderMark => "byte-order-mark",
            Self::TrailingGarbage => "trailing-garbage",
            Self::Nul => "nul",
            Self::ControlCharacter => "control-character",
            Self::BadEscape => "bad-escape",
            Self::DeepNesting => "deep-nesting",
            Self::MalformedNumber => "malformed-number",
            Self::UnknownWord => "unknown-word",
            Self::Quotes => "quotes",
            Self::TrailingComma => "trailing-comma",
            Self::Comment => "comment",
        }
    }
}
