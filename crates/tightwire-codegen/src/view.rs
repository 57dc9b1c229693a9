//! What all schemas that hold at one place say together, without merging them into one.
//!
//! `$ref` is followed and `allOf` laid out flat; each remaining part is checked for itself, which is exact where a merge
//! would have to guess (two patterns, `additionalProperties` that looks only at its own neighbours).
//!
//! The decoder and the contract cases are made from it.

use std::collections::BTreeSet;

use serde_json::Value;
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{Items, JsonType, Schema, SchemaObject};

/// Why a schema cannot be checked while reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// In the middle of a sentence: "`not` needs the whole value".
    pub(crate) reason: String,
    /// What to change in the document, as a command.
    pub(crate) help: Option<&'static str>,
}

impl Obstacle {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: None }
    }

    /// With what to change in the document.
    pub(crate) fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }
}

/// How far `$ref` and `allOf` may lead from one place.
const MAX_DEPTH: usize = 64;

/// Everything that holds at one place.
#[derive(Clone, Debug)]
pub(crate) struct View<'ir> {
    ir: &'ir Ir,
    /// The schemas that hold, each without its `allOf`.
    parts: Vec<&'ir SchemaObject>,
    /// Parts whose `oneOf` or `anyOf` has been decided.
    decided: Vec<&'ir SchemaObject>,
    /// `false` is among the schemas.
    forbidden: bool,
}

impl<'ir> View<'ir> {
    /// The view of a place where all of `schemas` hold.
    pub(crate) fn of(ir: &'ir Ir, schemas: impl IntoIterator<Item = &'ir Schema>) -> Result<Self, Obstacle> {
        let mut view = Self { ir, parts: Vec::new(), decided: Vec::new(), forbidden: false };
        for schema in schemas {
            view.add(schema, 0)?;
        }
        Ok(view)
    }

