//! Strategies of proptest for the frames of a protocol (feature `strategies`): what the module `strategies` of generated
//! code is made of.
//!
//! [`tightwire_strategies`] says what can be expected of them.

use serde_json::Value;
pub use tightwire_strategies::{self, Coverage, Direction, Frames, Impossible, negative, proptest, text};
use tightwire_strategies::{
    negative::Negative,
    proptest::prelude::{BoxedStrategy, Strategy},
    proptest::strategy::Union,
};

use crate::codegen_support::{Inbound, Rejection};

/// The frames of a generated module's bundle.
#[doc(hidden)]
#[must_use]
pub fn read(bundle: &str) -> Frames {
    Frames::from_bundle(bundle).unwrap_or_else(|error| panic!("the schema bundle of a generated module: {error}"))
}

/// Frames as the generated type. Those that it has no room for are left out.
#[doc(hidden)]
pub fn typed<T: std::fmt::Debug + 'static>(
    frames: BoxedStrategy<Value>,
    decode: fn(&[u8]) -> Result<Inbound<T>, Rejection>,
) -> BoxedStrategy<T> {
    let typed = move |frame: Value| match decode(frame.to_string().as_bytes()) {
        Ok(inbound) => Some(inbound.frame),
        Err(rejection) if rejection.is_unrepresentable() => None,
        Err(rejection) => panic!("a valid frame is refused: {rejection:?}: {frame}"),
    };
    frames.prop_filter_map("the generated type has no room for it", typed).boxed()
}

/// Frames of any message that goes that way, each with one thing wrong.
#[doc(hidden)]
pub fn negatives(frames: &Frames, direction: Direction) -> BoxedStrategy<(String, Negative)> {
    let possible = frames.messages(direction).filter(|key| frames.is_possible(direction, key));
    let of_message = possible.filter_map(|key| {
        let name = key.to_owned();
        let negative = frames.negative(direction, key)?;
        Some(negative.prop_map(move |negative| (name.clone(), negative)).boxed())
    });
    Union::new(of_message).boxed()
}

/// The module `strategies` of a generated module: for each direction its enum, the names of its strategies, and its messages.
#[doc(hidden)]
#[macro_export]
macro_rules! __strategies {
    ($(
        $direction:ident $frame:ident $side:ident $typed:ident $json:ident $negative:ident { $($name:ident $key:literal,)* }
    )*) => {
        /// Strategies of proptest for the frames of this protocol. They shrink towards the smallest frame.
        pub mod strategies {
            use $crate::strategies::proptest::prelude::{BoxedStrategy, Strategy};
            use $crate::strategies::{Direction, Frames, negative::Negative, negatives, typed};

            /// All of them: for frames of one message as JSON, and what else there is.
            pub fn frames() -> &'static Frames {
                static FRAMES: ::std::sync::OnceLock<Frames> = ::std::sync::OnceLock::new();
                FRAMES.get_or_init(|| $crate::strategies::read(super::CONTRACT.schema_bundle))
            }

            $(
                /// Any valid frame that goes this way.
                pub fn $typed() -> BoxedStrategy<super::$frame> {
                    let frames = frames().any_valid(Direction::$direction).prop_map(|(_, frame)| frame).boxed();
                    typed(frames, |bytes| super::$frame::decode(bytes))
                }

                /// Any valid frame that goes this way as JSON, with the name of its message.
                pub fn $json() -> BoxedStrategy<(String, $crate::__rt::serde_json::Value)> {
                    frames().any_valid(Direction::$direction)
                }

                /// Any frame that would go this way if not one thing were wrong with it, with the name of its message.
                pub fn $negative() -> BoxedStrategy<(String, Negative)> {
                    negatives(frames(), Direction::$direction)
                }

                /// The frames of each message.
                pub mod $side {
                    use super::{BoxedStrategy, Direction};

                    $(
                        #[doc = concat!("Valid frames of `", $key, "`.")]
                        pub fn $name() -> BoxedStrategy<super::super::$frame> {
                            // A message may have the name of anything.
                            let frames = super::frames().valid(Direction::$direction, $key);
                            $crate::strategies::typed(frames, |bytes| super::super::$frame::decode(bytes))
                        }
                    )*
                }
            )*
        }
    };
}
