//! How a peer breaks the rules of WebSocket, and the close code that tells it so.

/// A rule of WebSocket that the peer broke. The connection must be closed with [`Self::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A reserved bit is set. They belong to extensions, and none was agreed on.
    #[error("a reserved bit is set, and no extension was agreed on")]
    ReservedBit,
    /// An opcode that means nothing.
    #[error("the opcode is reserved")]
    ReservedOpcode,
    /// A control frame in fragments.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    #[error("a control frame has more than 125 bytes")]
    LongControl,
    /// A frame that continues a message, where none was begun.
    #[error("there is no message to continue")]
    NothingToContinue,
    /// A message that begins before the one before it is complete.
    #[error("the message before is not complete")]
    Unfinished,
    /// A client's frame without a mask.
    #[error("a client must mask its frames")]
    Unmasked,
    /// A server's frame with a mask.
    #[error("a server must not mask its frames")]
    Masked,
    /// A length in more bytes than it needs, or of more than 63 bits.
    #[error("the length is not written as it should be")]
    Length,
    /// A close frame with one byte, or with a code that must not be sent.
    #[error("the close frame makes no sense")]
    Close,
    /// Text that is not UTF-8.
    #[error("the text is not UTF-8")]
    Utf8,
    /// A message beyond the limit.
    #[error("the message is larger than {0} bytes")]
    TooLarge(usize),
}

impl Violation {
    /// The close code that says so (RFC 6455, section 7.4.1).
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Utf8 => 1007,
            Self::TooLarge(_) => 1009,
            Self::ReservedBit
            | Self::ReservedOpcode
            | Self::FragmentedControl
            | Self::LongControl
            | Self::NothingToContinue
            | Self::Unfinished
            | Self::Unmasked
            | Self::Masked
            | Self::Length
            | Self::Close => 1002,
        }
    }
}
