//! A struct per channel, and the enum of all of them: the names of topics, checked once.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use tightwire_spec::ir::{Channel, Ir, Segment};

use super::{docs, names};

/// Generates the topic structs and `Topic`.
pub(super) fn emit(ir: &Ir) -> TokenStream {
    let structs = ir.channels.values().map(topic);
    let all = all(ir);
    quote! {
        #(#structs)*
        #all
    }
}

fn topic(channel: &Channel) -> TokenStream {
    let name = names::topic(channel);
    let address = &channel.address;
    let text = format!("`{address}`: {}", docs::best(&channel.docs, "a topic."));
    let docs = docs::tokens(&text);
    let parameters: Vec<_> = channel.parameters.keys().map(|key| names::parameter(key)).collect();
    let definition = if parameters.is_empty() {
        quote!(pub struct #name;)
    } else {
        quote!(pub struct #name { #(#parameters: String),* })
    };
    let methods = (!parameters.is_empty()).then(|| methods(channel));
    let write = channel.segments.iter().map(|segment| match segment {
        Segment::Literal(text) => quote!(formatter.write_str(#text)?;),
        Segment::Parameter(key) => {
            let field = names::parameter(key);
            quote!(formatter.write_str(&self.#field)?;)
        }
    });
    let parse = parse(channel);
    let address_docs = docs::tokens("The channel's address.");
    quote! {
        #docs
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #definition
        impl #name {
            #address_docs
            pub const ADDRESS: &'static str = #address;
            #methods
        }
        impl ::std::fmt::Display for #name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                #(#write)*
                Ok(())
            }
        }
        impl ::std::str::FromStr for #name {
            type Err = InvalidTopic;
            fn from_str(text: &str) -> Result<Self, InvalidTopic> {
                #parse
            }
        }
        impl __rt::TopicName for #name {}
    }
}

/// `new` and an accessor per parameter.
fn methods(channel: &Channel) -> TokenStream {
    let fields: Vec<_> = channel.parameters.keys().map(|key| names::parameter(key)).collect();
    let checks = channel.parameters.iter().zip(&fields).map(|((_, parameter), field)| {
        let values = &parameter.values;
        quote! {
            let #field = #field.into();
            __rt::topic::check_parameter(&#field, &[#(#values),*])?;
        }
    });
    let accessors = channel.parameters.iter().zip(&fields).map(|((key, parameter), field)| {
        let docs = docs::tokens(parameter.description.as_deref().unwrap_or(&format!("The parameter `{key}`.")));
        quote! {
            #docs
            pub fn #field(&self) -> &str {
                &self.#field
            }
        }
    });
    let docs = docs::tokens(
        "The topic with these parameters: 1 to 128 characters each, letters, digits, `-`, `.`, `_` and `~` of ASCII.",
    );
    quote! {
        #docs
        pub fn new(#(#fields: impl Into<String>),*) -> Result<Self, InvalidTopic> {
            #(#checks)*
            Ok(Self { #(#fields),* })
        }
        #(#accessors)*
    }
}

fn parse(channel: &Channel) -> TokenStream {
    // The texts before, between and after the parameters.
    let mut literals = vec![String::new()];
    for segment in &channel.segments {
        match (segment, literals.last_mut()) {
            (Segment::Literal(text), Some(last)) => last.push_str(text),
            _ => literals.push(String::new()),
        }
    }
    // In the order of the address, which is that of the parameters.
    let keys = channel.segments.iter().filter_map(|segment| match segment {
        Segment::Parameter(key) => Some(names::parameter(key)),
        Segment::Literal(_) => None,
    });
    let keys: Vec<_> = keys.collect();
    let name = names::topic(channel);
    if keys.is_empty() {
        let address = &literals[0];
        return quote!(if text == #address { Ok(#name) } else { Err(InvalidTopic::unknown()) });
    }
    let found = (0..keys.len()).map(|number| format_ident!("parameter_{number}")).collect::<Vec<_>>();
    let arguments = channel.parameters.keys().map(|key| {
        let field = names::parameter(key);
        let position = keys.iter().position(|key| *key == field).unwrap_or_default();
        &found[position]
    });
    quote! {
        let [#(#found),*] = __rt::topic::split(text, [#(#literals),*]).ok_or_else(InvalidTopic::unknown)?;
        Self::new(#(#arguments),*)
    }
}

/// The enum of all topics.
fn all(ir: &Ir) -> TokenStream {
    let channels: Vec<&Channel> = ir.channels.values().collect();
    let variants: Vec<_> = channels.iter().map(|channel| names::topic_variant(channel)).collect();
    let structs: Vec<_> = channels.iter().map(|channel| names::topic(channel)).collect();
    let variant_docs = channels.iter().map(|channel| docs::tokens(&format!("`{}`", channel.address)));
    let docs = docs::tokens("A topic of any channel.");
    let address_docs = docs::tokens("The address of the topic's channel.");
    quote! {
        #docs
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Topic {
            #(#variant_docs #variants(#structs),)*
        }
        impl Topic {
            #address_docs
            pub fn address(&self) -> &'static str {
                match self {
                    #(Self::#variants(_) => #structs::ADDRESS,)*
                }
            }
        }
        impl ::std::fmt::Display for Topic {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    #(Self::#variants(topic) => ::std::fmt::Display::fmt(topic, formatter),)*
                }
            }
        }
        impl ::std::str::FromStr for Topic {
            type Err = InvalidTopic;
            fn from_str(text: &str) -> Result<Self, InvalidTopic> {
                #(
                    if let Ok(topic) = text.parse() {
                        return Ok(Self::#variants(topic));
                    }
                )*
                Err(InvalidTopic::unknown())
            }
        }
        impl __rt::TopicName for Topic {}
        #(
            impl ::std::convert::From<#structs> for Topic {
                fn from(topic: #structs) -> Self {
                    Self::#variants(topic)
                }
            }
        )*
    }
}
