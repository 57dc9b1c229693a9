//! Reading an object: one loop over its members, in whatever order they come.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;
use tightwire_spec::schema::{JsonType, Schema};

use super::value::Readers;
use crate::rust::model::{Absent, Field, FieldType};
use crate::view::{Obstacle, View};

/// A member that the loop reads.
pub(super) struct Member {
    /// The key on the wire.
    pub(super) key: String,
    /// The local variable that holds what was read, an `Option` until the object ends.
    pub(super) local: Ident,
    /// Reads the value.
    pub(super) read: TokenStream,
}

/// The body of a function that reads a struct.
pub(super) fn structure<'ir>(
    readers: &mut Readers<'ir>,
    path: &TokenStream,
    fields: &[Field],
    view: &View<'ir>,
) -> Result<TokenStream, Obstacle> {
    let (members, values) = fields_of(readers, fields, view)?;
    members_loop(readers, fields, &members, view, &quote!(#path { #values }))
}

/// What a struct's fields add to the loop, and the field values that make the struct after it.
pub(super) fn fields_of<'ir>(
    readers: &mut Readers<'ir>,
    fields: &[Field],
    view: &View<'ir>,
) -> Result<(Vec<Member>, TokenStream), Obstacle> {
    let mut members = Vec::new();
    let mut values = Vec::new();
    for field in fields {
        let ident = &field.ident;
        let local = local(ident);
        if field.flatten {
            values.push(field_value(ident, &quote!(#local)));
            continue;
        }
        let property = view.property(&field.name)?;
        let required = view.requires(&field.name);
        // An optional field is an `Option` of what may stand there, `null` included.
        let (ty, value) = match (&field.absent, &field.ty) {
            (Absent::None, FieldType::Option(inner)) if required => {
                (&**inner, quote!(Some(#local.ok_or(json::Irregular)?)))
            }
            (Absent::None, FieldType::Option(inner)) => (&**inner, quote!(#local)),
            (_, ty) => (ty, quote!(#local.ok_or(json::Irregular)?)),
        };
        values.push(field_value(ident, &value));
        let read = readers.read_at(&field.name, ty, &property)?;
        members.push(Member { key: field.name.clone(), local, read });
    }
    let values = quote!(#(#values),*);
    Ok((members, values))
}

/// The loop over an object's members; `result` is what it makes of them.
pub(super) fn members_loop<'ir>(
    readers: &mut Readers<'ir>,
    fields: &[Field],
    members: &[Member],
    view: &View<'ir>,
    result: &TokenStream,
) -> Result<TokenStream, Obstacle> {
    view.admit(JsonType::Object)?;
    if !view.is_free() {
        return Err(Obstacle::new("`const` and `enum` of objects are left to the validator")
            .help("give each property its own `const`"));
    }
    for name in view.property_names() {
        if !members.iter().any(|member| member.key == name) {
            return Err(Obstacle::new(format!("the property `{name}` has no field")));
        }
    }
    if let Some(name) =
        view.parts().flat_map(|part| &part.required).find(|name| !members.iter().any(|m| &m.key == *name))
    {
        return Err(Obstacle::new(format!("the property `{name}` has no field")));
    }

    let extra = fields.iter().find(|field| field.flatten);
    let closed = view.parts().any(|part| part.additional_properties == Some(Schema::Bool(false)));
    let keys = members.iter().map(|member| &member.key);
    let repeated = (!members.is_empty()).then(|| quote!(#(#keys)|* => return Err(json::Irregular),));
    let (prepare, others) = match extra {
        Some(_) if readers.is_borrowing() => {
            return Err(Obstacle::new("the other properties stand among the named ones"));
        }
        Some(field) => {
            let FieldType::Map(inner) = &field.ty else {
                return Err(Obstacle::new("the other properties are not a map")
                    .help("give `additionalProperties` one schema, or `false`"));
            };
            let local = local(&field.ident);
            let value = readers.read_at("*", inner, &view.additional_properties()?)?;
            let insert = quote!(_ => {
                let value = #value;
                json::ensure(#local.insert(name.to_owned(), value).is_none())?;
            });
            (quote!(let mut #local = ::std::collections::BTreeMap::new();), quote!(#repeated #insert))
        }
        None if closed => (quote!(), quote!(_ => return Err(json::Irregular),)),
        None if view.additional_properties()?.accepts_everything() => {
            (quote!(let mut unknown = json::Unknown::default();), quote!(#repeated _ => unknown.skip(name, cursor)?,))
        }
        None => return Err(Obstacle::new("other properties have a schema but no field")),
    };

    let mut checks = Vec::new();
    let counted = view.parts().any(|part| part.min_properties.or(part.max_properties).is_some());
    if counted {
        checks = count_checks(view, &quote!(count));
    }
    let (start_count, count) = if checks.is_empty() {
        (None, None)
    } else {
        (Some(quote!(let mut count = 0_usize;)), Some(quote!(count += 1;)))
    };
    let ensure = (!checks.is_empty()).then(|| quote!(json::ensure(#(#checks)&&*)?;));

    if members.is_empty() && extra.is_none() && closed {
        return Ok(quote! {
            json::ensure(cursor.first_key()?.is_none())?;
            #ensure
            Ok(#result)
        });
    }
    let locals = members.iter().map(|member| &member.local);
    let arms =
        members.iter().map(|Member { key, local, read }| quote!(#key if #local.is_none() => #local = Some(#read),));
    Ok(quote! {
        #(let mut #locals = None;)*
        #prepare
        #start_count
        let mut key = cursor.first_key()?;
        while let Some(name) = key {
            match name {
                #(#arms)*
                #others
            }
            #count
            key = cursor.next_key()?;
        }
        #ensure
        Ok(#result)
    })
}

/// `minProperties` and `maxProperties`, over a number of members.
pub(super) fn count_checks(view: &View<'_>, count: &TokenStream) -> Vec<TokenStream> {
    let number = |bound: u64| Literal::usize_unsuffixed(usize::try_from(bound).unwrap_or(usize::MAX));
    let min = view.parts().filter_map(|part| part.min_properties).max().filter(|min| *min > 0).map(|min| {
        let min = number(min);
        quote!(#count >= #min)
    });
    let max = view.parts().filter_map(|part| part.max_properties).min().map(|max| {
        let max = number(max);
        quote!(#count <= #max)
    });
    min.into_iter().chain(max).collect()
}

/// The local variable of a field: its name, unless the loop itself uses that.
pub(super) fn local(field: &Ident) -> Ident {
    const USED: [&str; 10] =
        ["count", "cursor", "items", "json", "key", "members", "messages", "more", "name", "unknown"];
    match field.to_string() {
        name if USED.contains(&name.as_str()) || ["text", "value"].contains(&name.as_str()) => format_ident!("{name}_"),
        _ => field.clone(),
    }
}

/// `field: value`, or `field` where they are the same.
pub(super) fn field_value(field: &Ident, value: &TokenStream) -> TokenStream {
    if *field == value.to_string() { quote!(#field) } else { quote!(#field: #value) }
}
