//! Reading a value: the schema says what to check, the Rust type what to make.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;
use tightwire_spec::schema::{JsonType, SchemaObject};

use super::borrowed::Borrowing;
use super::parts::Parts;
use super::pattern::Patterns;
use super::scalar::{self, Integer};
use super::{object, union};
use crate::rust::model::{FieldType, RustTypes, StringVariant, TypeKind};
use crate::rust::names;
use crate::view::{Obstacle, View};

/// What a reader makes of what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// The types of `messages`.
    Owned,
    /// Those of `views`, which borrow from the frame.
    Borrowed,
}

/// The functions that read named types, and what is needed to make them.
pub(super) struct Readers<'ir> {
    pub(super) types: &'ir RustTypes,
    /// What is being made.
    form: Form,
    borrowing: Borrowing,
    functions: IndexMap<Key, Reader>,
    /// Their names.
    taken: BTreeSet<String>,
    /// What no function can read, and why: it is found out once, however often it is met.
    refused: HashMap<Key, Obstacle>,
    /// Newtypes that are being read in place.
    newtypes: Vec<Key>,
    pub(super) patterns: Patterns,
    parts: Parts,
    /// The properties that led to the value that is being read, escaped for a JSON Pointer; `*` for any.
    pub(super) place: Vec<String>,
    /// Where parts of what was read so far are left to a validator, and why.
    pub(super) obstacles: Vec<(String, Obstacle)>,
}

/// A type, in which form, and what holds for it.
type Key = (Form, String, Vec<*const SchemaObject>);

struct Reader {
    name: Ident,
    /// `None` while the function is being made.
    body: Option<TokenStream>,
}

impl<'ir> Readers<'ir> {
    pub(super) fn new(types: &'ir RustTypes) -> Self {
        Self {
            types,
            form: Form::Owned,
            borrowing: Borrowing::of(types),
            functions: IndexMap::new(),
            taken: BTreeSet::new(),
            refused: HashMap::new(),
            newtypes: Vec::new(),
            patterns: Patterns::default(),
            parts: Parts::default(),
            place: Vec::new(),
            obstacles: Vec::new(),
        }
    }

    /// All functions, in the order in which they were needed.
    pub(super) fn into_functions(self) -> impl Iterator<Item = TokenStream> {
        let parts = std::iter::once(self.parts.emit());
        let readers = self.functions.into_values().filter_map(|reader| reader.body);
        parts.chain(readers).chain(self.patterns.into_functions())
    }

    /// [`Readers::read_directly`] into a view: no part is left to a validator.
    pub(super) fn read_borrowed(&mut self, ty: &FieldType, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        self.in_form(Form::Borrowed, |readers| readers.read_directly(ty, view))
    }