    /// The protocol that the schemas are of.
    pub(crate) const fn ir(&self) -> &'ir Ir {
        self.ir
    }

    /// The schemas that hold here.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'ir SchemaObject> + use<'ir, '_> {
        self.parts.iter().copied()
    }

    /// Whether nothing may stand here.
    pub(crate) const fn forbidden(&self) -> bool {
        self.forbidden
    }

    /// Tells views apart: the same schemas have the same key.
    pub(crate) fn key(&self) -> Vec<*const SchemaObject> {
        self.parts.iter().chain(&self.decided).map(|part| std::ptr::from_ref(*part)).collect()
    }

    /// Makes sure that everything said here can be checked while reading a value of type `json_type`.
    pub(crate) fn admit(&self, json_type: JsonType) -> Result<(), Obstacle> {
        for part in self.parts() {
            admit_keywords(part)?;
            if !(part.one_of.is_empty() && part.any_of.is_empty() || self.is_decided(part)) {
                return Err(Obstacle::new("`oneOf` or `anyOf` stands beside other keywords")
                    .help("move the other keywords into each alternative"));
            }
            let number = json_type == JsonType::Integer && part.types.contains(&JsonType::Number);
            if !part.types.is_empty() && !part.types.contains(&json_type) && !number {
                return Err(Obstacle::new(format!("the type is {:?}, but Rust has {json_type:?}", part.types)));
            }
        }
        Ok(())
    }

    /// Whether `null` may stand here beside something else; and then the view of what else.
    pub(crate) fn without_null(&self) -> Result<Option<Self>, Obstacle> {
        if let Some(part) = self.undecided() {
            let (nulls, others): (Vec<_>, Vec<_>) =
                part.one_of.iter().chain(&part.any_of).partition(|schema| is_null(schema));
            return match (nulls.as_slice(), others.as_slice()) {
                ([_], [other]) if self.parts().all(|part| part.types.is_empty() && no_values(part)) => {
                    let other = self.decide(part, other)?;
                    // Of `oneOf`, only one alternative may take the `null`.
                    if other.parts().any(|part| !part.types.is_empty() && !part.types.contains(&JsonType::Null)) {
                        return Ok(Some(other));
                    }
                    Err(Obstacle::new("`null` may fit more than one alternative"))
                }
                ([], _) => Ok(None),
                _ => Err(Obstacle::new("`null` is one of several alternatives")),
            };
        }
        let nullable = !self.parts.is_empty()
            && self.parts().all(|part| part.types.contains(&JsonType::Null) && part.types.len() > 1)
            && self.parts().all(no_values);
        Ok(nullable.then(|| self.clone()))
    }

    /// The alternatives of the one union that stands here, each with everything else that holds; in document order.
    pub(crate) fn alternatives(&self) -> Result<Vec<Self>, Obstacle> {
        let Some(part) = self.undecided() else {
            return Err(Obstacle::new("several types are allowed")
                .help("name one type, or an alternative for each type in `oneOf`"));
        };
        if !part.one_of.is_empty() && !part.any_of.is_empty() {
            return Err(Obstacle::new("`oneOf` stands beside `anyOf`"));
        }
        part.one_of.iter().chain(&part.any_of).map(|schema| self.decide(part, schema)).collect()
    }

    /// Names of properties, in document order.
    pub(crate) fn property_names(&self) -> Vec<&'ir str> {
        let mut seen = BTreeSet::new();
        self.parts()
            .flat_map(|part| part.properties.keys())
            .map(String::as_str)
            .filter(|name| seen.insert(*name))
            .collect()
    }

    /// What holds for a property, but for what `patternProperties` says.
    pub(crate) fn property(&self, name: &str) -> Result<Self, Obstacle> {
        let additional = |part: &'ir SchemaObject| {
            // Where a pattern fits the name, it is no additional property.
            part.additional_properties.as_ref().filter(|_| part.pattern_properties.is_empty())
        };
        Self::of(self.ir, self.parts().filter_map(|part| part.properties.get(name).or_else(|| additional(part))))
    }

    /// Whether the property must be there.
    pub(crate) fn requires(&self, name: &str) -> bool {
        self.parts().any(|part| part.required.iter().any(|required| required == name))
    }

    /// What holds for the properties that no `properties` names.
    pub(crate) fn additional_properties(&self) -> Result<Self, Obstacle> {
        Self::of(self.ir, self.parts().filter_map(|part| part.additional_properties.as_ref()))
    }

    /// What holds for all items.
    pub(crate) fn items(&self) -> Result<Self, Obstacle> {
        let schemas = self.parts().filter_map(|part| match &part.items {
            Some(Items::All(schema)) => Some(schema),
            _ => None,
        });
        Self::of(self.ir, schemas)
    }

    /// Whether anything at all may stand here.
    pub(crate) fn accepts_everything(&self) -> bool {
        let anything = SchemaObject::default();
        !self.forbidden
            && self.parts().all(|part| {
                let bare = SchemaObject {
                    title: None,
                    description: None,
                    default: None,
                    examples: Vec::new(),
                    deprecated: false,
                    extensions: anything.extensions.clone(),
                    all_of: Vec::new(),
                    ..part.clone()
                };
                bare == anything
            })
    }

    /// The one string that may stand here, if there is only one.
    pub(crate) fn constant(&self) -> Option<&'ir str> {
        self.parts().find_map(|part| match (&part.const_value, part.enum_values.as_deref()) {
            (Some(Value::String(text)), _) | (None, Some([Value::String(text)])) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether `const` and `enum` allow the value.
    pub(crate) fn allows(&self, value: &Value) -> bool {
        self.parts().all(|part| {
            part.const_value.as_ref().is_none_or(|only| only == value)
                && part.enum_values.as_ref().is_none_or(|values| values.contains(value))
        })
    }

    /// Whether neither `const` nor `enum` stands here.
    pub(crate) fn is_free(&self) -> bool {
        self.parts().all(no_values)
    }

    /// The values of the first `const` or `enum`.
    pub(crate) fn values(&self) -> Option<Vec<&'ir Value>> {
        self.parts().find_map(|part| match (&part.const_value, &part.enum_values) {
            (Some(value), _) => Some(vec![value]),
            (None, Some(values)) => Some(values.iter().collect()),
            (None, None) => None,
        })
    }

    /// Whether a union stands here that has not been decided.
    pub(crate) fn has_alternatives(&self) -> bool {
        self.undecided().is_some()
    }

    /// A type that may stand here, `null` only if nothing else may; guessed from the other keywords where none is given.
    pub(crate) fn json_type(&self) -> Option<JsonType> {
        let named = self.parts().flat_map(|part| &part.types).copied();
        let object = self.parts().any(|part| !part.properties.is_empty() || !part.required.is_empty());
        let fits =
            |json_type: &JsonType| self.parts().all(|part| part.types.is_empty() || part.types.contains(json_type));
        let mut types: Vec<JsonType> = named.filter(fits).collect();
        types.sort_by_key(|json_type| *json_type == JsonType::Null);
        types.first().copied().or_else(|| object.then_some(JsonType::Object))
    }

    fn undecided(&self) -> Option<&'ir SchemaObject> {
        self.parts().find(|part| !(part.one_of.is_empty() && part.any_of.is_empty() || self.is_decided(part)))
    }

    fn is_decided(&self, part: &SchemaObject) -> bool {
        self.decided.iter().any(|decided| std::ptr::eq(*decided, part))
    }

    fn decide(&self, part: &'ir SchemaObject, alternative: &'ir Schema) -> Result<Self, Obstacle> {
        let mut view = self.clone();
        view.decided.push(part);
        view.add(alternative, 0)?;
        Ok(view)
    }

    fn add(&mut self, schema: &'ir Schema, depth: usize) -> Result<(), Obstacle> {
        if depth > MAX_DEPTH {
            return Err(Obstacle::new("a schema refers to itself without end"));
        }
        match schema {
            Schema::Bool(true) => {}
            Schema::Bool(false) => self.forbidden = true,
            Schema::Ref(reference) => match self.ir.schemas.get(&reference.name) {
                Some(target) => self.add(target, depth + 1)?,
                None => return Err(Obstacle::new(format!("the schema {} does not exist", reference.name))),
            },
            Schema::Object(object) => {
                if !self.parts.iter().any(|part| std::ptr::eq(*part, &raw const **object)) {
                    self.parts.push(object);
                }
                for schema in &object.all_of {
                    self.add(schema, depth + 1)?;
                }
            }
        }
        Ok(())
    }
}

