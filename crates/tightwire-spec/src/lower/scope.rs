//! What `$dynamicRef`s mean: for each name of a `$dynamicAnchor`, the outermost place that has it on the way to a schema.

use std::collections::{BTreeMap, HashMap};

/// More scopes than this are refused: every schema may have to be lowered in each.
const MAX_SCOPES: usize = 500;

/// A scope of [`Scopes`]; the default one has no names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope(usize);

/// The scopes that were met: by name, a place.
pub(crate) struct Scopes {
    known: HashMap<BTreeMap<String, u32>, Scope>,
    all: Vec<BTreeMap<String, u32>>,
}

impl Default for Scopes {
    fn default() -> Self {
        Self { known: HashMap::from([(BTreeMap::new(), Scope(0))]), all: vec![BTreeMap::new()] }
    }
}

impl Scopes {
    /// The outermost place of that name.
    pub(crate) fn get(&self, scope: Scope, name: &str) -> Option<u32> {
        self.all[scope.0].get(name).copied()
    }

    /// The scope with further places, which names that it has already do not mean; `None` where there are too many.
    pub(crate) fn enter(&mut self, scope: Scope, places: &[(String, u32)]) -> Option<Scope> {
        if places.iter().all(|(name, _)| self.all[scope.0].contains_key(name)) {
            return Some(scope);
        }
        let mut inner = self.all[scope.0].clone();
        for (name, place) in places {
            inner.entry(name.clone()).or_insert(*place);
        }
        if let Some(known) = self.known.get(&inner) {
            return Some(*known);
        }
        let new = Scope(self.all.len());
        if new.0 >= MAX_SCOPES {
            return None;
        }
        self.known.insert(inner.clone(), new);
        self.all.push(inner);
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_place_counts() {
        let place = |name: &str, id| (name.to_owned(), id);
        let mut scopes = Scopes::default();
        let outer = scopes.enter(Scope::default(), &[place("a", 1)]).expect("there are few");
        let inner = scopes.enter(outer, &[place("a", 2), place("b", 3)]).expect("there are few");
        assert_eq!((scopes.get(inner, "a"), scopes.get(inner, "b"), scopes.get(inner, "c")), (Some(1), Some(3), None));
        assert_eq!(scopes.enter(inner, &[place("a", 4)]), Some(inner));
        assert_eq!(scopes.enter(Scope::default(), &[place("a", 1)]), Some(outer));
    }

    #[test]
    fn there_are_not_too_many() {
        let mut scopes = Scopes::default();
        let mut scope = Scope::default();
        let entered = (0..)
            .take_while(|&id| scopes.enter(scope, &[(id.to_string(), id)]).inspect(|inner| scope = *inner).is_some());
        assert_eq!(entered.count(), MAX_SCOPES - 1);
    }
}
