//! `tightwire contract verify`: contracts, held against a server that is running.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tightwire_testkit::Contract;
use tightwire_testkit::pact::Pact;
use tightwire_testkit::pact::verify::{HttpStates, Report, Verifier};

use crate::cli::{Exit, VerifyArguments};
use crate::output::Output;

/// Why nothing was verified.
type Refused = (Exit, String);

/// Runs the command.
pub(super) fn run<O: Write, E: Write>(arguments: &VerifyArguments, output: &mut Output<O, E>) -> Exit {
    match attempt(arguments) {
        Ok(report) => tell(&report, arguments, output),
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            exit
        }
    }
}

fn attempt(arguments: &VerifyArguments) -> Result<Report, Refused> {
    let verifier = verifier(arguments)?;
    let contracts = arguments.contracts.iter().map(|path| {
        let pact = Pact::read(path).map_err(|error| (Exit::Unreadable, format!("{}: {error}", path.display())))?;
        Ok((path.display().to_string(), pact))
    });
    let contracts = contracts.collect::<Result<Vec<_>, Refused>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| (Exit::Unreadable, format!("there is no runtime: {error}")))?;
    let verifying = verifier.verify(contracts.iter().map(|(file, pact)| (file.as_str(), pact)));
    let report = runtime.block_on(verifying).map_err(|error| (Exit::Unreadable, error.to_string()))?;
    match &arguments.filter {
        Some(filter) if report.outcomes().next().is_none() => {
            Err((Exit::Usage, format!("no interaction has `{filter}` in its description or key")))
        }
        _ => Ok(report),
    }
}

fn verifier(arguments: &VerifyArguments) -> Result<Verifier, Refused> {
    let usage = |complaint| (Exit::Usage, complaint);
    let mut verifier = Verifier::new(&arguments.url)
        .patience(Duration::from_millis(arguments.patience_ms))
        .quiet(Duration::from_millis(arguments.quiet_ms));
    let is_secure = arguments.url.starts_with("wss://");
    if !is_secure && arguments.ca_file.is_some() {
        return Err(usage("--ca-file is for URLs that begin with wss://".to_owned()));
    }
    if is_secure {
        verifier = secured(verifier, arguments).map_err(usage)?;
    }
    if let Some(spec) = &arguments.spec {
        verifier = verifier.contract(contract(spec, arguments)?);
    }
    if let Some(url) = &arguments.provider_states_url {
        verifier = verifier.states(HttpStates::new(url).map_err(usage)?);
    }
    if let Some(filter) = &arguments.filter {
        verifier = verifier.filter(filter);
    }
    if let Some(token) = &arguments.token {
        verifier = verifier.header("authorization", &format!("Bearer {token}")).map_err(usage)?;
    }
    for (name, value) in &arguments.header {
        verifier = verifier.header(name, value).map_err(usage)?;
    }
    Ok(arguments.subprotocol.iter().fold(verifier, |verifier, name| verifier.subprotocol(name)))
}

#[cfg(feature = "tls")]
fn secured(verifier: Verifier, arguments: &VerifyArguments) -> Result<Verifier, String> {
    super::secure::secured(verifier, &arguments.url, arguments.ca_file.as_deref())
}

#[cfg(not(feature = "tls"))]
fn secured(_: Verifier, _: &VerifyArguments) -> Result<Verifier, String> {
    Err("this command was built without TLS: build it with the feature `tls` for wss://".to_owned())
}

fn contract(spec: &Path, arguments: &VerifyArguments) -> Result<Contract, Refused> {
    let path = spec.display();
    let loaded = arguments.read.load(spec).map_err(|error| (Exit::Unreadable, error))?;
    let faulty = || (Exit::Faulty, format!("{path} is faulty; `tightwire validate {path}` says where"));
    let ir = loaded.ir.ok_or_else(faulty)?;
    Contract::from_ir(&ir).map_err(|error| (Exit::Faulty, format!("{path}: {error}")))
}

fn tell<O: Write, E: Write>(report: &Report, arguments: &VerifyArguments, output: &mut Output<O, E>) -> Exit {
    output.result(&if arguments.json { format!("{:#}\n", report.to_json()) } else { report.to_string() });
    if let Some(path) = &arguments.junit
        && let Err(error) = std::fs::write(path, report.to_junit())
    {
        output.complaint(&format!("cannot write {}: {error}", path.display()));
        return Exit::Unreadable;
    }
    if report.is_verified() { Exit::Clean } else { Exit::Faulty }
}
