//! `x-roles`: the adapter tells the runtime who may call an operation, and the method's documentation says it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use tightwire_spec::ir::Operation;

/// The adapter's `roles`, from the variant of every frame and the operation that takes it; nothing where no operation
/// has roles.
pub(super) fn adapter<'a>(frames: impl Iterator<Item = (Ident, Option<&'a Operation>)>) -> Option<TokenStream> {
    let (mut arms, mut open) = (Vec::new(), false);
    for (variant, operation) in frames {
        match operation.map(|operation| &operation.roles) {
            Some(roles) if !roles.is_empty() => {
                arms.push(quote!(ClientFrame::#variant { .. } => &[#(#roles),*]));
            }
            _ => open = true,
        }
    }
    if arms.is_empty() {
        return None;
    }
    if open {
        arms.push(quote!(_ => &[]));
    }
    Some(quote! {
        fn roles(frame: &ClientFrame) -> &'static [&'static str] {
            match frame {
                #(#arms,)*
            }
        }
    })
}

/// What the documentation of the operation's method says; empty where everybody may call it.
pub(super) fn sentence(operation: &Operation) -> String {
    let roles: Vec<String> = operation.roles.iter().map(|role| format!("`{role}`")).collect();
    match &*roles {
        [] => String::new(),
        roles => format!(" Only for clients with the role {}.", roles.join(" or ")),
    }
}
