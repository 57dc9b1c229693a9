//! Reads typify's output into the [model](super::model).

use std::collections::BTreeSet;

use indexmap::IndexMap;
use syn::{Attribute, Expr, Fields, GenericArgument, Ident, Item, Lit, PathArguments, Type};

use super::model::{
    Absent, Field, FieldType, Payload, RustType, StringVariant, TaggedVariant, Tagging, TypeKind, UntaggedVariant,
};
use crate::error::Error;

/// The data types among the items, by name, in their order.
pub(super) fn types<'a>(items: impl Iterator<Item = &'a Item> + Clone) -> Result<IndexMap<String, RustType>, Error> {
    let names: BTreeSet<String> = items.clone().filter_map(name_of).collect();
    let reader = Reader { names };
    let mut types = IndexMap::new();
    for item in items {
        if let Some((ident, kind)) = reader.item(item)? {
            types.insert(ident.to_string(), RustType { ident, kind });
        }
    }
    Ok(types)
}

/// The name of the data type that the item defines.
pub(super) fn name_of(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// The name on the wire of a field or a variant.
pub(super) fn wire_name(attributes: &[Attribute], ident: &Ident) -> String {
    let renamed = SerdeOptions::of(attributes).ok().and_then(|options| options.rename);
    renamed.unwrap_or_else(|| ident.to_string())
}

/// Whether the field's property may be absent.
pub(super) fn is_optional(attributes: &[Attribute]) -> bool {
    SerdeOptions::of(attributes).is_ok_and(|options| options.default || options.skips)
}

/// Whether nothing on the wire says which variant of an enum a value is.
pub(super) fn is_untagged(attributes: &[Attribute]) -> bool {
    SerdeOptions::of(attributes).is_ok_and(|options| options.untagged)
}

/// Whether the field takes all properties that no other field has.
pub(super) fn is_flattened(attributes: &[Attribute]) -> bool {
    SerdeOptions::of(attributes).is_ok_and(|options| options.flatten)
}

/// The last name of a type's path: `Option` of `::std::option::Option<T>`.
pub(super) fn last_segment(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

struct Reader {
    names: BTreeSet<String>,
}

impl Reader {
    fn item(&self, item: &Item) -> Result<Option<(Ident, TypeKind)>, Error> {
        Ok(Some(match item {
            Item::Struct(item) => {
                let kind = match self.payload(&item.fields)? {
                    Payload::Struct(fields) => TypeKind::Struct(fields),
                    Payload::Newtype(inner) => TypeKind::Newtype(inner),
                    Payload::Unit => TypeKind::Struct(Vec::new()),
                    Payload::Tuple(_) => return Err(Error::Internal(format!("tuple struct {}", item.ident))),
                };
                (item.ident.clone(), kind)
            }
            Item::Enum(item) => (item.ident.clone(), self.enumeration(item)?),
            _ => return Ok(None),
        }))
    }

    fn enumeration(&self, item: &syn::ItemEnum) -> Result<TypeKind, Error> {
        let serde = SerdeOptions::of(&item.attrs)?;
        let mut variants = Vec::new();
        for variant in &item.variants {
            let name = SerdeOptions::of(&variant.attrs)?.rename.unwrap_or_else(|| variant.ident.to_string());
            variants.push((variant.ident.clone(), name, self.payload(&variant.fields)?));
        }
        if serde.untagged {
            let variants = variants.into_iter().map(|(ident, _, payload)| UntaggedVariant { ident, payload });
            return Ok(TypeKind::UntaggedEnum(variants.collect()));
        }
        let tagging = match (serde.tag, serde.content) {
            (Some(tag), Some(content)) => Tagging::Adjacent { tag, content },
            (Some(tag), None) => Tagging::Internal { tag },
            (None, _) if variants.iter().all(|(_, _, payload)| matches!(payload, Payload::Unit)) => {
                let variants = variants.into_iter().map(|(ident, name, _)| StringVariant { ident, name });
                return Ok(TypeKind::StringEnum(variants.collect()));
            }
            (None, _) => Tagging::External,
        };
        let variants = variants.into_iter().map(|(ident, name, payload)| TaggedVariant { ident, name, payload });
        Ok(TypeKind::TaggedEnum { tagging, variants: variants.collect() })
    }

    fn payload(&self, fields: &Fields) -> Result<Payload, Error> {
        Ok(match fields {
            Fields::Unit => Payload::Unit,
            Fields::Unnamed(fields) => {
                let mut types: Vec<FieldType> = fields.unnamed.iter().map(|field| self.field_type(&field.ty)).collect();
                if types.len() == 1 { Payload::Newtype(types.remove(0)) } else { Payload::Tuple(types) }
            }
            Fields::Named(fields) => {
                Payload::Struct(fields.named.iter().map(|field| self.field(field)).collect::<Result<_, _>>()?)
            }
        })
    }

    fn field(&self, field: &syn::Field) -> Result<Field, Error> {
        let ident = field.ident.clone().ok_or_else(|| Error::Internal("field without a name".to_owned()))?;
        let serde = SerdeOptions::of(&field.attrs)?;
        let ty = self.field_type(&field.ty);
        // Without a skip, an Option is a required property that may be null.
        let absent = match &ty {
            FieldType::Option(_) if serde.skips => Absent::None,
            _ => Absent::Invalid,
        };
        let name = serde.rename.unwrap_or_else(|| ident.to_string());
        Ok(Field { ident, name, ty, absent, flatten: serde.flatten })
    }

    fn field_type(&self, ty: &Type) -> FieldType {
        self.known(ty).unwrap_or_else(|| FieldType::Other(Box::new(ty.clone())))
    }

    fn known(&self, ty: &Type) -> Option<FieldType> {
        let Type::Path(path) = ty else { return None };
        let last = path.path.segments.last()?;
        let name = last.ident.to_string();
        if path.path.leading_colon.is_none() && path.path.segments.len() == 1 {
            return match name.as_str() {
                "i64" => Some(FieldType::I64),
                "u64" => Some(FieldType::U64),
                "f64" => Some(FieldType::F64),
                "bool" => Some(FieldType::Bool),
                _ => self.names.contains(&name).then(|| FieldType::Named(last.ident.clone())),
            };
        }
        let full: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let arguments: Vec<FieldType> = match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(self.field_type(ty)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let full: Vec<&str> = full.iter().map(String::as_str).collect();
        let mut arguments = arguments.into_iter();
        match full.as_slice() {
            ["std", "string", "String"] => Some(FieldType::String),
            ["uuid", "Uuid"] => Some(FieldType::Uuid),
            ["chrono", "DateTime"] => Some(FieldType::DateTime),
            ["serde_json", "Value"] => Some(FieldType::Value),
            ["serde_json", "Map"] => Some(FieldType::JsonMap),
            ["std", "collections", "BTreeMap"] => match (arguments.next()?, arguments.next()?) {
                (FieldType::String, value) => Some(FieldType::Map(Box::new(value))),
                _ => None,
            },
            ["std", "vec", "Vec"] => Some(FieldType::Vec(Box::new(arguments.next()?))),
            ["std", "option", "Option"] => Some(FieldType::Option(Box::new(arguments.next()?))),
            ["std", "boxed", "Box"] => Some(FieldType::Boxed(Box::new(arguments.next()?))),
            _ => None,
        }
    }
}

/// What a `#[serde(…)]` says, as far as the model wants to know.
#[derive(Default)]
struct SerdeOptions {
    rename: Option<String>,
    tag: Option<String>,
    content: Option<String>,
    untagged: bool,
    flatten: bool,
    skips: bool,
    default: bool,
}

impl SerdeOptions {
    fn of(attributes: &[Attribute]) -> Result<Self, Error> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute
                .parse_nested_meta(|meta| {
                    let value = if meta.input.peek(syn::Token![=]) {
                        match meta.value()?.parse::<Expr>()? {
                            Expr::Lit(literal) => match literal.lit {
                                Lit::Str(text) => Some(text),
                                _ => None,
                            },
                            _ => None,
                        }
                    } else {
                        None
                    };
                    let text = value.as_ref().map(syn::LitStr::value);
                    let name = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
                    match name.as_str() {
                        "rename" => options.rename = text,
                        "tag" => options.tag = text,
                        "content" => options.content = text,
                        "untagged" => options.untagged = true,
                        "flatten" => options.flatten = true,
                        "skip_serializing_if" => options.skips = true,
                        "default" => options.default = true,
                        _ => {}
                    }
                    Ok(())
                })
                .map_err(|error| Error::Internal(format!("a serde attribute: {error}")))?;
        }
        Ok(options)
    }
}
