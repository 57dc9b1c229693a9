//! A server's settings: one table drives flags, environment variables, the settings file, their documentation and the
//! struct that holds the values.
//!
//! [`ServerSettings`] is the table of what every server has: where it listens, who may connect, what the limits are. An
//! application has it for nothing, and adds a table of its own with [`settings!`](crate::settings!):
//!
//! ```
//! use tightwire::settings::{Program, ServerSettings, value_parser};
//!
//! tightwire::settings! {
//!     /// What only this application has.
//!     pub struct Own(contract);
//!
//!     "Weather" {
//!         /// How often the forecast is read, in milliseconds.
//!         forecast_ms: u64 = 60_000, value_parser!(u64).range(1..);
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # static CONTRACT: tightwire::proto::contract::Contract = tightwire::proto::contract::Contract::EMPTY;
//! let program = Program { name: "weather", version: "1.2.3", about: "What the weather is like", contract: &CONTRACT };
//! let (server, own): (ServerSettings, Own) = program.read(["weather", "--forecast-ms", "5000", "--auth-disabled"])?;
//! assert_eq!((server.drain_ms, own.forecast_ms), (10_000, 5000));
//! let config = server.config()?;
//! # Ok(())
//! # }
//! ```
//!
//! A flag beats the environment, the environment beats the file that `--config` names, the file beats the default. An
//! unknown flag or key is an error that names what is most like it. The environment belongs to others as well: there an
//! unknown variable that looks like one of ours is only worth a warning ([`Program::near_misses`]). Defaults that the
//! contract states (`x-limits`, `x-heartbeat`) are read from it, so that they are written down once.

mod auth;
mod config;
mod docs;
mod error;
mod file;
mod near;
mod program;
mod redis;
mod row;
mod server;
#[cfg(test)]
mod tests;
mod tls;
mod value;

pub use clap::{self, value_parser};

pub use self::auth::AuthError;
pub use self::error::{ConfigError, SettingsError};
pub use self::program::Program;
pub use self::redis::RedisError;
pub use self::row::Row;
pub use self::server::ServerSettings;
pub use self::tls::TlsError;
pub use self::value::{Networks, Secret, choice, list, optional};
use crate::proto::contract::Contract;

/// A table of settings and the struct that holds their values; [`settings!`](crate::settings!) makes both. A pair of
/// tables is a table.
pub trait Settings: Sized {
    /// The rows, in the order in which help and documentation show them.
    fn rows(contract: &Contract) -> Vec<Row>;

    /// The values; none if `values` has no value for a row.
    fn from_values(values: &Values) -> Option<Self>;
}

impl<A: Settings, B: Settings> Settings for (A, B) {
    fn rows(contract: &Contract) -> Vec<Row> {
        let mut rows = A::rows(contract);
        rows.extend(B::rows(contract));
        rows
    }

    fn from_values(values: &Values) -> Option<Self> {
        Some((A::from_values(values)?, B::from_values(values)?))
    }
}

/// What was found for each row.
#[derive(Debug)]
pub struct Values(clap::ArgMatches);

impl Values {
    /// The value of the row of that name, if there is such a row and its values are of that type.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self, key: &str) -> Option<T> {
        self.0.try_get_one::<T>(key).ok().flatten().cloned()
    }
}

/// Declares a table of settings and the struct that holds the values, so that neither can forget a row of the other.
///
/// Rows stand in groups, under the heading that help and documentation show. A row is its documentation, its key (the flag
/// is the same with dashes, the variable the same in capitals), the type of its value, its default, and how clap reads it.
/// Defaults may come from the contract, under the name that the struct's head gives it.
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident($contract:ident);
        $($group:literal {
            $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr, $parser:expr;)+
        })+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $visibility struct $name {
            $($($(#[doc = $doc])+ pub $key: $type,)+)+
        }

        impl $crate::settings::Settings for $name {
            fn rows($contract: &$crate::proto::contract::Contract) -> ::std::vec::Vec<$crate::settings::Row> {
                let _ = $contract;
                ::std::vec![$($($crate::settings::Row::new(
                    stringify!($key),
                    $group,
                    concat!($($doc),+),
                    &$default,
                    $parser,
                ),)+)+]
            }

            fn from_values(values: &$crate::settings::Values) -> ::std::option::Option<Self> {
                ::std::option::Option::Some(Self { $($($key: values.get::<$type>(stringify!($key))?,)+)+ })
            }
        }
    };
}
