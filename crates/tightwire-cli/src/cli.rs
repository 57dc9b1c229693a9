//! The command line: what can be asked for, a file for each command. What does it is in the file of that name beside this
//! one.

mod bench;
mod chaos;
mod contract;
mod fuzz;
mod generate;
mod inspect;
mod new;
mod publish;
mod read;
mod shell;
mod tail;
mod token;
mod validate;

use clap::{Parser, Subcommand};

pub(crate) use self::bench::BenchArguments;
pub(crate) use self::chaos::ChaosArguments;
pub(crate) use self::contract::{
    CheckArguments, ContractArguments, ContractCommand, FlattenArguments, ProviderArguments, VerifyArguments,
};
pub(crate) use self::fuzz::{FuzzArguments, FuzzFormat};
pub(crate) use self::generate::{GenerateArguments, What};
pub(crate) use self::inspect::{InspectArguments, InspectFormat};
pub(crate) use self::new::NewArguments;
pub(crate) use self::publish::PublishArguments;
pub(crate) use self::read::ReadArguments;
pub(crate) use self::shell::{CompletionsArguments, ManArguments};
pub(crate) use self::tail::TailArguments;
pub(crate) use self::token::TokenArguments;
pub(crate) use self::validate::{Format, ValidateArguments};

/// One AsyncAPI document, a whole WebSocket protocol.
///
/// Checks AsyncAPI documents, explains them, and makes Rust, TypeScript, JSON Schema and test cases from them.
#[derive(Debug, Parser)]
#[command(name = "tightwire", version, max_term_width = 100, after_help = EXAMPLES, subcommand_help_heading = "Commands")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Validate(ValidateArguments),
    Inspect(InspectArguments),
    Generate(GenerateArguments),
    New(NewArguments),
    Bench(BenchArguments),
    Publish(PublishArguments),
    Tail(TailArguments),
    Chaos(ChaosArguments),
    Contract(ContractArguments),
    // It has the most arguments by far.
    Fuzz(Box<FuzzArguments>),
    Token(TokenArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
}

const EXAMPLES: &str = "\
Examples:
  tightwire new demo                                  a project that runs, with a chat protocol to begin from
  tightwire new demo --spec asyncapi.yml              the same from a document of your own
  tightwire new demo --spec kraken.yml --side client  a client of somebody else's server
  tightwire validate asyncapi/chat.yml                every mistake, with line and column
  tightwire generate all asyncapi/chat.yml --check    fails if generated files lag behind the document";

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Nothing is wrong.
    Clean,
    /// Diagnostics were shown.
    Faulty,
    /// What was asked for does not exist.
    Usage,
    /// A file cannot be read or written.
    Unreadable,
    /// What a command has found decides, by codes of its own; 0 for nothing.
    Found(u8),
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Faulty => 1,
            Self::Usage => 2,
            Self::Unreadable => 3,
            Self::Found(code) => code,
        }
    }
}
