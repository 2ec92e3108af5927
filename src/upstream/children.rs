//! The running children: one for each server and holder, as many as are allowed.
//!
//! A holder is whoever may share a child's memory: a session, or a lineage where the
//! revision has no sessions.
//!
//! Invariants: no server has more than twice its allowed number of processes, those that
//! are ending included; a server that crashes is started again ever more seldom.

use crate::model::ids::ServerName;
use crate::upstream::backoff::Backoff;
use crate::upstream::duplex::{Duplex, DuplexFault};
use crate::upstream::stdio::{self, ChildSettings};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What the end of all children may take beyond their own grace.
const SLACK: Duration = Duration::from_secs(5);

/// Bounds on the children of one server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub most: usize,
    /// A child that nobody made use of for so long is ended.
    pub idle: Duration,
}

/// All children. Dropped, it ends them; [`Children::shut_down`] also waits for it.
pub struct Children {
    shared: Arc<Shared>,
}

struct Shared {
    settings: HashMap<ServerName, ChildSettings>,
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pools: HashMap<ServerName, Pool>,
    tended: bool,
    shut: bool,
}

/// One server's.
#[derive(Default)]
struct Pool {
    running: HashMap<String, Running>,
    ending: Vec<Duplex>,
    /// After children that never answered: the command is at fault, whoever asks.
    unable: Backoff,
    /// After children that answered before they crashed: that is their holder's affair.
    crashed: HashMap<String, Backoff>,
}

struct Running {
    duplex: Duplex,
    born: Instant,
}

impl Children {
    pub fn new(settings: HashMap<ServerName, ChildSettings>, bounds: Bounds) -> Self {
        Self { shared: Arc::new(Shared { settings, bounds, state: Mutex::default() }) }
    }

    /// The holder's child, if it still runs. One that was ended has lost its session.
    pub fn find(&self, server: &ServerName, holder: &str) -> Option<Duplex> {
        let mut state = self.shared.state();
        let pool = state.pools.get_mut(server)?;
        pool.bury();
        pool.running.get(holder).map(Running::take_up)
    }

    /// The holder's child, started if it does not run. Must be called within a Tokio
    /// runtime.
    ///
    /// # Errors
    /// [`DuplexFault::BackingOff`] after a crash, [`DuplexFault::Full`] when all that
    /// are allowed are in use, [`DuplexFault::Unreachable`] when it cannot be started,
    /// and [`DuplexFault::Ended`] after [`Children::shut_down`]. None of them waits.
    pub fn open(&self, server: &ServerName, holder: &str) -> Result<Duplex, DuplexFault> {
        let settings = self.shared.settings.get(server).ok_or(DuplexFault::Unreachable)?;
        let mut state = self.shared.state();
        if state.shut {
            return Err(DuplexFault::Ended);
        }
        if !std::mem::replace(&mut state.tended, true) {
            tokio::spawn(tend(Arc::downgrade(&self.shared)));
        }
        let pool = state.pools.entry(server.clone()).or_default();
        pool.bury();
        if let Some(running) = pool.running.get(holder) {
            return Ok(running.take_up());
        }
        pool.start(settings, holder, self.shared.bounds.most)
    }

    /// Ends the holder's child, as its session is over.
    pub fn end(&self, server: &ServerName, holder: &str) {
        if let Some(pool) = self.shared.state().pools.get_mut(server) {
            pool.end(holder);
        }
    }

    /// Ends all children, waits until none is left, and starts no more.
    pub async fn shut_down(&self) {
        let ending: Vec<Duplex> = {
            let mut state = self.shared.state();
            state.shut = true;
            state.pools.drain().flat_map(|(_, pool)| pool.into_all()).collect()
        };
        ending.iter().for_each(Duplex::close);
        let grace = self.shared.settings.values().map(|settings| settings.grace).max().unwrap_or_default();
        let gone = async {
            for duplex in &ending {
                duplex.switchboard().gone().await;
            }
        };
        if timeout(grace * 2 + SLACK, gone).await.is_err() {
            tracing::warn!("not all children could be ended");
        }
    }
}

/// Ends idle children from time to time, as long as there is a pool.
async fn tend(pool: Weak<Shared>) {
    while let Some(shared) = pool.upgrade() {
        let idle = shared.bounds.idle;
        for pool in shared.state().pools.values_mut() {
            pool.bury();
            pool.end_idle(idle);
        }
        drop(shared);
        tokio::time::sleep((idle / 4).clamp(Duration::from_millis(50), Duration::from_secs(30))).await;
    }
}

impl Shared {
    /// A thread that panicked left the pools whole: no step leaves a child in none.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    fn start(&mut self, settings: &ChildSettings, holder: &str, most: usize) -> Result<Duplex, DuplexFault> {
        let now = Instant::now();
        let crashed = self.crashed.get(holder).and_then(|backoff| backoff.left(now));
        if let Some(left) = self.unable.left(now).max(crashed) {
            return Err(DuplexFault::BackingOff(left));
        }
        self.make_room(most)?;
        let started = stdio::spawn(settings).inspect_err(|_| self.unable.failed(now, Duration::ZERO));
        let running = Running { duplex: started?, born: now };
        let duplex = running.duplex.clone();
        self.running.insert(holder.to_owned(), running);
        Ok(duplex)
    }

    /// Ends the child that was idle the longest if there are as many as may be.
    fn make_room(&mut self, most: usize) -> Result<(), DuplexFault> {
        if self.running.len() + self.ending.len() >= most.saturating_mul(2) {
            return Err(DuplexFault::Full);
        }
        if self.running.len() < most {
            return Ok(());
        }
        let idle = |running: &Running| running.duplex.switchboard().idle();
        let idle = self.running.iter().filter_map(|(holder, running)| Some((idle(running)?, holder)));
        let holder = idle.max().map(|(_, holder)| holder.clone()).ok_or(DuplexFault::Full)?;
        self.end(&holder);
        Ok(())
    }

    fn end_idle(&mut self, bound: Duration) {
        let idle = |running: &Running| running.duplex.switchboard().idle().is_some_and(|idle| idle >= bound);
        for (_, running) in self.running.extract_if(|_, running| idle(running)) {
            running.duplex.close();
            self.ending.push(running.duplex);
        }
    }

    fn end(&mut self, holder: &str) {
        if let Some(running) = self.running.remove(holder) {
            running.duplex.close();
            self.ending.push(running.duplex);
        }
    }

    /// Takes out the children that ended by themselves, and forgets those that are gone.
    fn bury(&mut self) {
        let now = Instant::now();
        for (holder, running) in self.running.extract_if(|_, running| running.duplex.is_closed()) {
            let (at, answered) = {
                let table = running.duplex.switchboard().table();
                (table.used, table.answered)
            };
            let backoff = if answered { self.crashed.entry(holder).or_default() } else { &mut self.unable };
            backoff.failed(at, at.duration_since(running.born));
            self.ending.push(running.duplex);
        }
        self.crashed.retain(|_, backoff| !backoff.is_over(now));
        self.ending.retain(|duplex| !duplex.switchboard().is_gone());
    }

    fn into_all(self) -> impl Iterator<Item = Duplex> {
        self.running.into_values().map(|running| running.duplex).chain(self.ending)
    }
}

impl Running {
    /// Hands it out; it counts as used now.
    fn take_up(&self) -> Duplex {
        self.duplex.switchboard().table().used = Instant::now();
        self.duplex.clone()
    }
}
