//! The functions behind the guards: one per schema that needs more than a single call.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;
use tightwire_spec::ir::{Ir, Message};
use tightwire_spec::schema::{JsonType, Schema, SchemaObject};

use super::super::evaluated::{self, Asks};
use super::super::names::{Names, shouty};
use super::super::pattern;
use super::super::shape::{format_functions, is_rare_format, is_trivial, recursive};
use super::super::writer::{Brackets, Writer};
use super::{expression, layout};
use crate::error::Error;

/// What the guards call of `runtime.ts`: no function of theirs is called like that.
const RUNTIME_NAMES: &[&str] = &[
    "hasSome",
    "isAnything",
    "isDistinct",
    "isList",
    "isInteger",
    "isLonger",
    "isMultiple",
    "isNothing",
    "isNumber",
    "isObject",
    "isShorter",
    "isText",
    "isUnique",
];

/// The predicates of a protocol.
pub(super) struct Predicates<'a> {
    ir: &'a Ir,
    names: &'a Names,
    /// The functions by name, in the order in which they were first needed.
    functions: IndexMap<String, Writer>,
    /// The functions of the named schemas.
    named: HashMap<String, String>,
    /// The collectors of the named schemas.
    collectors: HashMap<String, String>,
    /// The tests that collectors have asked for, by hint: guards of the same schemas ask for them again.
    asked: HashMap<String, (Schema, Option<String>)>,
    /// Constants by name, with their declarations.
    constants: IndexMap<String, Writer>,
    /// The constants of the lists, by their items.
    lists: HashMap<Vec<String>, String>,
    /// The constants of the patterns, by literal.
    patterns: HashMap<String, String>,
    taken: HashSet<String>,
    runtime: BTreeSet<String>,
    recursive: HashSet<&'a str>,
    /// The functions after which a value is known to be an object.
    object_guards: HashSet<String>,
    /// What the functions ask of `value`.
    conditions: HashMap<String, Vec<String>>,
    /// Where in the protocol this is, for errors.
    place: String,
}

impl<'a> Predicates<'a> {
    pub(super) fn new(ir: &'a Ir, names: &'a Names) -> Self {
        let mut taken: HashSet<String> = RUNTIME_NAMES.iter().map(|name| (*name).to_owned()).collect();
        taken.extend(format_functions().chain(["isClientFrame", "isServerFrame"]).map(str::to_owned));
        taken.extend(ir.messages.keys().map(|message| format!("is{}", names.frame(message))));
        Self {
            ir,
            names,
            functions: IndexMap::new(),
            named: HashMap::new(),
            collectors: HashMap::new(),
            asked: HashMap::new(),
            constants: IndexMap::new(),
            lists: HashMap::new(),
            patterns: HashMap::new(),
            taken,
            runtime: BTreeSet::new(),
            recursive: recursive(ir),
            object_guards: HashSet::new(),
            conditions: HashMap::new(),
            place: String::new(),
        }
    }

