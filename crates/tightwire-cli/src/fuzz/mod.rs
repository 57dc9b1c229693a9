//! `tightwire fuzz`: sends anyone's server what its contract allows, what it forbids and what no WebSocket should carry, and
//! judges what comes back.
//!
//! ```text
//!   document ──► corpus ──► plans ──► player ──► remarks ──► shrink ──► findings ──► report
//!                  ▲                    │  one link and one conversation for each client
//!                 chance                └──► coverage
//! ```

mod closing;
mod contract;
mod conversation;
mod corpus;
mod coverage;
mod credential;
mod engine;
mod found;
mod link;
mod modelled;
mod pace;
mod phase;
mod player;
mod progress;
mod report;
mod reproduction;
mod shrink;
mod target;
mod upgraded;
mod wire;

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tightwire_codegen::cases::Examples;
use tightwire_codegen::{input, schema_bundle};
use tightwire_spec::FileSystem;
use tightwire_testkit::fuzz::Shape;

use self::contract::Contract;
use self::conversation::Rules;
use self::corpus::Corpus;
pub(crate) use self::credential::Credential;
use self::engine::Engine;
use self::modelled::Modelled;
use self::pace::Pace;
pub(crate) use self::phase::Phase;
use self::player::Player;
use self::progress::Progress;
use self::report::Report;
use self::reproduction::Source;
use self::target::Target;
use crate::cli::{Exit, FuzzArguments, FuzzFormat};
use crate::output::Output;

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &FuzzArguments, output: &mut Output<O, E>) -> Exit {
    match attempt(arguments, output) {
        Ok(exit) => exit,
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            exit
        }
    }
}

fn attempt<O: Write, E: Write>(arguments: &FuzzArguments, output: &mut Output<O, E>) -> Result<Exit, (Exit, String)> {
    let usage = |complaint: String| (Exit::Usage, complaint);
    let unreadable = |complaint: String| (Exit::Unreadable, complaint);
    let mut credentials = arguments.auth.clone();
    if let Some(token) = &arguments.token {
        credentials.push(Credential::bearer(token).map_err(usage)?);
    }
    let target = Target::new(&arguments.url, &credentials, arguments.ca_file.as_deref()).map_err(usage)?;
    let target = Arc::new(target);
    let input = input::read(&arguments.spec, &FileSystem, arguments.read.config());
    let (ir, _) = input.protocol.map_err(|error| (Exit::Faulty, error.to_string()))?;
    let contract = Contract::of(&ir, target.path(), &arguments.errors).map_err(usage)?;
    let examples = Examples::of(&ir).map_err(|error| (Exit::Faulty, error.to_string()))?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(0..1_000_000_000));
    let mut phases = Phase::ALL.to_vec();
    phases.retain(|phase| arguments.phases.is_empty() || arguments.phases.contains(phase));
    if let Some(out) = &arguments.out {
        fs::create_dir_all(out).map_err(|error| unreadable(format!("{}: {error}", out.display())))?;
    }

    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    // The first Ctrl-C ends it with its report, the second one everything.
    let handler = move || {
        if stopped.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).map_err(|error| unreadable(format!("cannot listen for Ctrl-C: {error}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unreadable(format!("there is no runtime: {error}")))?;
    runtime.block_on(async {
        let pace = Pace::of(arguments.rate, &ir);
        let corpus =
            Corpus::new((&contract, &examples), seed, (arguments.strict, pace.burst()), arguments.token.clone())
                .map_err(usage)?;
        let rules = Rules { deadline: Duration::from_millis(arguments.deadline), is_strict: arguments.strict };
        // A document with an envelope says enough for a model of the whole session.
        let frames = pace.burst().min(30);
        let shape = Shape { clients: usize::from(arguments.clients).div_ceil(2), frames, ..Shape::default() };
        let modelled = |_| Modelled::new(&ir, &target, rules.deadline, shape);
        let model = ir.envelope.map(modelled).transpose().map_err(usage)?;
        let is_stopped = || stop.load(Ordering::Relaxed);
        let player = Player {
            target: &target,
            contract: &contract,
            model,
            rules,
            pace,
            all: pace.all(),
            coverage: RefCell::default(),
            frames: Cell::default(),
            connections: Cell::default(),
            silent: RefCell::default(),
            is_hurried: Cell::default(),
            put_off: Cell::default(),
            is_stopped: &is_stopped,
        };
        // Whether anybody is there at all is known before anything is tried.
        player.connect().await.map_err(unreadable)?.close(Duration::from_millis(500)).await;
        let time = Duration::from_secs_f64(arguments.time);
        let progress = Progress::new(time, std::io::stderr().is_terminal());
        let limits = (usize::from(arguments.clients), usize::from(arguments.max_findings), arguments.strict);
        let outcome = Engine::new(&player, corpus, progress, limits).run(&phases, time).await;
        let report = Report {
            url: &arguments.url,
            spec: &arguments.spec,
            sources: &input.sources,
            seed,
            contract: &contract,
            coverage: &player.coverage.borrow(),
            outcome: &outcome,
            frames: player.frames.get(),
            connections: player.connections.get(),
            put_off: player.put_off.get(),
        };
        output.result(&report.write(arguments.format));
        if let Some(out) = &arguments.out {
            let write = |name: &str, text: String| {
                let path = out.join(name);
                fs::write(&path, text).map_err(|error| unreadable(format!("{}: {error}", path.display())))
            };
            write("report.txt", report.write(FuzzFormat::Text))?;
            write("report.json", report.write(FuzzFormat::Json))?;
            write("report.sarif", report.write(FuzzFormat::Sarif))?;
            write("junit.xml", report.write(FuzzFormat::Junit))?;
            let spec = arguments.spec.to_string_lossy();
            let (path, deadline_ms, is_strict) = (target.path_and_query(), arguments.deadline, arguments.strict);
            let source =
                Source { contract: &contract, examples: &examples, spec: &spec, path, seed, deadline_ms, is_strict };
            for (number, found) in outcome.found.iter().enumerate() {
                for (end, text) in reproduction::files(found, &source) {
                    write(&format!("finding-{}.{end}", number + 1), text)?;
                }
            }
            if !outcome.found.is_empty() {
                write("contract.json", schema_bundle::text(&ir))?;
            }
        }
        Ok(Exit::Found(report.exit_code()))
    })
}
