//! Kinds of values that settings have beside those that clap knows.

use std::fmt;
use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, StringValueParser, TypedValueParser};
use ipnet::IpNet;

/// A setting that is shown to nobody.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// How it is read.
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        StringValueParser::new().map(Self)
    }

    /// What it is.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(hidden)" })
    }
}

/// Addresses and networks, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = |part: &str| {
            let address = || part.parse::<IpAddr>().ok().map(IpNet::from);
            let wrong = || format!("`{part}` is neither an address nor a network such as 10.0.0.0/8");
            part.parse().ok().or_else(address).ok_or_else(wrong)
        };
        parts(text).map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// An address and port, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaybeAddress(pub Option<SocketAddr>);

impl FromStr for MaybeAddress {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(Some).map(Self) }
    }
}

/// Reads one of a few words, each with what it stands for.
pub fn choice<T, const N: usize>(choices: [(&'static str, T); N]) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
{
    let words = choices.each_ref().map(|(word, _)| *word);
    PossibleValuesParser::new(words).try_map(move |found| {
        let chosen = choices.iter().find(|(word, _)| *word == found);
        chosen.map(|(_, value)| value.clone()).ok_or("there is no such choice")
    })
}

/// Reads a value that need not be there: no text is none.
pub fn optional<T>() -> impl TypedValueParser<Value = Option<T>>
where
    T: FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>> + Clone + Send + Sync + 'static,
{
    StringValueParser::new().try_map(|text| match &*text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error: T::Err| error.into().to_string()),
    })
}

/// Reads texts that are separated by commas.
pub fn list() -> impl TypedValueParser<Value = Vec<String>> {
    StringValueParser::new().map(|text| parts(&text).map(str::to_owned).collect())
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}
