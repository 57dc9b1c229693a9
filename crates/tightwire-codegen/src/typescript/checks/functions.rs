//! One check function per schema: which there are, what they are called, and what they share.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;
use tightwire_spec::ir::{Ir, Message};
use tightwire_spec::schema::{JsonType, Schema, SchemaObject};

use super::super::evaluated::{self, Asks};
use super::super::names::{Names, pascal, shouty};
use super::super::pattern;
use super::super::shape::{format_functions, is_rare_format, is_trivial, recursive, validation};
use super::super::writer::{Brackets, Writer};
use super::keywords;
use crate::error::Error;

/// What a check calls of `runtime.ts`; the rest stands in `report.ts`.
const PREDICATES: &[&str] = &[
    "equal",
    "has",
    "isLonger",
    "isMultiple",
    "isObject",
    "isShorter",
    "isUnique",
    "member",
    "seeItems",
    "seeKeys",
    "size",
    "type Seen",
    "unevaluatedItems",
    "unevaluatedKeys",
];

/// What the checks call, by the file that it stands in.
#[derive(Debug, Default)]
pub(in crate::typescript) struct Imports {
    /// `formats.ts`.
    pub(in crate::typescript) formats: Vec<String>,
    /// `report.ts`.
    pub(in crate::typescript) report: Vec<String>,
    /// `runtime.ts`.
    pub(in crate::typescript) runtime: Vec<String>,
}

/// The check functions of a protocol.
pub(in crate::typescript) struct Checks<'a> {
    ir: &'a Ir,
    names: &'a Names,
    /// The functions by name, in the order in which they were first needed.
    functions: IndexMap<String, Writer>,
    /// Constants by name, with their declarations: patterns, lists of keys and of values.
    constants: IndexMap<String, Writer>,
    /// The constants of the patterns, by literal.
    patterns: HashMap<String, String>,
    /// The collectors of the named schemas.
    collectors: HashMap<String, String>,
    /// The checks that collectors have asked for, by hint: checks of the same schemas ask for them again.
    asked: HashMap<String, (Schema, Option<String>)>,
    /// The names that are taken.
    taken: HashSet<String>,
    /// The names of the checks of messages and named schemas, made or not.
    reserved: HashSet<String>,
    /// What is called of `report.ts` and `runtime.ts`.
    runtime: BTreeSet<&'static str>,
    /// What is needed of `report.ts` as a type only.
    types: BTreeSet<&'static str>,
    /// The named schemas that contain themselves.
    recursive: HashSet<&'a str>,
    /// Where in the protocol this is, for errors.
    place: String,
}

