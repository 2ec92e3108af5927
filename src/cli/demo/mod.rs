//! `portcullis demo`: an authorization server, a clinic and a ledger, each on its
//! own port over real HTTP, the gate in front of them, and an agent that tries it.

mod agent;
mod authorization_server;
mod clinic;
mod ledger;
mod mcp_server;
pub mod people;
mod story;
mod teller;
mod words;
mod world;

use crate::cli::Exit;
use crate::cli::style::Style;
use clap::Args;
use serde_json::json;
use world::World;

#[derive(Args)]
pub(super) struct Options {
    /// Play the story, then end; exit 0 only if every step went as told
    #[arg(long)]
    once: bool,
    /// Print the story as JSON lines
    #[arg(long)]
    json: bool,
    /// First of four ports: gate, authorization server, clinic, ledger
    #[arg(long, default_value_t = 8700, value_name = "PORT")]
    port: u16,
    /// Start the servers and play no story
    #[arg(long, conflicts_with = "once")]
    quiet: bool,
    /// A further resource that tokens may be asked for, such as another gate's URL
    #[arg(long, value_name = "URL")]
    resource: Vec<String>,
    /// Keep the audit journal here rather than in a temporary folder
    #[arg(long, value_name = "DIR")]
    state: Option<std::path::PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // A single run picks free ports, so that it never meets another one.
        let port = if options.once { 0 } else { options.port };
        let world = World::start(port, options.state.clone(), &options.resource).await?;
        let mut went_well = true;
        if !options.quiet {
            went_well = story::play(&world, Style::detect(), options.json).await?;
        }
        if !options.once {
            addresses(&world, options.json)?;
            tokio::signal::ctrl_c().await?;
        }
        world.stop().await;
        Ok(if went_well { Exit::Ok } else { Exit::Failed })
    })
}

/// Where things are, and a client configuration to copy.
fn addresses(world: &World, as_json: bool) -> anyhow::Result<()> {
    const DAY: u64 = 86_400;
    let server = |name: &str, login: &str| -> anyhow::Result<serde_json::Value> {
        let url = world.resource(name);
        let token = world.mint(login, &url, DAY)?;
        Ok(json!({"type": "http", "url": url, "headers": {"Authorization": format!("Bearer {token}")}}))
    };
    let clients =
        json!({"mcpServers": {"clinic": server("clinic", "amara")?, "ledger": server("ledger", "chen")?}});
    if as_json {
        println!(
            "{}",
            json!({"gate": world.gate, "authorization_server": world.issuer, "state": world.state_dir(), "servers": world.servers(), "clients": clients})
        );
        return Ok(());
    }
    println!("The gate is at {}, its authorization server at {}.", world.gate, world.issuer);
    println!("Audit journal: {}/audit", world.state_dir());
    println!("A client configuration, good for a day (as Dr. Okafor and Chen Wei):\n");
    println!("{}\n", serde_json::to_string_pretty(&clients)?);
    println!("Clients that sign in themselves need only the two URLs. Ctrl-C ends the demo.");
    Ok(())
}
