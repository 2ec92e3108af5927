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
use crate::cli::temporary::Run;
use clap::Args;
use people::PEOPLE;
use serde_json::json;
use teller::Teller;
use world::World;

#[derive(Args)]
pub(super) struct Options {
    /// Play the story on free ports, then end; exit 0 only if every step went as told
    #[arg(long)]
    once: bool,
    /// Print the story, and where things are, as JSON lines
    #[arg(long)]
    json: bool,
    /// First of four ports: gate, authorization server, clinic, ledger; 0 takes free ones, as
    /// --once does
    #[arg(long, default_value_t = 8700, value_name = "PORT")]
    port: u16,
    /// Start the servers and play no story
    #[arg(long, conflicts_with = "once")]
    quiet: bool,
    /// A further resource that tokens may be asked for, such as another gate's URL
    #[arg(long, value_name = "URL")]
    resource: Vec<String>,
    /// Keep the state here, keys and audit journal, rather than in a folder that is removed at
    /// the end
    #[arg(long, value_name = "DIR")]
    state: Option<std::path::PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Exit> {
    let mut run = Run::begin()?;
    let state = match &options.state {
        Some(state) => state.clone(),
        None => run.folder("demo")?,
    };
    // A single run picks free ports, so that it never meets another one.
    let port = if options.once { 0 } else { options.port };
    let mut started = None;
    let told = run.until_stopped(async {
        let world = started.insert(World::start(port, state, &options.resource).await?);
        tell(world, options).await
    });
    if let Some(world) = started {
        // Open calls may end; a second signal does not wait for them.
        run.until_stopped(world.stop());
    }
    // A story that was broken off did not go as told.
    let went_well = told.unwrap_or(Ok(!options.once))?;
    Ok(if went_well { Exit::Ok } else { Exit::Failed })
}

/// Plays the story and says where things are; then goes on for as long as it may be of use.
async fn tell(world: &World, options: &Options) -> anyhow::Result<bool> {
    let mut teller = Teller::new(Style::detect(), options.json);
    let went_well = options.quiet || story::play(world, &mut teller).await?;
    if !options.once {
        // The story ends with the physician's session stopped.
        let caller = if options.quiet { "amara" } else { "nina" };
        addresses(world, &mut teller, caller, options.json)?;
        if teller.is_heard() {
            std::future::pending::<()>().await;
        }
    }
    Ok(went_well)
}

/// Where things are, and a client configuration to copy.
fn addresses(world: &World, teller: &mut Teller, caller: &str, as_json: bool) -> anyhow::Result<()> {
    const DAY: u64 = 86_400;
    let server = |name: &str, login: &str| -> anyhow::Result<serde_json::Value> {
        let url = world.resource(name);
        let token = world.mint(login, &url, DAY)?;
        Ok(json!({"type": "http", "url": url, "headers": {"Authorization": format!("Bearer {token}")}}))
    };
    let clients =
        json!({"mcpServers": {"clinic": server("clinic", caller)?, "ledger": server("ledger", "chen")?}});
    if as_json {
        let all = json!({"gate": world.gate, "authorization_server": world.issuer, "state": world.state_dir(), "servers": world.servers(), "clients": clients});
        teller.say(&all.to_string());
        return Ok(());
    }
    teller.say(&format!("The gate is at {}, its authorization server at {}.", world.gate, world.issuer));
    teller.say(&format!("Audit journal: {}/audit", world.state_dir()));
    let named = PEOPLE.iter().find(|(login, ..)| *login == caller).map_or(caller, |(_, name, _)| name);
    teller.say(&format!("A client configuration, good for a day (as {named} and Chen Wei):\n"));
    teller.say(&format!("{}\n", serde_json::to_string_pretty(&clients)?));
    teller.say("Clients that sign in themselves need only the two URLs. Ctrl-C ends the demo.");
    Ok(())
}