impl<'a> Checks<'a> {
    /// The protocol.
    pub(super) fn ir(&self) -> &'a Ir {
        self.ir
    }

    pub(in crate::typescript) fn new(ir: &'a Ir, names: &'a Names) -> Self {
        let recursive = recursive(ir);
        let schemas = ir.schemas.keys().map(|schema| names.schema(schema));
        let frames = ir.messages.keys().map(|message| names.frame(message));
        let reserved = schemas.chain(frames).map(|name| format!("check{name}")).collect();
        Self {
            ir,
            names,
            functions: IndexMap::new(),
            constants: IndexMap::new(),
            patterns: HashMap::new(),
            collectors: HashMap::new(),
            asked: HashMap::new(),
            taken: HashSet::new(),
            reserved,
            runtime: BTreeSet::new(),
            types: BTreeSet::new(),
            recursive,
            place: String::new(),
        }
    }

    /// The check of a message's frames.
    pub(super) fn message(&mut self, message: &Message) -> Result<String, Error> {
        let frame = self.names.frame(&message.id);
        let name = format!("check{frame}");
        if !self.functions.contains_key(&name) {
            self.place = format!("message {}", message.id);
            self.taken.insert(name.clone());
            self.function(&name, &message.payload, frame)?;
        }
        Ok(name)
    }

    /// The check of a schema; `None` where there is nothing to check. What has no name is named after `hint`.
    pub(in crate::typescript) fn check(&mut self, schema: &Schema, hint: &str) -> Result<Option<String>, Error> {
        match schema {
            Schema::Bool(true) => Ok(None),
            Schema::Bool(false) => Ok(Some(self.nothing())),
            Schema::Ref(reference) => {
                let Some((key, target)) = self.ir.schemas.get_key_value(&reference.name) else {
                    return Err(self.unsupported(format!("there is no schema {}", reference.name)));
                };
                if is_trivial(target) {
                    return Ok(None);
                }
                // A topic's schema shares its type's name with nothing else, so the name is free for the check.
                let type_name = self.names.schema(key).to_owned();
                let name = format!("check{type_name}");
                if !self.functions.contains_key(&name) {
                    self.taken.insert(name.clone());
                    let place = std::mem::replace(&mut self.place, format!("schema {key}"));
                    if self.recursive.contains(key.as_str()) {
                        self.recursive_function(&name, target, &type_name)?;
                    } else {
                        self.function(&name, target, &type_name)?;
                    }
                    self.place = place;
                }
                Ok(Some(name))
            }
            Schema::Object(_) if is_trivial(schema) => Ok(None),
            Schema::Object(object) => {
                if let Some((known, check)) = self.asked.get(hint)
                    && known == schema
                {
                    return Ok(check.clone());
                }
                if let Some(name) = described(object) {
                    let name = format!("check{name}");
                    // The name says everything about the schema, so one function serves all places.
                    if !self.functions.contains_key(&name) && !self.taken.contains(&name) {
                        self.taken.insert(name.clone());
                        self.function(&name, schema, hint)?;
                        return Ok(Some(name));
                    }
                    if self.functions.contains_key(&name) && !self.reserved.contains(&name) {
                        return Ok(Some(name));
                    }
                }
                let name = self.claim(&format!("check{hint}"));
                self.function(&name, schema, hint)?;
                Ok(Some(name))
            }
        }
    }

    /// The collector that the `unevaluated…` keywords of a schema ask, as an argument.
    pub(super) fn collector(&mut self, schema: &SchemaObject, hint: &str) -> Result<String, Error> {
        let name = self.claim(&format!("evaluatedBy{hint}"));
        self.collecting_function(&name, |c, w| evaluated::emit(c, schema, true, hint, w))?;
        Ok(format!("(part, seen) => {name}(part, seen, report)"))
    }

    /// The check of a schema where a function is needed even if there is nothing to check.
    pub(super) fn check_or_anything(&mut self, schema: &Schema, hint: &str) -> Result<String, Error> {
        match self.check(schema, hint)? {
            Some(name) => Ok(name),
            None => Ok(self.anything()),
        }
    }

    /// Notes that these functions of `report.ts` or `runtime.ts` are called.
    pub(in crate::typescript) fn uses(&mut self, names: &[&'static str]) {
        self.runtime.extend(names);
    }

    /// The constant that holds a pattern.
    pub(super) fn pattern(&mut self, text: &str, hint: &str) -> Result<String, Error> {
        let literal = pattern::literal(text).map_err(|why| {
            self.unsupported(format!("the pattern {text:?} cannot be a regular expression of TypeScript: {why}"))
        })?;
        if let Some(name) = self.patterns.get(&literal) {
            return Ok(name.clone());
        }
        let name = self.constant(&format!("{}_PATTERN", shouty(hint)), |name, w| {
            w.line(format!("const {name} = {literal};"));
        });
        self.patterns.insert(literal, name.clone());
        Ok(name)
    }

    /// Notes that a type of `report.ts` is needed.
    pub(in crate::typescript) fn needs_type(&mut self, name: &'static str) {
        self.types.insert(name);
    }

    /// A constant list.
    pub(super) fn list(&mut self, hint: &str, item_type: &'static str, items: &[String]) -> String {
        if item_type == "Check" {
            self.needs_type(item_type);
        }
        self.constant(hint, |name, w| {
            w.list(&format!("const {name}: readonly {item_type}[] = "), Brackets::Squares, items, ";");
        })
    }

    /// Says where in the protocol the schemas that follow stand, for errors.
    pub(in crate::typescript) fn at(&mut self, place: String) {
        self.place = place;
    }

    /// An error about the schema at hand.
    pub(super) fn unsupported(&self, message: String) -> Error {
        Error::unsupported(self.place.clone(), message)
    }

    /// What to import.
    pub(in crate::typescript) fn imports(&self) -> Imports {
        let mut imports = Imports::default();
        for name in &self.runtime {
            let list = match *name {
                name if is_rare_format(name) => &mut imports.formats,
                name if PREDICATES.contains(&name) || format_functions().any(|known| known == name) => {
                    &mut imports.runtime
                }
                _ => &mut imports.report,
            };
            list.push((*name).to_owned());
        }
        imports.report.extend(self.types.iter().map(|name| format!("type {name}")));
        if !self.functions.is_empty() {
            imports.report.push("type Report".to_owned());
        }
        imports
    }

    /// All functions and constants.
    pub(in crate::typescript) fn finish(self) -> Writer {
        let mut w = Writer::default();
        for (_, constant) in self.constants {
            w.append(constant);
        }
        for (_, function) in self.functions {
            w.append(function);
        }
        w
    }

    /// A constant; gives back its name.
    pub(in crate::typescript) fn constant(&mut self, hint: &str, write: impl FnOnce(&str, &mut Writer)) -> String {
        let name = self.claim(hint);
        let mut w = Writer::default();
        write(&name, &mut w);
        self.constants.insert(name.clone(), w);
        name
    }

    fn function(&mut self, name: &str, schema: &Schema, hint: &str) -> Result<(), Error> {
        // Takes its place now, so that what it needs comes after it.
        self.functions.insert(name.to_owned(), Writer::default());
        let mut body = Writer::nested();
        match schema {
            Schema::Object(object) => keywords::emit(self, object, hint, &mut body)?,
            Schema::Ref(_) | Schema::Bool(_) => {
                let check = self.check_or_anything(schema, hint)?;
                body.line(format!("{check}(value, report);"));
            }
        }
        self.functions.insert(name.to_owned(), wrapped(name, body));
        Ok(())
    }

    fn recursive_function(&mut self, name: &str, schema: &Schema, hint: &str) -> Result<(), Error> {
        self.uses(&["nested"]);
        let inner = self.claim(&format!("{name}Level"));
        let mut body = Writer::nested();
        body.line(format!("nested(value, {inner}, report);"));
        self.functions.insert(name.to_owned(), wrapped(name, body));
        self.function(&inner, schema, hint)
    }

    fn collecting_function(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut Self, &mut Writer) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.uses(&["type Seen"]);
        self.functions.insert(name.to_owned(), Writer::default());
        let mut body = Writer::nested();
        write(self, &mut body)?;
        let unused = if body.is_empty() { "_" } else { "" };
        let report = if body.text().contains("report") { "report" } else { "_report" };
        let mut w = Writer::default();
        w.line(format!("function {name}({unused}value: unknown, {unused}seen: Seen, {report}: Report): void {{"));
        w.extend(body);
        w.line("}");
        self.functions.insert(name.to_owned(), w);
        Ok(())
    }

    fn anything(&mut self) -> String {
        self.uses(&["anything"]);
        "anything".to_owned()
    }

    fn nothing(&mut self) -> String {
        self.uses(&["nothing"]);
        "nothing".to_owned()
    }

    fn claim(&mut self, name: &str) -> String {
        let mut candidate = name.to_owned();
        let mut attempt = 2;
        while self.reserved.contains(&candidate) || !self.taken.insert(candidate.clone()) {
            candidate = format!("{name}{attempt}");
            attempt += 1;
        }
        candidate
    }
}

