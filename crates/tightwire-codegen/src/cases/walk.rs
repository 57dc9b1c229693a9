//! Walks a proper frame beside its schema and changes one thing at a time.

use serde_json::{Map, Value, json};
use tightwire_spec::schema::Dependency;

use super::samples::{self, Extent};
use super::values;
use super::{Case, Frame};
use crate::view::View;

/// The name of a property that no schema has.
const UNKNOWN: &str = "x_unknown";
/// Recursive schemas are followed so far.
const MAX_DEPTH: usize = 12;

/// The cases for everything that `view` says about `frame`.
pub(super) fn cases(view: &View<'_>, frame: &Value) -> Vec<Case> {
    let mut walk = Walk { frame, cases: Vec::new() };
    walk.visit(view, &mut Vec::new(), frame);
    walk.cases
}

struct Walk<'a> {
    frame: &'a Value,
    cases: Vec<Case>,
}

impl Walk<'_> {
    /// The value at `path` of a frame that is the proper one but for alternatives chosen on the way.
    fn visit(&mut self, view: &View<'_>, path: &mut Vec<String>, value: &Value) {
        if path.len() > MAX_DEPTH {
            return;
        }
        if view.has_alternatives() {
            self.visit_alternatives(view, path);
            return;
        }
        let json_type = view.json_type();
        for part in view.parts() {
            for candidate in values::candidates(part, json_type) {
                self.replace(path, candidate.keyword, candidate.what, candidate.accept, candidate.value);
            }
        }
        match value {
            Value::Object(members) => self.visit_object(view, path, members),
            Value::Array(items) => self.visit_list(view, path, items),
            _ => {}
        }
    }

    fn visit_alternatives(&mut self, view: &View<'_>, path: &mut Vec<String>) {
        let keyword = if view.parts().any(|part| !part.one_of.is_empty()) { "oneOf" } else { "anyOf" };
        for value in [Value::Null, json!(true), json!({})] {
            self.replace(path, keyword, "none of the forms", false, value);
        }
        for alternative in view.alternatives().into_iter().flatten() {
            let Some(value) = samples::value(&alternative, Extent::Full, path.len()) else { continue };
            self.replace(path, keyword, "one of the forms", true, value.clone());
            // What is wrong within an alternative is wrong with the union.
            let changed = replaced(self.frame, path, value.clone());
            let mut walk = Walk { frame: &changed, cases: Vec::new() };
            walk.visit(&alternative, path, &value);
            self.cases.extend(walk.cases.into_iter().map(|mut case| {
                if !case.accept && case.pointer.starts_with(&pointer(path)) {
                    case.name = format!("{} ({})", case.name, case.keyword);
                    (case.keyword, case.pointer) = (keyword.to_owned(), pointer(path));
                }
                case
            }));
        }
    }

    fn visit_object(&mut self, view: &View<'_>, path: &mut Vec<String>, members: &Map<String, Value>) {
        for name in members.keys() {
            let without: Map<String, Value> = members
                .iter()
                .filter(|(key, _)| *key != name)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            if view.requires(name) {
                self.change(path, Some(name), "required", "missing", false, without.into());
            } else if view.property_names().contains(&name.as_str()) {
                self.change(path, Some(name), "required", "absent", true, without.into());
            }
        }
        let mut with = members.clone();
        with.insert(UNKNOWN.to_owned(), json!({ "a": [1, "b", null] }));
        match view.additional_properties() {
            Ok(others) if others.forbidden() => {
                self.change(path, Some(UNKNOWN), "additionalProperties", "unknown", false, with.into());
            }
            Ok(others) if others.accepts_everything() => {
                self.change(path, Some(UNKNOWN), "additionalProperties", "unknown", true, with.into());
            }
            _ => {}
        }
        self.count_members(view, path);
        for part in view.parts() {
            for (name, dependency) in &part.dependencies {
                let Dependency::Required(others) = dependency else { continue };
                for other in others.iter().filter(|other| members.contains_key(*other) && members.contains_key(name)) {
                    let mut without = members.clone();
                    without.shift_remove(other);
                    self.change(path, Some(other), "required", "missing beside another", false, without.clone().into());
                    without.shift_remove(name);
                    self.change(path, None, "dependencies", "neither", true, without.into());
                }
            }
        }
        for (name, value) in members {
            let property = if view.property_names().contains(&name.as_str()) {
                view.property(name)
            } else {
                view.additional_properties()
            };
            if let Ok(property) = property {
                path.push(name.clone());
                self.visit(&property, path, value);
                path.pop();
            }
        }
    }

    fn count_members(&mut self, view: &View<'_>, path: &[String]) {
        let make = |length| samples::map_of(view, Extent::Minimal, path.len(), length).map(Value::Object);
        let min = view.parts().filter_map(|part| part.min_properties).max().filter(|min| *min > 0);
        let max = view.parts().filter_map(|part| part.max_properties).min();
        let mut found = Vec::new();
        if let Some(min) = min {
            found.extend(make(min).map(|value| ("minProperties", "the fewest", true, value)));
            found.extend(make(min - 1).map(|value| ("minProperties", "one too few", false, value)));
        }
        if let Some(max) = max {
            found.extend(make(max).map(|value| ("maxProperties", "the most", true, value)));
            found.extend(make(max + 1).map(|value| ("maxProperties", "one too many", false, value)));
        }
        for (keyword, what, accept, value) in found {
            self.replace(path, keyword, what, accept, value);
        }
    }

    fn visit_list(&mut self, view: &View<'_>, path: &mut Vec<String>, items: &[Value]) {
        let make = |length| samples::list_of(view, Extent::Minimal, path.len(), length);
        let min = view.parts().filter_map(|part| part.min_items).max().filter(|min| *min > 0);
        let max = view.parts().filter_map(|part| part.max_items).min();
        let mut found = Vec::new();
        if let Some(min) = min {
            found.extend(make(min).map(|value| ("minItems", "the fewest", true, value)));
            found.extend(make(min - 1).map(|value| ("minItems", "one too few", false, value)));
        } else {
            found.extend(make(0).map(|value| ("items", "none", true, value)));
        }
        if let Some(max) = max {
            found.extend(make(max).map(|value| ("maxItems", "the most", true, value)));
            found.extend(make(max + 1).map(|value| ("maxItems", "one too many", false, value)));
        }
        let Some(first) = items.first() else { return };
        let accepts_twice = !view.parts().any(|part| part.unique_items);
        found.push(("uniqueItems", "the same item twice", accepts_twice, json!([first, first])));
        let Ok(each) = view.items() else { return };
        if let Some(second) = samples::variation(&each, first, 1) {
            found.push(("uniqueItems", "two different items", true, json!([first, second])));
        }
        for (keyword, what, accept, value) in found {
            self.replace(path, keyword, what, accept, value);
        }
        path.push("0".to_owned());
        self.visit(&each, path, first);
        path.pop();
    }

    /// A case about the value at `path`.
    fn replace(&mut self, path: &[String], keyword: &str, what: &str, accept: bool, value: Value) {
        self.change(path, None, keyword, what, accept, value);
    }

    /// A case about the value at `path`, or about a `member` of it.
    fn change(&mut self, path: &[String], member: Option<&str>, keyword: &str, what: &str, accept: bool, value: Value) {
        let place: Vec<String> = path.iter().cloned().chain(member.map(str::to_owned)).collect();
        let shown = if place.is_empty() { "frame".to_owned() } else { place.join(".") };
        self.cases.push(Case {
            name: format!("{shown}: {keyword}, {what}"),
            accept,
            keyword: keyword.to_owned(),
            pointer: pointer(&place),
            frame: Frame::Value(replaced(self.frame, path, value)),
        });
    }
}

/// The frame with another value at `path`.
fn replaced(frame: &Value, path: &[String], value: Value) -> Value {
    let mut changed = frame.clone();
    if let Some(place) = changed.pointer_mut(&pointer(path)) {
        *place = value;
    }
    changed
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1"))).collect()
}