    /// The protocol.
    pub(super) fn ir(&self) -> &'a Ir {
        self.ir
    }

    /// What the guard of a message's frames asks of `value`.
    pub(super) fn message(&mut self, message: &Message) -> Result<Vec<String>, Error> {
        self.place = format!("message {}", message.id);
        let hint = self.names.frame(&message.id).to_owned();
        self.conditions(&message.payload, &hint)
    }

    /// What a function of these asks of `value`; `None` for other functions.
    pub(super) fn conditions_of(&self, function: &str) -> Option<&[String]> {
        self.conditions.get(function).map(Vec::as_slice)
    }

    /// Whether a value is known to be an object where this holds.
    pub(super) fn proves_object(&self, condition: &str) -> bool {
        let function = condition.strip_suffix("(value)").unwrap_or_default();
        function == "isObject" || self.object_guards.contains(function)
    }

    /// Whether a function is called by another of these.
    pub(super) fn is_called(&self, function: &str) -> bool {
        self.functions.iter().any(|(name, body)| name != function && calls(body.text(), function))
    }

    /// A function of conditions that hold for objects only.
    pub(super) fn shared(&mut self, name: &str, conditions: &[String]) -> String {
        self.uses("type JsonObject");
        let name = self.claim(name);
        let mut body = Writer::nested();
        layout::write_return(conditions, &mut body);
        self.functions.insert(name.clone(), wrapped(&name, "value is JsonObject", body));
        name
    }

    /// Whether `operand` is accepted by a schema, as an expression; `None` where everything is. What needs a function
    /// of its own is named after `hint`.
    pub(super) fn test(&mut self, schema: &Schema, operand: &str, hint: &str) -> Result<Option<String>, Error> {
        match schema {
            Schema::Bool(true) => Ok(None),
            Schema::Bool(false) => {
                self.uses("isNothing");
                Ok(Some(format!("isNothing({operand})")))
            }
            Schema::Object(_) if is_trivial(schema) => Ok(None),
            Schema::Object(object) => {
                if let Some((known, test)) = self.asked.get(hint)
                    && known == schema
                    && let Some(test) = about(test.as_deref(), operand)
                {
                    return Ok(test);
                }
                if let Some(expression) = expression::simple(self, object, operand, hint)? {
                    return Ok(Some(expression));
                }
                let name = self.claim(&format!("is{hint}"));
                self.function(&name, schema, hint)?;
                Ok(Some(self.call_of(&name, operand)))
            }
            Schema::Ref(reference) => {
                let Some((key, target)) = self.ir.schemas.get_key_value(&reference.name) else {
                    return Err(self.unsupported(format!("there is no schema {}", reference.name)));
                };
                let hint = self.names.schema(key).to_owned();
                match target {
                    _ if is_trivial(target) => return Ok(None),
                    Schema::Object(object) if !self.recursive.contains(key.as_str()) => {
                        if let Some(expression) = expression::simple(self, object, operand, &hint)? {
                            return Ok(Some(expression));
                        }
                    }
                    _ => {}
                }
                let name = self.named(key, target, &hint)?;
                Ok(Some(self.call_of(&name, operand)))
            }
        }
    }

    /// The call of a function; of `isObject`, where it would do no more.
    fn call_of(&mut self, name: &str, operand: &str) -> String {
        if self.conditions.get(name).is_some_and(|conditions| *conditions == ["isObject(value)"]) {
            self.functions.shift_remove(name);
            return format!("isObject({operand})");
        }
        format!("{name}({operand})")
    }

    /// A function that says whether its argument is accepted, as something that can be handed on.
    pub(super) fn predicate(&mut self, schema: &Schema, hint: &str) -> Result<String, Error> {
        Ok(match self.test(schema, "item", hint)? {
            None => {
                self.uses("isAnything");
                "isAnything".to_owned()
            }
            Some(test) => match test.strip_suffix("(item)") {
                // `every` hands on the index too, which these would take for a bound.
                Some("isText" | "isInteger" | "isNumber") => format!("(item) => {test}"),
                Some(name) if !name.contains(['(', ' ', '.']) => name.to_owned(),
                _ => format!("(item) => {test}"),
            },
        })
    }

    /// The collector that the `unevaluated…` keywords of a schema ask.
    pub(super) fn collector(&mut self, schema: &SchemaObject, hint: &str) -> Result<String, Error> {
        let name = self.claim(&format!("evaluatedBy{hint}"));
        self.collecting_function(&name, |p, w| evaluated::emit(p, schema, true, hint, w))?;
        Ok(name)
    }

    /// Notes that a function of `runtime.ts` is called.
    pub(super) fn uses(&mut self, name: &str) {
        self.runtime.insert(name.to_owned());
    }

    /// The constant that holds a pattern.
    pub(super) fn pattern(&mut self, text: &str, hint: &str) -> Result<String, Error> {
        let literal = pattern::literal(text).map_err(|why| {
            self.unsupported(format!("the pattern {text:?} cannot be a regular expression of TypeScript: {why}"))
        })?;
        if let Some(name) = self.patterns.get(&literal) {
            return Ok(name.clone());
        }
        let name = self.claim(&format!("{}_PATTERN", shouty(hint)));
        let mut w = Writer::default();
        w.line(format!("const {name} = {literal};"));
        self.constants.insert(name.clone(), w);
        self.patterns.insert(literal, name.clone());
        Ok(name)
    }

    /// A constant list; the same one for the same items.
    pub(super) fn list(&mut self, hint: &str, items: &[String]) -> String {
        if let Some(name) = self.lists.get(items) {
            return name.clone();
        }
        let name = self.claim(hint);
        let mut w = Writer::default();
        w.list(&format!("const {name}: readonly unknown[] = "), Brackets::Squares, items, ";");
        self.constants.insert(name.clone(), w);
        self.lists.insert(items.to_vec(), name.clone());
        name
    }

    /// An error about the schema at hand.
    pub(super) fn unsupported(&self, message: String) -> Error {
        Error::unsupported(self.place.clone(), message)
    }

    /// What to import of `formats.ts` and of `runtime.ts`.
    pub(super) fn imports(&self) -> (Vec<String>, Vec<String>) {
        self.runtime.iter().cloned().partition(|name| is_rare_format(name))
    }

    /// All functions and constants that are not exported.
    pub(super) fn finish(self) -> Writer {
        let mut w = Writer::default();
        for (_, declaration) in self.constants.into_iter().chain(self.functions) {
            w.append(declaration);
        }
        w
    }

    fn named(&mut self, key: &str, schema: &Schema, hint: &str) -> Result<String, Error> {
        if let Some(name) = self.named.get(key) {
            return Ok(name.clone());
        }
        let name = self.claim(&format!("is{hint}"));
        self.named.insert(key.to_owned(), name.clone());
        let place = std::mem::replace(&mut self.place, format!("schema {key}"));
        if self.recursive.contains(key) {
            self.uses("within");
            let level = self.claim(&format!("{name}Level"));
            let mut body = Writer::nested();
            body.line(format!("return within({level}, value);"));
            self.functions.insert(name.clone(), wrapped(&name, "boolean", body));
            self.function(&level, schema, hint)?;
        } else {
            self.function(&name, schema, hint)?;
        }
        self.place = place;
        Ok(name)
    }

    fn function(&mut self, name: &str, schema: &Schema, hint: &str) -> Result<(), Error> {
        // Takes its place now, so that what it needs comes after it.
        self.functions.insert(name.to_owned(), Writer::default());
        let only_objects = self.ir.merged(schema).is_some_and(|merged| merged.types == [JsonType::Object]);
        if only_objects {
            self.uses("type JsonObject");
            self.object_guards.insert(name.to_owned());
        }
        let conditions = self.conditions(schema, hint)?;
        let mut body = Writer::nested();
        layout::write_return(&conditions, &mut body);
        self.conditions.insert(name.to_owned(), conditions);
        let result = if only_objects { "value is JsonObject" } else { "boolean" };
        self.functions.insert(name.to_owned(), wrapped(name, result, body));
        Ok(())
    }

    fn collecting_function(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut Self, &mut Writer) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.uses("type Seen");
        self.functions.insert(name.to_owned(), Writer::default());
        let mut body = Writer::nested();
        write(self, &mut body)?;
        let unused = if body.is_empty() { "_" } else { "" };
        let mut w = Writer::default();
        w.line(format!("function {name}({unused}value: unknown, {unused}seen: Seen): void {{"));
        w.extend(body);
        w.line("}");
        self.functions.insert(name.to_owned(), w);
        Ok(())
    }

    /// What a schema asks of `value`.
    fn conditions(&mut self, schema: &Schema, hint: &str) -> Result<Vec<String>, Error> {
        let mut conditions = match schema {
            Schema::Object(object) => expression::full(self, object, hint, &self.required(schema, object))?,
            Schema::Ref(_) | Schema::Bool(_) => Vec::from_iter(self.test(schema, "value", hint)?),
        };
        // Once a guard has said that the value is an object, nobody needs to ask again.
        let mut known = false;
        conditions.retain(|condition| {
            let repeated = known && condition == "isObject(value)";
            known = known || self.proves_object(condition);
            !repeated
        });
        Ok(conditions)
    }

    /// The properties that a schema requires, those of its `allOf` included.
    fn required(&self, schema: &Schema, object: &SchemaObject) -> Vec<String> {
        self.ir.merged(schema).map_or_else(|| object.required.clone(), |merged| merged.required)
    }

    fn claim(&mut self, name: &str) -> String {
        let mut candidate = name.to_owned();
        let mut attempt = 2;
        while !self.taken.insert(candidate.clone()) {
            candidate = format!("{name}{attempt}");
            attempt += 1;
        }
        candidate
    }
}

