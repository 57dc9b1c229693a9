//! `tightwire contract provider`: the recording provider of the testkit, for tests that are not written in Rust.

use std::io::{Read, Write};

use serde_json::json;
use tightwire_spec::ir::Ir;
use tightwire_testkit::pact::provider::{Mode, Provider, Recording, StartError};

use crate::cli::{Exit, ProviderArguments};
use crate::output::Output;

/// Runs the command.
pub(super) fn run<O: Write, E: Write>(arguments: &ProviderArguments, output: &mut Output<O, E>) -> Exit {
    let ir = match load(arguments) {
        Ok(ir) => ir,
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            return exit;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.complaint(&format!("there is no runtime: {error}"));
            return Exit::Unreadable;
        }
    };
    let recording = Recording {
        ir,
        consumer: arguments.consumer.clone(),
        provider: arguments.provider.clone(),
        file: arguments.out.clone(),
        mode: if arguments.check { Mode::Compare } else { Mode::Write },
    };
    let exit = runtime.block_on(serve(recording, arguments, output));
    // The thread that waits for standard input ends with the process.
    runtime.shutdown_background();
    exit
}

fn load(arguments: &ProviderArguments) -> Result<Ir, (Exit, String)> {
    let path = arguments.spec.display();
    let loaded = arguments.read.load(&arguments.spec).map_err(|error| (Exit::Unreadable, error))?;
    match loaded.ir {
        Some(ir) => Ok(ir),
        None => Err((Exit::Faulty, format!("{path} is faulty; `tightwire validate {path}` says where"))),
    }
}

async fn serve<O: Write, E: Write>(
    recording: Recording,
    arguments: &ProviderArguments,
    output: &mut Output<O, E>,
) -> Exit {
    let provider = match Provider::start_on(recording, arguments.listen).await {
        Ok(provider) => provider,
        Err(error) => {
            output.complaint(&error.to_string());
            return if matches!(error, StartError::Listen { .. }) { Exit::Unreadable } else { Exit::Faulty };
        }
    };
    let address = provider.address();
    let line = json!({"address": address.to_string(), "control": format!("http://{address}/__pact/")});
    output.result(&format!("{line}\n"));
    tokio::select! {
        _ = tokio::task::spawn_blocking(|| std::io::stdin().lock().read_to_end(&mut Vec::new())) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Exit::Clean
}
