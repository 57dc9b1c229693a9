//! The `tightwire` command.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

mod bench;
mod chaos;
mod cli;
mod contract;
mod fuzz;
mod generate;
mod inspect;
mod new;
mod output;
mod publish;
mod remote;
mod shell;
mod tail;
mod token;
mod validate;

fn main() -> ExitCode {
    let cli::Cli { command } = cli::Cli::parse();
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut output = output::Output::new(stdout.lock(), stderr.lock(), color);
    let exit = match command {
        cli::Command::Validate(arguments) => validate::run(&arguments, &mut output),
        cli::Command::Inspect(arguments) => inspect::run(&arguments, &mut output),
        cli::Command::Generate(arguments) => generate::run(&arguments, &mut output),
        cli::Command::New(arguments) => new::run(&arguments, &mut output),
        cli::Command::Bench(arguments) => bench::run(&arguments, &mut output),
        cli::Command::Publish(arguments) => publish::run(&arguments, &mut output),
        cli::Command::Tail(arguments) => tail::run(&arguments, &mut output),
        cli::Command::Chaos(arguments) => chaos::run(&arguments, &mut output),
        cli::Command::Contract(arguments) => contract::run(&arguments, &mut output),
        cli::Command::Fuzz(arguments) => fuzz::run(&arguments, &mut output),
        cli::Command::Token(arguments) => token::run(&arguments, &mut output),
        cli::Command::Completions(arguments) => shell::completions(&arguments, &mut output),
        cli::Command::Man(arguments) => shell::man(&arguments, &mut output),
    };
    ExitCode::from(exit.code())
}