impl Asks for Checks<'_> {
    fn ir(&self) -> &Ir {
        self.ir
    }

    fn accepts(&mut self, schema: &Schema, hint: &str) -> Result<Option<String>, Error> {
        let check = self.check(schema, hint)?;
        self.asked.insert(hint.to_owned(), (schema.clone(), check.clone()));
        if check.is_some() {
            self.uses(&["accepts"]);
        }
        Ok(check.map(|check| format!("accepts({check}, value, report.depth)")))
    }

    fn item(&mut self, schema: &Schema, hint: &str) -> Result<String, Error> {
        let check = self.check_or_anything(schema, hint)?;
        self.uses(&["accepts"]);
        Ok(format!("(item) => accepts({check}, item, report.depth)"))
    }

    fn call(&mut self, schema: &str) -> Result<String, Error> {
        if let Some(name) = self.collectors.get(schema) {
            return Ok(format!("{name}(value, seen, report)"));
        }
        if evaluated::is_endless(self.ir, schema) {
            return Err(self.unsupported(format!("what {schema} evaluates has no end: it is a part of itself")));
        }
        let hint = self.names.schema(schema).to_owned();
        let name = self.claim(&format!("evaluatedBy{hint}"));
        self.collectors.insert(schema.to_owned(), name.clone());
        let target = self.ir.schemas.get(schema);
        self.collecting_function(&name, |c, w| target.map_or(Ok(()), |schema| evaluated::whole(c, schema, &hint, w)))?;
        Ok(format!("{name}(value, seen, report)"))
    }

    fn pattern(&mut self, text: &str, hint: &str) -> Result<String, Error> {
        Checks::pattern(self, text, hint)
    }

    fn keys(&mut self, hint: &str, keys: &[String]) -> String {
        self.list(hint, "string", keys)
    }

    fn calls(&mut self, function: &'static str) {
        self.uses(&[function]);
    }
}

