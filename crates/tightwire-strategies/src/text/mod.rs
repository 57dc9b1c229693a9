//! What can be done to the text of a frame without a schema: other texts that say the same, and texts that are broken.

mod broken;
mod choices;
mod kind;
mod same;
mod tree;

use fastrand::Rng;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use self::choices::Choices;
pub use self::kind::MutationKind;
use self::tree::Tree;

/// So many choices are made for a text.
const CHOICES: usize = 32;

/// The text of a frame, changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// What goes over the wire; it need not be UTF-8.
    pub bytes: Vec<u8>,
    /// What was done.
    pub kind: MutationKind,
    /// Whether it still says the same: then it is accepted if the frame is, and otherwise it is refused.
    pub same_value: bool,
}

/// Texts of a frame with one thing done to them; which one shrinks towards the first of [`MutationKind::ALL`].
pub fn mutations(frame: Value) -> BoxedStrategy<Mutation> {
    (select(MutationKind::ALL.to_vec()), vec(any::<u32>(), 0..=CHOICES))
        .prop_map(move |(kind, choices)| any_mutation(&frame, kind, &choices))
        .boxed()
}

/// A text of a frame with one thing done to it.
pub fn sample(frame: &Value, rng: &mut Rng) -> Mutation {
    let kind = MutationKind::ALL[rng.usize(..MutationKind::ALL.len())];
    let choices: Vec<u32> = (0..CHOICES).map(|_| rng.u32(..)).collect();
    any_mutation(frame, kind, &choices)
}

/// A text of a frame with that done to it; `None` where it cannot be: a frame without numbers has no number to be written
/// otherwise.
pub fn mutation(frame: &Value, kind: MutationKind, choices: &[u32]) -> Option<Mutation> {
    let mut tree = Tree::of(frame);
    let mut choices = Choices::new(choices);
    let bytes = if kind.same_value() {
        same::written(&mut tree, kind, &mut choices)?.into_bytes()
    } else {
        broken::written(&mut tree, kind, &mut choices)?
    };
    Some(Mutation { bytes, kind, same_value: kind.same_value() })
}

/// That, or something that can be done to every frame.
fn any_mutation(frame: &Value, kind: MutationKind, choices: &[u32]) -> Mutation {
    mutation(frame, kind, choices).unwrap_or_else(|| {
        let kind = MutationKind::KeyOrder;
        Mutation { bytes: frame.to_string().into_bytes(), kind, same_value: kind.same_value() }
    })
}

/// The text without any white space.
fn plain(tree: &Tree) -> String {
    tree.text(&mut || "")
}

#[cfg(test)]
mod tests;