/// Keywords that need more than the value at hand.
fn admit_keywords(part: &SchemaObject) -> Result<(), Obstacle> {
    let keywords = [
        ("contains", part.contains.is_some()),
        ("unevaluatedItems", part.unevaluated_items.is_some()),
        ("unevaluatedProperties", part.unevaluated_properties.is_some()),
        ("patternProperties", !part.pattern_properties.is_empty()),
        ("propertyNames", part.property_names.is_some()),
        ("dependencies", !part.dependencies.is_empty()),
        ("not", part.not.is_some()),
        ("if", part.if_schema.is_some()),
    ];
    if let Some((keyword, _)) = keywords.iter().find(|(_, present)| *present) {
        return Err(Obstacle::new(format!("`{keyword}` needs the whole value"))
            .help("leave the keyword out, or say the same with properties and their types"));
    }
    match part.items {
        Some(Items::Tuple(_)) => Err(Obstacle::new("`items` is a list of schemas")
            .help("use an object with named properties, or one schema for all items, where the protocol is yours")),
        _ => Ok(()),
    }
}

fn no_values(part: &SchemaObject) -> bool {
    part.const_value.is_none() && part.enum_values.is_none()
}

fn is_null(schema: &Schema) -> bool {
    matches!(schema, Schema::Object(object) if object.types == [JsonType::Null])
}