impl Asks for Predicates<'_> {
    fn ir(&self) -> &Ir {
        self.ir
    }

    fn accepts(&mut self, schema: &Schema, hint: &str) -> Result<Option<String>, Error> {
        let test = self.test(schema, "value", hint)?;
        self.asked.insert(hint.to_owned(), (schema.clone(), test.clone()));
        Ok(test)
    }

    fn item(&mut self, schema: &Schema, hint: &str) -> Result<String, Error> {
        self.predicate(schema, hint)
    }

    fn call(&mut self, schema: &str) -> Result<String, Error> {
        if let Some(name) = self.collectors.get(schema) {
            return Ok(format!("{name}(value, seen)"));
        }
        if evaluated::is_endless(self.ir, schema) {
            return Err(self.unsupported(format!("what {schema} evaluates has no end: it is a part of itself")));
        }
        let hint = self.names.schema(schema).to_owned();
        let name = self.claim(&format!("evaluatedBy{hint}"));
        self.collectors.insert(schema.to_owned(), name.clone());
        let target = self.ir.schemas.get(schema);
        self.collecting_function(&name, |p, w| target.map_or(Ok(()), |schema| evaluated::whole(p, schema, &hint, w)))?;
        Ok(format!("{name}(value, seen)"))
    }

    fn pattern(&mut self, text: &str, hint: &str) -> Result<String, Error> {
        Predicates::pattern(self, text, hint)
    }

    fn keys(&mut self, hint: &str, keys: &[String]) -> String {
        self.list(hint, keys)
    }

    fn calls(&mut self, function: &'static str) {
        self.uses(function);
    }
}

/// A test of `value` as a test of something else; `None` where it is no single call.
fn about(test: Option<&str>, operand: &str) -> Option<Option<String>> {
    match test {
        Some(test) if operand != "value" => {
            let name = test.strip_suffix("(value)").filter(|name| !name.contains(['(', ' ', '.']))?;
            Some(Some(format!("{name}({operand})")))
        }
        test => Some(test.map(str::to_owned)),
    }
}

/// Whether a text names a function.
fn calls(text: &str, function: &str) -> bool {
    let is_part = |c: char| unicode_ident::is_xid_continue(c) || c == '$';
    text.match_indices(function)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + function.len()..].starts_with(is_part))
}

fn wrapped(name: &str, result: &str, body: Writer) -> Writer {
    let mut w = Writer::default();
    let unused = if body.text().trim() == "return true;" { "_" } else { "" };
    w.line(format!("function {name}({unused}value: unknown): {result} {{"));
    w.extend(body);
    w.line("}");
    w
}
