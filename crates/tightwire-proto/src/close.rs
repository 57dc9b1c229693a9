//! Why a connection is closed: the codes that the session itself uses, and what the client is told before.
//!
//! The contract's table (`x-close-codes`) gives each code its words and says whether to reconnect; the numbers here are
//! those that the protocol fixes.

use crate::contract::Contract;

/// Why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The server shuts down.
    Shutdown,
    /// A frame violated the contract.
    ContractViolation,
    /// A binary frame in a protocol of text.
    UnsupportedData,
    /// The peer does what it must not, or may not do what it asks for.
    PolicyViolation,
    /// A message is larger than what the server takes.
    TooLarge,
    /// Something failed on the server's side.
    InternalError,
    /// The server is at capacity.
    OverCapacity,
    /// The credentials are missing or invalid.
    Unauthorized,
    /// The credentials have expired while the connection lived.
    AuthenticationExpired,
    /// The client will never be allowed what it asks for.
    TopicForbidden,
    /// No pong arrived in time.
    PongTimeout,
    /// The client does not read fast enough.
    SlowConsumer,
    /// Nothing but heartbeats for too long.
    IdleTimeout,
}

impl CloseReason {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Shutdown,
        Self::ContractViolation,
        Self::UnsupportedData,
        Self::PolicyViolation,
        Self::TooLarge,
        Self::InternalError,
        Self::OverCapacity,
        Self::Unauthorized,
        Self::AuthenticationExpired,
        Self::TopicForbidden,
        Self::PongTimeout,
        Self::SlowConsumer,
        Self::IdleTimeout,
    ];

    /// The close code (RFC 6455, section 7.4).
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Shutdown => 1001,
            Self::ContractViolation => 1002,
            Self::UnsupportedData => 1003,
            Self::PolicyViolation => 1008,
            Self::TooLarge => 1009,
            Self::InternalError => 1011,
            Self::OverCapacity => 1013,
            Self::Unauthorized | Self::AuthenticationExpired => 4401,
            Self::TopicForbidden => 4403,
            Self::PongTimeout => 4408,
            Self::SlowConsumer => 4409,
            Self::IdleTimeout => 4410,
        }
    }

    /// What the contract says about the code, in words; where it says nothing, what the reason is.
    #[must_use]
    pub fn meaning(self, contract: &Contract) -> &'static str {
        let code = self.code();
        contract.close_codes.iter().find(|info| info.code == code).map_or(self.words(), |info| info.meaning)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Shutdown => "the server shuts down",
            Self::ContractViolation => "a frame does not follow the contract",
            Self::UnsupportedData => "only text messages are understood here",
            Self::PolicyViolation => "this is not allowed",
            Self::TooLarge => "the message is too large",
            Self::InternalError => "the server failed",
            Self::OverCapacity => "the server has too much to do",
            Self::Unauthorized | Self::AuthenticationExpired => "the credentials are missing, invalid or expired",
            Self::TopicForbidden => "the topic is not allowed",
            Self::PongTimeout => "no pong came in time",
            Self::SlowConsumer => "the client does not read fast enough",
            Self::IdleTimeout => "nothing was sent for too long",
        }
    }

    /// The `reason` of the `disconnect_notice` before the close, where the server closes of its own will.
    #[must_use]
    pub fn notice(self) -> Option<&'static str> {
        match self {
            Self::Shutdown => Some("shutdown"),
            Self::OverCapacity => Some("over_capacity"),
            Self::PongTimeout => Some("pong_timeout"),
            Self::SlowConsumer => Some("slow_consumer"),
            Self::IdleTimeout => Some("idle_timeout"),
            Self::AuthenticationExpired => Some("authentication_expired"),
            Self::ContractViolation
            | Self::UnsupportedData
            | Self::PolicyViolation
            | Self::TooLarge
            | Self::InternalError
            | Self::Unauthorized
            | Self::TopicForbidden => None,
        }
    }

    /// Whether frames that already wait are still delivered before the close.
    ///
    /// A client that does not read, or does not live, would only hold their memory for longer.
    #[must_use]
    pub fn flushes(self) -> bool {
        !matches!(self, Self::SlowConsumer | Self::PongTimeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::CloseCodeInfo;

    /// What clients are told of each reason, and whether what waits for them is still delivered.
    #[test]
    fn every_reason_has_its_code_words_and_notice() {
        const EXPECTED: [(u16, &str, Option<&str>, bool); 13] = [
            (1001, "the server shuts down", Some("shutdown"), true),
            (1002, "a frame does not follow the contract", None, true),
            (1003, "only text messages are understood here", None, true),
            (1008, "this is not allowed", None, true),
            (1009, "the message is too large", None, true),
            (1011, "the server failed", None, true),
            (1013, "the server has too much to do", Some("over_capacity"), true),
            (4401, "the credentials are missing, invalid or expired", None, true),
            (4401, "the credentials are missing, invalid or expired", Some("authentication_expired"), true),
            (4403, "the topic is not allowed", None, true),
            (4408, "no pong came in time", Some("pong_timeout"), false),
            (4409, "the client does not read fast enough", Some("slow_consumer"), false),
            (4410, "nothing was sent for too long", Some("idle_timeout"), true),
        ];
        let found = CloseReason::ALL
            .map(|reason| (reason.code(), reason.meaning(&Contract::EMPTY), reason.notice(), reason.flushes()));
        assert_eq!(found, EXPECTED);
    }

    #[test]
    fn the_contract_has_the_first_word() {
        const CODES: &[CloseCodeInfo] = &[
            CloseCodeInfo { code: 4408, name: "gone", meaning: "you are gone", reconnect: true },
            CloseCodeInfo { code: 1001, name: "night", meaning: "good night", reconnect: true },
        ];
        let contract = Contract { close_codes: CODES, ..Contract::EMPTY };
        assert_eq!(CloseReason::Shutdown.meaning(&contract), "good night");
        assert_eq!(CloseReason::PongTimeout.meaning(&contract), "you are gone");
        assert_eq!(CloseReason::IdleTimeout.meaning(&contract), "nothing was sent for too long");
    }
}
