//! The page of the contract that an application has its server show.

/// The page of the contract, with its console, for [`Config::docs`](crate::Config::docs): what
/// [`include_docs!`](crate::include_docs) gives. The runtime serves it and looks at nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Docs {
    /// `index.html`.
    pub page: &'static str,
    /// `contract.json`: what the page's console reads.
    pub contract: &'static str,
    /// `docs.css`.
    pub style: &'static str,
    /// `docs.js`.
    pub script: &'static str,
}

/// The page that `tightwire_codegen::compile` made of the contract, a [`Docs`](crate::Docs):
/// `Config { docs: Some(include_docs!("chat")), ..config }`.
///
/// The name is that of [`include_protocol!`](crate::include_protocol).
#[macro_export]
macro_rules! include_docs {
    ($name:literal) => {
        $crate::Docs {
            page: ::core::include_str!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".docs/index.html")),
            contract: ::core::include_str!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".docs/contract.json")),
            style: ::core::include_str!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".docs/docs.css")),
            script: ::core::include_str!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".docs/docs.js")),
        }
    };
}
