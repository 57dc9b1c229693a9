//! Which definitions typify is given together.
//!
//! What it makes of a definition depends on those that the definition refers to and on no others. All at once takes
//! memory for all of its work at once.

use indexmap::IndexMap;
use serde_json::Value;

/// So many definitions are enough for a batch.
const ENOUGH: usize = 48;

/// All definitions, in batches that refer to nothing outside.
pub(super) fn of(definitions: &IndexMap<String, Value>) -> Vec<Vec<String>> {
    let mut parts = Parts { parents: (0..definitions.len()).collect() };
    for (at, shape) in definitions.values().enumerate() {
        let mut waiting = vec![shape];
        while let Some(shape) = waiting.pop() {
            match shape {
                Value::Object(members) => {
                    let reference = members.get("$ref").and_then(Value::as_str);
                    let name = reference.and_then(|reference| reference.strip_prefix("#/definitions/"));
                    if let Some(other) = name.and_then(|name| definitions.get_index_of(name)) {
                        parts.join(at, other);
                    }
                    waiting.extend(members.values());
                }
                Value::Array(items) => waiting.extend(items),
                _ => {}
            }
        }
    }
    let mut connected: IndexMap<usize, Vec<String>> = IndexMap::new();
    for (at, name) in definitions.keys().enumerate() {
        connected.entry(parts.of(at)).or_default().push(name.clone());
    }
    let mut batches: Vec<Vec<String>> = vec![Vec::new()];
    for names in connected.into_values() {
        match batches.last_mut() {
            Some(batch) if batch.len() < ENOUGH => batch.extend(names),
            _ => batches.push(names),
        }
    }
    batches
}

/// Which of some numbers belong together.
struct Parts {
    /// A number of the same part, and in the end the part's own.
    parents: Vec<usize>,
}

impl Parts {
    /// The part of a number.
    fn of(&mut self, mut number: usize) -> usize {
        while self.parents[number] != number {
            self.parents[number] = self.parents[self.parents[number]];
            number = self.parents[number];
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        // The part that comes first in the document names both.
        self.parents[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_belongs_together_stays_together() {
        let reference =
            |to: usize| json!({ "properties": { "x": { "oneOf": [{ "$ref": format!("#/definitions/D{to}") }] } } });
        let count = 10 * ENOUGH;
        // Each refers to one far away, and two to themselves.
        let definitions: IndexMap<String, Value> =
            (0..count).map(|number| (format!("D{number}"), reference((count - 1) - number))).collect();
        let batches = of(&definitions);
        assert!(batches.len() >= 9, "{} batches", batches.len());
        assert!(batches.iter().all(|batch| batch.len() <= ENOUGH + 2));
        let mut seen: Vec<&String> = batches.iter().flatten().collect();
        seen.sort();
        let mut all: Vec<&String> = definitions.keys().collect();
        all.sort();
        assert_eq!(seen, all);
        for batch in &batches {
            for name in batch {
                let number: usize = name[1..].parse().unwrap();
                assert!(batch.contains(&format!("D{}", (count - 1) - number)), "{name}");
            }
        }
    }

    #[test]
    fn a_chain_is_one_batch() {
        let next = |number: usize| json!({ "items": { "$ref": format!("#/definitions/D{}", number + 1) } });
        let definitions: IndexMap<String, Value> =
            (0..3 * ENOUGH).map(|number| (format!("D{number}"), next(number))).collect();
        assert_eq!(of(&definitions).len(), 1);
        assert_eq!(of(&IndexMap::new()), [Vec::<String>::new()]);
    }
}
