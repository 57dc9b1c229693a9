//! The chat server's command: reads the settings, listens, serves until it is told to stop.

use std::process::ExitCode;

use tightwire_chat::settings::{PROGRAM, Settings};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match Settings::read(std::env::args_os()) {
        Ok(settings) => settings,
        Err(error) => error.exit(),
    };
    let telemetry = match tightwire::telemetry::start(&settings.server.telemetry(PROGRAM.name)) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error),
    };
    for (name, meant) in Settings::near_misses(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        tracing::warn!("the environment variable {name} is no setting; did you mean {meant}?");
    }
    let served = async {
        let listener = settings.server.listen().await?;
        tightwire_chat::run(settings, listener, tightwire::told_to_stop()).await
    };
    let served = served.await;
    telemetry.end().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Says why there is no server. Plain text: it may come before logging is set up.
#[expect(clippy::print_stderr, reason = "the one place where the command speaks to its caller")]
fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("tightwire-chat: {error}");
    ExitCode::FAILURE
}
