//! `src/lib.rs` of a new project: the generated module and the server.

use quote::quote;

use super::{Plan, layout};
use crate::error::Error;

pub(super) fn emit(plan: &Plan<'_>) -> Result<String, Error> {
    let (module, server) = (&plan.outline.module, &plan.outline.server);
    let module_name = module.to_string();
    let documentation = format!(
        "A server of the protocol \"{}\".\n\n[`{module}`] is generated from `{}` by `build.rs`; [`handlers`] has a method \
         for each operation.\n[`run`] serves until its shutdown future is ready; `main` and the tests use the same [`server`].",
        plan.ir.info.title, plan.config.document,
    );
    layout::file(
        &documentation,
        quote! {
            pub mod handlers;
            use std::future::Future;
            use std::io;
            use tightwire::{Config, Server};
            use tokio::net::TcpListener;
            use crate::handlers::Handlers;
            tightwire::include_protocol!(#module_name);
            /// The server, ready to serve streams or a listener. At `/docs` it shows its contract.
            pub fn server(config: Config) -> Server<#module::#server<Handlers>> {
                let config = Config { docs: Some(tightwire::include_docs!(#module_name)), ..config };
                Server::new(#module::service(Handlers), config)
            }
            /// Serves on `listener` until `shutdown` is ready and the clients have been sent away.
            ///
            /// # Errors
            /// The listener's.
            pub async fn run(
                config: Config,
                listener: TcpListener,
                shutdown: impl Future<Output = ()>,
            ) -> io::Result<()> {
                server(config).run(listener, shutdown).await
            }
        },
    )
}
