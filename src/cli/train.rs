//! `portcullis train`: makes the model of names, and the corpora that it is measured on.

use super::Exit;
use crate::train::{self, Task};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Make the model that finds names in free text
    Names(Options),
    /// Make annotated texts of templates
    Corpora {
        /// The folder with the templates
        #[arg(long, value_name = "DIR", default_value = "corpora/templates/test")]
        templates: PathBuf,
        /// Where to write a folder for each corpus
        #[arg(long, value_name = "DIR", default_value = "corpora")]
        out: PathBuf,
    },
}

#[derive(clap::Args)]
pub(super) struct Options {
    /// Annotated records to train on
    #[arg(long, value_name = "FILE", num_args = 1..)]
    data: Vec<PathBuf>,
    /// Records to train on with half of their templates
    #[arg(long, value_name = "FILE", num_args = 1..)]
    half: Vec<PathBuf>,
    /// Records to train on but for the last fifth
    #[arg(long, value_name = "FILE", num_args = 1..)]
    most: Vec<PathBuf>,
    /// The folder with the lists of words that the model card names
    #[arg(long, value_name = "DIR")]
    lists: PathBuf,
    /// The folder with the templates
    #[arg(long, value_name = "DIR", default_value = "corpora/templates/train")]
    templates: PathBuf,
    /// Where to write the model
    #[arg(long, value_name = "FILE", default_value = "rules/models/names.bin")]
    out: PathBuf,
    /// Where to write the records that were not trained on
    #[arg(long, value_name = "DIR")]
    held_out: Option<PathBuf>,
}

pub(super) fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Names(Options { data, half, most, lists, templates, out, held_out }) => {
            train::names(&Task { data, half, most, lists, templates, out, held_out })?;
        }
        Command::Corpora { templates, out } => train::corpora(&templates, &out)?,
    }
    Ok(Exit::Ok)
}