    fn in_form<T>(&mut self, form: Form, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.form, form);
        let read = read(self);
        self.form = before;
        read
    }

    pub(super) fn is_borrowing(&self) -> bool {
        self.form == Form::Borrowed
    }

    /// Whether the type has a view of its own.
    pub(super) fn borrows(&self, name: &Ident) -> bool {
        self.borrowing.borrows(name)
    }

    /// The path of a type in the form that is being made.
    pub(super) fn path(&self, name: &Ident) -> TokenStream {
        if self.is_borrowing() && self.borrowing.borrows(name) { quote!(views::#name) } else { quote!(#name) }
    }

    /// An expression that reads a value of type `ty` with everything that `view` asks of it; it may use `?`. What cannot
    /// be checked while reading is left to a validator, as small a part as possible.
    pub(super) fn read(&mut self, ty: &FieldType, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        if view.forbidden() {
            return Ok(quote!(return Err(json::Irregular)));
        }
        if self.is_borrowing() {
            return self.read_directly(ty, view);
        }
        let before = self.lengths();
        self.read_directly(ty, view).or_else(|obstacle| {
            // What was made for it before the obstacle came up is of no use to anyone.
            self.truncate(before);
            let place = self.pointer();
            self.obstacles.push((place, obstacle));
            Ok(self.parts.read(view.ir(), view))
        })
    }

    /// [`Readers::read`] of a member with that name, or of any member or item (`*`).
    pub(super) fn read_at(&mut self, name: &str, ty: &FieldType, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        self.place.push(name.replace('~', "~0").replace('/', "~1"));
        let read = self.read(ty, view);
        self.place.pop();
        read
    }

    /// Where the value is that is being read.
    pub(super) fn pointer(&self) -> String {
        self.place.iter().map(|name| format!("/{name}")).collect()
    }

    /// How much has been made so far; for [`Readers::truncate`].
    pub(super) fn lengths(&self) -> [usize; 4] {
        [self.functions.len(), self.patterns.len(), self.parts.len(), self.obstacles.len()]
    }

    /// Forgets what has been made since.
    pub(super) fn truncate(&mut self, [functions, patterns, parts, obstacles]: [usize; 4]) {
        for (_, reader) in self.functions.drain(functions..) {
            self.taken.remove(&reader.name.to_string());
        }
        self.patterns.truncate(patterns);
        self.parts.truncate(parts);
        self.obstacles.truncate(obstacles);
    }

    /// [`Readers::read`] without a validator for the value as a whole.
    pub(super) fn read_directly(&mut self, ty: &FieldType, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        if view.forbidden() {
            return Err(Obstacle::new("the schema `false` allows nothing"));
        }
        match ty {
            // serde makes `null` a `None` even where any value may stand.
            FieldType::Option(inner) if matches!(**inner, FieldType::Value) => {
                let inner = self.read_nullable(inner, view)?;
                Ok(quote!(Some(#inner).filter(|value| !value.is_null())))
            }
            FieldType::Option(inner) => {
                let Some(view) = view.without_null()? else {
                    let inner = self.read_directly(inner, view)?;
                    return Ok(quote!(Some(#inner)));
                };
                let inner = self.read_nullable(inner, &view)?;
                Ok(quote!(if cursor.peek()? == json::JsonKind::Null { cursor.null()?; None } else { Some(#inner) }))
            }
            _ => self.read_nullable(ty, view),
        }
    }

    /// [`Readers::read`], where `null` has already been ruled out.
    fn read_nullable(&mut self, ty: &FieldType, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        match ty {
            FieldType::String => {
                view.admit(JsonType::String)?;
                let checks = scalar::text_checks(view, &mut self.patterns)?;
                let (string, text) = match self.form {
                    Form::Owned => (quote!(cursor.owned_string()?), quote!(text.into_owned())),
                    Form::Borrowed => (quote!(cursor.string()?), quote!(text)),
                };
                if checks.is_empty() {
                    return Ok(string);
                }
                Ok(quote!({
                    let text = cursor.string()?;
                    json::ensure(#(#checks)&&*)?;
                    #text
                }))
            }
            FieldType::Uuid => {
                view.admit(JsonType::String)?;
                scalar::only_format(view, "uuid")?;
                Ok(quote!(cursor.uuid()?))
            }
            FieldType::DateTime => {
                view.admit(JsonType::String)?;
                scalar::only_format(view, "date-time")?;
                Ok(if self.is_borrowing() { quote!(cursor.timestamp()?) } else { quote!(cursor.date_time()?) })
            }
            FieldType::I64 => {
                view.admit(JsonType::Integer)?;
                Ok(checked(quote!(cursor.signed()?), &scalar::integer_checks(view, Integer::Signed)?))
            }
            FieldType::U64 => {
                view.admit(JsonType::Integer)?;
                Ok(checked(quote!(cursor.unsigned()?), &scalar::integer_checks(view, Integer::Unsigned)?))
            }
            FieldType::F64 => {
                view.admit(JsonType::Number)?;
                Ok(checked(quote!(cursor.number()?), &scalar::number_checks(view)?))
            }
            FieldType::Bool => {
                view.admit(JsonType::Boolean)?;
                let checks: Vec<TokenStream> = [true, false]
                    .iter()
                    .filter(|value| !view.allows(&(**value).into()))
                    .map(|forbidden| if *forbidden { quote!(!value) } else { quote!(value) })
                    .collect();
                Ok(checked(quote!(cursor.boolean()?), &checks))
            }
            FieldType::Value if view.accepts_everything() => {
                Ok(if self.is_borrowing() { quote!(cursor.raw()?) } else { quote!(cursor.value()?) })
            }
            FieldType::Value => Err(Obstacle::new("a value of any type has constraints").help("name its `type`")),
            FieldType::JsonMap => self.read_json_map(view),
            FieldType::Map(inner) => self.read_map(inner, view),
            FieldType::Vec(inner) => self.read_list(inner, view),
            FieldType::Option(_) => self.read_directly(ty, view),
            FieldType::Boxed(inner) => {
                let inner = self.read_nullable(inner, view)?;
                Ok(quote!(Box::new(#inner)))
            }
            FieldType::Named(name) => self.read_named(name, view),
            FieldType::Other(_) => Err(Obstacle::new("the type was replaced by one that only serde can read")),
        }
    }

    fn read_json_map(&mut self, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        view.admit(JsonType::Object)?;
        let plain = view.parts().all(|part| part.properties.is_empty() && part.required.is_empty());
        if !plain || !view.is_free() || !view.additional_properties()?.accepts_everything() {
            return Err(Obstacle::new("a free-form object has constraints on its members")
                .help("declare the members in `properties`"));
        }
        let checks = object::count_checks(view, &quote!(members.len()));
        let members = match self.form {
            Form::Owned => quote!(cursor.object()?),
            Form::Borrowed => quote!(json::Members::read(cursor, json::Cursor::raw)?),
        };
        Ok(checked_as(&quote!(members), members, &checks))
    }

    fn read_map(&mut self, inner: &FieldType, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        view.admit(JsonType::Object)?;
        if !view.is_free() || view.parts().any(|part| !part.properties.is_empty() || !part.required.is_empty()) {
            return Err(Obstacle::new("a map has named properties")
                .help("put the named properties, or the others, into an object of their own"));
        }
        let value = self.read_at("*", inner, &view.additional_properties()?)?;
        let checks = object::count_checks(view, &quote!(members.len()));
        if self.is_borrowing() {
            let members = quote!(json::Members::read(cursor, |cursor| Ok(#value))?);
            return Ok(checked_as(&quote!(members), members, &checks));
        }
        let ensure = (!checks.is_empty()).then(|| quote!(json::ensure(#(#checks)&&*)?;));
        Ok(quote!({
            let mut members = ::std::collections::BTreeMap::new();
            let mut key = cursor.first_key()?;
            while let Some(name) = key {
                let value = #value;
                json::ensure(members.insert(name.to_owned(), value).is_none())?;
                key = cursor.next_key()?;
            }
            #ensure
            members
        }))
    }

    fn read_list(&mut self, inner: &FieldType, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        view.admit(JsonType::Array)?;
        if !view.is_free() {
            return Err(Obstacle::new("`const` and `enum` of lists are left to the validator")
                .help("describe the items instead"));
        }
        let item = self.read_at("*", inner, &view.items()?)?;
        let max = view.parts().filter_map(|part| part.max_items).min();
        let max = max.map(|max| Literal::usize_unsuffixed(usize::try_from(max).unwrap_or(usize::MAX)));
        let mut checks = Vec::new();
        match view.parts().filter_map(|part| part.min_items).max() {
            None | Some(0) => {}
            Some(1) => checks.push(quote!(!items.is_empty())),
            Some(min) => {
                let min = Literal::usize_unsuffixed(usize::try_from(min).unwrap_or(usize::MAX));
                checks.push(quote!(items.len() >= #min));
            }
        }
        // Equal JSON makes equal values, so values that differ came from JSON that differs.
        if view.parts().any(|part| part.unique_items) {
            checks.push(match self.form {
                Form::Owned => quote!(json::all_distinct(&items)),
                Form::Borrowed => quote!(json::all_distinct(&items.iter().collect::<Vec<_>>())),
            });
        }
        if self.is_borrowing() {
            let max = max.map_or_else(|| quote!(usize::MAX), |max| quote!(#max));
            let items = quote!(json::List::read(cursor, #max, |cursor| Ok(#item))?);
            return Ok(checked_as(&quote!(items), items, &checks));
        }
        let max = max.map(|max| quote!(json::ensure(items.len() < #max)?;));
        let ensure = (!checks.is_empty()).then(|| quote!(json::ensure(#(#checks)&&*)?;));
        Ok(quote!({
            let mut items = Vec::new();
            let mut more = cursor.first_item()?;
            while more {
                #max
                items.push(#item);
                more = cursor.next_item()?;
            }
            #ensure
            items
        }))
    }

    fn read_named(&mut self, name: &Ident, view: &View<'ir>) -> Result<TokenStream, Obstacle> {
        let types = self.types;
        let Some(rust_type) = types.get(&name.to_string()) else {
            return Err(Obstacle::new(format!("{name} was replaced by a type that only serde can read")));
        };
        if self.is_borrowing() && !self.borrowing.borrows(name) {
            // What is to be said about it has been said when the message was read as a whole.
            let said = self.obstacles.len();
            let read = self.in_form(Form::Owned, |readers| readers.read_named(name, view));
            self.obstacles.truncate(said);
            return read;
        }
        let key = (self.form, name.to_string(), view.key());
        let path = self.path(name);
        if let TypeKind::Newtype(inner) = &rust_type.kind {
            if self.newtypes.contains(&key) {
                return Err(Obstacle::new("a list or a map contains itself"));
            }
            self.newtypes.push(key);
            let inner = self.read_directly(inner, view);
            self.newtypes.pop();
            let inner = inner?;
            return Ok(quote!(#path(#inner)));
        }
        if let Some(reader) = self.functions.get(&key) {
            let function = &reader.name;
            return Ok(quote!(#function(cursor)?));
        }
        if let Some(obstacle) = self.refused.get(&key) {
            return Err(obstacle.clone());
        }
        let function = self.function_name(name);
        self.functions.insert(key.clone(), Reader { name: function.clone(), body: None });
        let body = match &rust_type.kind {
            TypeKind::Struct(fields) => object::structure(self, &path, fields, view),
            TypeKind::StringEnum(variants) => string_enum(name, variants, view),
            TypeKind::TaggedEnum { tagging, variants } => union::tagged(self, &path, tagging, variants, view),
            TypeKind::UntaggedEnum(variants) => union::untagged(self, &path, variants, view),
            TypeKind::Newtype(_) => Err(Obstacle::new("a newtype is read in place")),
        };
        let body = match body {
            Ok(body) => body,
            Err(obstacle) => {
                self.refused.insert(key, obstacle.clone());
                return Err(obstacle);
            }
        };
        let body = match self.form {
            Form::Owned => quote! {
                fn #function(cursor: &mut json::Cursor<'_>) -> Result<#name, json::Irregular> {
                    #body
                }
            },
            Form::Borrowed => quote! {
                fn #function<'a>(cursor: &mut json::Cursor<'a>) -> Result<#path<'a>, json::Irregular> {
                    #body
                }
            },
        };
        if let Some(reader) = self.functions.get_mut(&key) {
            reader.body = Some(body);
        }
        Ok(quote!(#function(cursor)?))
    }

    /// `read_thread_message`, with a number where the type is read under several views.
    fn function_name(&mut self, name: &Ident) -> Ident {
        let verb = match self.form {
            Form::Owned => "read",
            Form::Borrowed => "view",
        };
        let base = format!("{verb}_{}", names::snake(&name.to_string()));
        let numbered = (2..).map(|number: u32| format!("{base}_{number}"));
        let mut candidates = std::iter::once(base.clone()).chain(numbered);
        let free = candidates.find(|candidate| self.taken.insert(candidate.clone()));
        format_ident!("{}", free.unwrap_or(base))
    }
}

/// Reads one of some strings.
fn string_enum(name: &Ident, variants: &[StringVariant], view: &View<'_>) -> Result<TokenStream, Obstacle> {
    view.admit(JsonType::String)?;
    let constrained = view
        .parts()
        .any(|part| part.format.is_some() || part.pattern.is_some() || part.min_length.or(part.max_length).is_some());
    if constrained {
        return Err(Obstacle::new("an enum has other constraints on its values")
            .help("list only the values that fit the other keywords, and leave those out"));
    }
    let arms = variants.iter().filter(|variant| view.allows(&variant.name.as_str().into())).map(|variant| {
        let (text, ident) = (&variant.name, &variant.ident);
        quote!(#text => Ok(#name::#ident))
    });
    Ok(quote! {
        match cursor.plain_string()? {
            #(#arms,)*
            _ => Err(json::Irregular),
        }
    })
}

/// The value, checked; in place where there is nothing to check.
fn checked(value: TokenStream, checks: &[TokenStream]) -> TokenStream {
    checked_as(&quote!(value), value, checks)
}

/// [`checked`], where the checks call the value `name`.
fn checked_as(name: &TokenStream, value: TokenStream, checks: &[TokenStream]) -> TokenStream {
    if checks.is_empty() {
        return value;
    }
    quote!({
        let #name = #value;
        json::ensure(#(#checks)&&*)?;
        #name
    })
}