fn wrapped(name: &str, body: Writer) -> Writer {
    let mut w = Writer::default();
    // Keywords may come to nothing: a length from 0 on, an `if` without consequences.
    let unused = if body.is_empty() { "_" } else { "" };
    w.line(format!("function {name}({unused}value: unknown, {unused}report: Report): void {{"));
    w.extend(body);
    w.line("}");
    w
}

/// A name that says all that a simple schema says: `Text1To128`, `Uuid`, `IntegerFrom0`.
fn described(object: &SchemaObject) -> Option<String> {
    let [kind] = object.types.as_slice() else { return None };
    let mut rest = validation(object);
    rest.types.clear();
    let name = match kind {
        JsonType::String => {
            let (least, most) = (rest.min_length.take(), rest.max_length.take());
            match (rest.const_value.take(), rest.format.take(), least, most) {
                (None, Some(format), None, None) => pascal(&format),
                (Some(value), None, None, None) => {
                    let text = value.as_str()?;
                    let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                    plain.then(|| format!("Const{}", pascal(text))).filter(|_| !text.contains("__"))?
                }
                (None, None, least, most) => format!("Text{}", range(least.as_ref(), most.as_ref())),
                _ => return None,
            }
        }
        JsonType::Integer => {
            let (least, most) = (rest.minimum.take(), rest.maximum.take());
            let whole = |bound: &serde_json::Number| bound.is_u64();
            if !least.iter().all(whole) || !most.iter().all(whole) {
                return None;
            }
            format!("Integer{}", range(least.as_ref(), most.as_ref()))
        }
        JsonType::Number => "Number".to_owned(),
        JsonType::Boolean => "Boolean".to_owned(),
        JsonType::Null | JsonType::Array | JsonType::Object => return None,
    };
    (rest == SchemaObject::default()).then_some(name)
}

fn range<T: std::fmt::Display>(least: Option<T>, most: Option<T>) -> String {
    match (least, most) {
        (None, None) => String::new(),
        (Some(least), None) => format!("From{least}"),
        (None, Some(most)) => format!("UpTo{most}"),
        (Some(least), Some(most)) => format!("{least}To{most}"),
    }
}
