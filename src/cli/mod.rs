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
mod scopes;
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
    /// A check did not hold: a faulty configuration, a failing test, a broken audit chain.
    Failed = 1,
    /// The command was not understood, or a file could not be read.
    Usage = 2,
    /// `redact`, `detect`: what was read could not be looked at whole, or nothing is released.
    Blocked = 3,
    /// `audit verify`: the chain holds, but a record was cut short or an outcome is
    /// unknown.
    Incomplete = 4,
}

const AFTER_HELP: &str = "\
Start with `portcullis demo`. A gate of your own: write portcullis.yaml, then `check`, `doctor`, `serve`.

Exit codes:
  0  fine
  1  a check failed, or a configuration is faulty or cannot be read
  2  the command line is wrong, or other input cannot be read
  3  the result is blocked (redact, detect)
  4  the chain holds but is incomplete (audit verify)";

const NOT_AN_ARGUMENT: &str = "looks like the text of a key or token, which is not repeated: put it in a file that only \
    its owner may read and name that file, or pass a token on standard input";

#[derive(Parser)]
#[command(name = "portcullis", version, about = "A response firewall for the Model Context Protocol", after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gate in front of the servers that its configuration names
    Serve {
        /// The gate's configuration, portcullis.yaml
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
        /// The gate's configuration, portcullis.yaml
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Show what a tool releases
        #[arg(long, value_name = "SERVER.TOOL")]
        explain: Option<String>,
        /// With --explain: for a caller who holds these scopes, separated by spaces
        #[arg(long, requires = "explain")]
        scopes: Option<String>,
    },
    /// Try out a configuration: reach its issuers, keys, token exchange and servers
    Doctor {
        /// The gate's configuration, portcullis.yaml
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Explain an access token
    #[command(subcommand)]
    Token(TokenCommand),
    /// Review emergency access (break-glass)
    #[command(subcommand)]
    Review(review::Command),
    /// Filter a tool result or any text from standard input
    Redact(redact::Options),
    /// Find personal data in texts from standard input
    ///
    /// Reads {"id", "text"} a line and writes {"id", "spans"}, with [start, end, TYPE, score,
    /// rule] for each span; offsets are in code points.
    Detect(detect::Options),
    /// Measure the detectors on annotated texts
    ///
    /// Says precision and recall by type, what is fully masked, false alarms, and speed.
    Score(score::Options),
    /// Make the model of names, and annotated texts
    #[cfg(feature = "train")]
    #[command(subcommand)]
    Train(train::Command),
    /// Say what becomes of every part of every message of MCP
    Coverage {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Test rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Test a policy, or show what the demo's decides
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Verify the audit journal
    #[command(subcommand)]
    Audit(AuditCommand),
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Say what a token holds and, with --config, which check of the gate it fails and why
    ///
    /// It is read from standard input or a file, and never shown whole.
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
    /// Run every `test_` rule of a policy
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
    /// Check the journal's chain of hashes, offline
    Verify {
        /// The journal's folder: `audit` in the state directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// A last hash that was noted earlier: its record must still be there
        #[arg(long, value_name = "HASH")]
        noted: Option<String>,
        /// Print the report as JSON
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

/// A number of things; `many` is their word where there is not one of them.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    /// Every command, and every flag of each, says what it is for.
    fn mute(command: &clap::Command) -> Vec<String> {
        let name = command.get_name();
        let mut found: Vec<String> = command
            .get_arguments()
            .filter(|argument| argument.get_help().is_none())
            .map(|argument| format!("{name} {}", argument.get_id()))
            .collect();
        if command.get_about().is_none() {
            found.push(name.to_owned());
        }
        found.extend(command.get_subcommands().flat_map(mute));
        found
    }

    #[test]
    fn help_is_given_for_everything() {
        assert_eq!(mute(&Cli::command()), Vec::<String>::new());
        Cli::command().debug_assert();
    }
}
