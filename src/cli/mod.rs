//! The command line: the only part that prints.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is where people and scripts are answered"
)]

mod audit;
mod check;
mod coverage;
pub mod demo;
mod detect;
mod doctor;
mod redact;
mod review;
mod score;
mod serve;
mod style;
mod temporary;
mod test;
mod token;
#[cfg(feature = "train")]
mod train;

use crate::model::path::is_secret;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// What a finished command says by its exit code. Documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Ok = 0,
    /// A check did not hold: faulty rules, a failing test, a broken audit chain.
    Failed = 1,
    /// The command was not understood, or a file could not be read.
    Usage = 2,
    /// `redact`, `detect`: what was read could not be looked at whole, or nothing is released.
    Blocked = 3,
    /// `audit verify`: the chain holds, but a record was cut short or an outcome is
    /// unknown.
    Incomplete = 4,
}

const EXIT_CODES: &str = "Exit codes: 0 fine · 1 a check failed or a configuration is faulty · 2 usage or unreadable input · \
    3 result blocked (redact, detect) · 4 chain holds but is incomplete (audit verify)";

const NOT_AN_ARGUMENT: &str = "looks like the text of a key or token, which is not repeated: put it in a file that only \
    its owner may read and name that file, or pass a token on standard input";

#[derive(Parser)]
#[command(name = "portcullis", version, about = "A response firewall for the Model Context Protocol", after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gate
    Serve {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Write logs as JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Run a hospital and a bank behind the gate, and play an agent against it
    Demo(demo::Options),
    /// Check a configuration with its rules, policies and keys, and start nothing
    Check {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Show what a tool releases: SERVER.TOOL
        #[arg(long, value_name = "SERVER.TOOL")]
        explain: Option<String>,
        /// With --explain: for a caller who holds these scopes, separated by spaces
        #[arg(long, requires = "explain")]
        scopes: Option<String>,
    },
    /// Try out a configuration: reach its issuers, keys, token exchange and servers
    Doctor {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Work with access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Review emergency access (break-glass)
    #[command(subcommand)]
    Review(review::Command),
    /// Filter a tool result or any text from standard input
    Redact(redact::Options),
    /// Find personal data: reads {"id", "text"} a line, writes {"id", "spans"} with
    /// [start, end, TYPE, score, rule] for each, offsets in code points
    Detect(detect::Options),
    /// Measure the detectors on annotated texts: precision and recall by type, what is fully
    /// masked, false alarms, speed
    Score(score::Options),
    /// Make the model of names, and annotated texts
    #[cfg(feature = "train")]
    #[command(subcommand)]
    Train(train::Command),
    /// Say what becomes of every part of every message of MCP
    Coverage {
        #[arg(long)]
        json: bool,
    },
    /// Work with rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Work with policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Work with the audit journal
    #[command(subcommand)]
    Audit(AuditCommand),
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Say what a token holds and, with --config, which check of the gate it fails and why.
    /// It is read from standard input or a file, and never shown whole
    Explain(token::Options),
}

#[derive(Subcommand)]
enum RulesCommand {
    /// Run every example in the rules that ship with the gate, and in a folder of your own
    Test {
        /// A folder of your own: tools/, detectors/, profiles/, injection/. Its tool rules are
        /// tested in the place of the demo's
        #[arg(value_name = "DIR")]
        rules: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Run every `test_` rule
    Test {
        /// A folder of Rego; by default the policy that ships with the gate
        #[arg(value_name = "DIR")]
        policies: Option<PathBuf>,
    },
    /// Print who may call what in the demo, by role and tool
    Matrix,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Check the chain, offline
    Verify {
        /// The journal's folder: `audit` in the state directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// A last hash that was noted earlier: its record must still be there
        #[arg(long, value_name = "HASH")]
        noted: Option<String>,
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    // Before anything reads them: whatever is wrong with an argument, its words repeat it.
    if let Some(place) = std::env::args_os().position(|word| is_secret(&word.to_string_lossy())) {
        eprintln!("portcullis: argument {place} {NOT_AN_ARGUMENT}");
        return ExitCode::from(Exit::Usage as u8);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            return ExitCode::from(code as u8);
        }
    };
    let done = match cli.command {
        Command::Serve { config, json } => serve::run(&config, json),
        Command::Demo(options) => demo::run(&options),
        Command::Check { config, explain, scopes } => {
            check::run(&config, explain.as_deref(), scopes.as_deref())
        }
        Command::Coverage { json } => coverage::run(json),
        Command::Doctor { config } => doctor::run(&config),
        Command::Token(TokenCommand::Explain(options)) => token::explain(&options),
        Command::Review(command) => review::run(&command),
        Command::Redact(options) => redact::run(&options),
        Command::Detect(options) => detect::run(&options),
        Command::Score(options) => score::run(&options),
        #[cfg(feature = "train")]
        Command::Train(command) => train::run(command),
        Command::Rules(RulesCommand::Test { rules }) => test::rules(rules),
        Command::Policy(PolicyCommand::Test { policies }) => test::policies(policies),
        Command::Policy(PolicyCommand::Matrix) => test::matrix(),
        Command::Audit(AuditCommand::Verify { directory, noted, json }) => {
            audit::verify(&directory, noted.as_deref(), json)
        }
    };
    let exit = done.unwrap_or_else(|error| {
        eprintln!("portcullis: {error:#}");
        Exit::Usage
    });
    ExitCode::from(exit as u8)
}
