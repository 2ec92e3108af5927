//! From configuration to a gate.

use crate::audit::Audit;
use crate::catalogue::{Catalogue, Federation};
use crate::config::Faults;
use crate::config::client::{self, Credentials};
use crate::config::endpoint::endpoint;
use crate::config::federation::federations;
use crate::config::file::{File, LimitsFile, UpstreamFile};
use crate::config::holders::{self, Holders};
use crate::config::inline;
use crate::config::issuer::{self, issuers};
use crate::config::parts::{tls, upstream_fault};
use crate::config::rulebook::{Places, Texts};
use crate::config::servers;
use crate::config::shared;
use crate::config::signals;
use crate::exchange::Exchange;
use crate::exchange::issuance::Mode;
use crate::identity::{About, Identity, Resources};
use crate::jose::issuer::{IssuerSettings, safe_url};
use crate::journal::Journal;
use crate::journal::record::Pseudonyms;
use crate::model::clock::Clock;
use crate::model::fault::{SourceFault, unread};
use crate::model::ids::ServerName;
use crate::model::scope::Scopes;
use crate::model::sensitive::Sensitive;
use crate::net::{self, HttpClient};
use crate::pipeline::{Gate, Rulebook};
use crate::redact::tools::ServerRules;
use crate::release::Release;
use crate::server::Served;
use crate::server::listener;
use crate::server::router::BodyLimits;
use crate::server::tls::Tls;
use crate::session::{Guard, Limits, Rate};
use crate::store::lineages::{Budget, Lineages};
use crate::store::reviews::Reviews;
use crate::store::revocations::Revocations;
use crate::store::seals::Seals;
use crate::store::sessions::Sessions;
use crate::store::shared::{Place, Shared};
use crate::store::tasks::Tasks;
use crate::store::vault::{Keeping, Vault};
use crate::upstream::Upstream;
use crate::upstream::children::Bounds;
use crate::upstream::endpoint::Endpoint;
use crate::wire::revision::Era;
use arc_swap::ArcSwap;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Seconds by which an issuer's clock may differ from ours.
const LEEWAY: u64 = 5;

/// A configuration that was found faultless, with its rules loaded.
pub struct Checked {
    pub file: File,
    pub(super) name: String,
    state: PathBuf,
    pub listen: SocketAddr,
    pub metrics: Option<SocketAddr>,
    pub places: Places,
    pub texts: Texts,
    pub rulebook: Rulebook,
    issuers: Vec<IssuerSettings>,
    credentials: Option<Credentials>,
    holders: Holders,
    signals_secret: Option<Sensitive<String>>,
    shared: Option<Place>,
    endpoints: HashMap<ServerName, Endpoint>,
    federations: HashMap<ServerName, Federation>,
    tls: Option<Arc<Tls>>,
}

/// A gate ready to serve.
pub struct Built {
    pub gate: Arc<Gate>,
    pub servers: Vec<ServerName>,
    pub served: Served,
    pub body: BodyLimits,
    pub connections: listener::Limits,
    pub tls: Option<Arc<Tls>>,
    pub heartbeat: Duration,
}

impl Checked {
    /// Reads and checks a configuration file and everything it names.
    ///
    /// # Errors
    /// Every fault found, each with its place.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| SourceFault::whole(&name, unread(&error)))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::from_text(&name, &text, folder, false)
    }

    /// As [`Checked::read`], from text. `demo` adds the demo's tool rules.
    ///
    /// # Errors
    /// Every fault found.
    pub fn from_text(name: &str, text: &str, folder: &Path, demo: bool) -> Result<Self, Faults> {
        let file = File::read(name, text)?;
        let mut faults = Vec::new();
        let at =
            |spanned: &serde_saphyr::Spanned<String>, message: &str| SourceFault::at(name, spanned, message);
        let listen =
            file.listen.value.parse().map_err(|_| {
                at(&file.listen, "`listen` must be an address and port, such as 127.0.0.1:8700")
            })?;
        let metrics = file.metrics.as_ref().and_then(|address| {
            let message = "`metrics` must be an address and port, such as 127.0.0.1:9464";
            address.value.parse().map_err(|_| faults.push(at(address, message))).ok()
        });
        if let Err(fault) = safe_url(&file.public_url.value) {
            faults.push(at(&file.public_url, &format!("`public_url`: {fault}")));
        }
        let about = &file.about;
        for page in [&about.documentation, &about.policy, &about.terms_of_service].into_iter().flatten() {
            if let Err(fault) = safe_url(&page.value) {
                faults.push(at(page, &format!("a page `about` the gate: {fault}")));
            }
        }
        let issuers = issuers(name, &file, &mut faults);
        let credentials = client::credentials(name, &file, folder, &mut faults);
        let holders = holders::read(name, &file, folder, credentials.as_ref(), &mut faults);
        let signals_secret = signals::secret(name, &file, folder, &mut faults);
        let shared = shared::read(name, &file, folder, &mut faults);
        let mut endpoints = HashMap::new();
        let tls = tls(name, &file, folder, &mut faults);
        for (server, upstream) in &file.upstreams {
            faults.extend(upstream_fault(name, server, upstream, credentials.is_some()));
            match endpoint(&upstream.value, folder, file.limits.max_result_bytes) {
                Ok(endpoint) => drop(endpoints.insert(ServerName::new(server), endpoint)),
                Err(fault) => faults.push(SourceFault::at(name, upstream, fault)),
            }
        }
        let places = Places {
            rules: file.rules.as_ref().map(|path| folder.join(path)),
            policies: file.policies.as_ref().map(|path| folder.join(path)),
            demo,
        };
        let texts = places.read()?;
        let rulebook = match texts.load() {
            Ok(rulebook) => rulebook,
            Err(Faults(found)) => {
                faults.extend(found);
                return Err(Faults(faults));
            }
        };
        faults.extend(inline::secrets(name, &file, &rulebook.rules));
        faults.extend(servers::without_rules(name, &file, &rulebook.rules));
        let federations = federations(name, &file, &rulebook.rules, &mut faults);
        endpoints.extend(federations.keys().map(|name| (name.clone(), Endpoint::Federation)));
        let (name, state) = (name.to_owned(), folder.join(&file.state_dir));
        if faults.is_empty() {
            Ok(Self {
                file,
                name,
                state,
                listen,
                metrics,
                places,
                texts,
                rulebook,
                issuers,
                credentials,
                holders,
                signals_secret,
                shared,
                endpoints,
                federations,
                tls,
            })
        } else {
            Err(Faults(faults))
        }
    }

    /// With its state elsewhere: to try it out beside a gate that runs.
    pub fn with_state(mut self, state: PathBuf) -> Self {
        self.state = state;
        self
    }

    /// Where the state is.
    pub fn state(&self) -> PathBuf {
        self.state.clone()
    }

    /// What the gate that runs with this state has revoked.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn revocations(&self) -> std::io::Result<Revocations> {
        signals::revoked(self.issuers.iter().map(|issuer| issuer.max_life), &self.state(), None)
    }

    /// Opens the state directory and puts the gate together.
    ///
    /// # Errors
    /// When the journal, the keys or the trust roots cannot be opened.
    pub fn build(self, clock: &Clock) -> Result<Built, Faults> {
        let fault =
            |what: &dyn std::fmt::Display| Faults(vec![SourceFault::whole(&self.name, what.to_string())]);
        let client = HttpClient::new().map_err(|error| fault(&error))?;
        let state = self.state();
        let (limits, guard) = (&self.file.limits, &self.file.guard);
        let journal = Journal::open(
            &state.join("audit"),
            clock.clone(),
            Duration::from_millis(limits.audit_milliseconds),
        );
        let journal = journal.map_err(|error| fault(&error))?;
        let pseudonyms = Arc::new(Pseudonyms::open(&state).map_err(|error| fault(&error))?);
        let issuers = issuer::open(&self.issuers, clock).map_err(|error| fault(&error))?;
        let own = client::own_name(&self.file, self.credentials.as_ref());
        let modes = modes(&self.file, &self.federations);
        let issuance = client::issuance(&self.file, self.credentials, &issuers, &state, modes, clock)
            .map_err(|error| fault(&error))?;
        let shared = self.shared.map(Shared::new).transpose().map_err(|error| fault(&error))?.map(Arc::new);
        let revocations =
            signals::revoked(issuers.iter().map(|issuer| issuer.settings.max_life), &state, shared.clone());
        let revocations = Arc::new(revocations.map_err(|error| fault(&error))?);
        let signals = signals::receiver(&self.file, self.signals_secret, &issuers, &revocations, clock);
        let lineages = Arc::new(Lineages::new(Budget {
            subjects: guard.subjects,
            window: Duration::from_secs(guard.window_seconds),
            kill_for: Duration::from_secs(guard.kill_seconds),
        }));
        let sessions = Arc::new(Sessions::default());
        let seals = Arc::new(Seals::open(&state).map_err(|error| fault(&error))?);
        let reviews = Arc::new(Reviews::open_in(&state, seals.clone()).map_err(|error| fault(&error))?);
        let tasks = Arc::new(Tasks::default());
        let vault = &self.file.vault;
        let keeping = Keeping { life: Duration::from_secs(vault.seconds.get()), most: vault.pseudonyms };
        let vault = Arc::new(Vault::new(seals.clone(), keeping));
        let rates = Limits::new(
            rate(guard.calls_per_second, guard.call_burst),
            rate(guard.tool_calls_per_second, guard.tool_call_burst),
        );
        let names = self.issuers.iter().map(|issuer| issuer.issuer.clone()).collect();
        let resources = Resources::new(
            &self.file.public_url.value,
            names,
            scopes(&self.file, &self.rulebook, &self.federations),
        )
        .bound(self.holders.possession(&self.file));
        let means = self
            .holders
            .means(&self.file, &issuers, shared.as_ref(), clock)
            .map_err(|error| fault(&error))?;
        let exchange = Exchange::new(Arc::new(issuance), journal.clone(), pseudonyms.clone());
        let catalogue = Arc::new(Catalogue::new(&state.join("pins"), self.federations));
        let upstream = Upstream::new(
            client,
            self.endpoints,
            pinned(&self.file),
            net::Limits {
                max_bytes: limits.max_result_bytes,
                timeout: Duration::from_secs(limits.upstream_seconds),
            },
            Bounds { most: limits.children, idle: Duration::from_secs(limits.child_idle_seconds) },
        );
        let gate = Gate {
            clock: clock.clone(),
            identity: Identity::new(resources.described_by(pages(&self.file)), issuers, own, LEEWAY, means),
            guard: Guard {
                limits: rates,
                lineages: lineages.clone(),
                revocations: revocations.clone(),
                sessions: sessions.clone(),
                seals: seals.clone(),
                tasks: tasks.clone(),
                catalogue: catalogue.clone(),
            },
            rulebook: ArcSwap::from_pointee(self.rulebook),
            catalogue,
            lineages: lineages.clone(),
            vault: vault.clone(),
            reviews,
            exchange,
            upstream: Arc::new(upstream),
            release: Release { lineages, revocations, sessions, seals, tasks, vault },
            audit: Audit::new(journal, pseudonyms),
            signals,
            shared,
        };
        Ok(Built {
            gate: Arc::new(gate),
            servers: self.file.upstreams.keys().map(ServerName::new).collect(),
            served: served(&self.file, self.listen),
            body: BodyLimits {
                max_bytes: limits.max_request_bytes,
                timeout: Duration::from_secs(limits.request_seconds),
            },
            connections: connections(limits),
            tls: self.tls,
            heartbeat: Duration::from_secs(limits.heartbeat_seconds.get()),
        })
    }
}

fn connections(limits: &LimitsFile) -> listener::Limits {
    listener::Limits {
        connections: limits.connections.get(),
        connections_per_peer: limits.connections_per_peer.get(),
        idle: Duration::from_secs(limits.idle_seconds),
        drain: Duration::from_secs(limits.drain_seconds),
        ..listener::Limits::default()
    }
}

fn rate(per_second: u32, burst: u32) -> Rate {
    let positive = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Rate { per_second: positive(per_second), burst: positive(burst) }
}

fn modes(file: &File, federations: &HashMap<ServerName, Federation>) -> HashMap<ServerName, Mode> {
    let upstreams =
        file.upstreams.iter().map(|(name, upstream)| (ServerName::new(name), client::mode(&upstream.value)));
    // What a federation answers itself needs no credential.
    upstreams.chain(federations.keys().map(|name| (name.clone(), Mode::None))).collect()
}

fn pinned(file: &File) -> HashMap<ServerName, Era> {
    let pin = |(name, upstream): (&String, &serde_saphyr::Spanned<UpstreamFile>)| {
        upstream.value.era.map(|era| (ServerName::new(name), era))
    };
    file.upstreams.iter().filter_map(pin).collect()
}

fn pages(file: &File) -> About {
    let page = |page: &Option<serde_saphyr::Spanned<String>>| page.as_ref().map(|page| page.value.clone());
    let about = &file.about;
    About {
        documentation: page(&about.documentation),
        policy: page(&about.policy),
        terms_of_service: page(&about.terms_of_service),
    }
}

/// The scopes that a server's tools need or are released by, for its metadata.
fn scopes(
    file: &File,
    rulebook: &Rulebook,
    federations: &HashMap<ServerName, Federation>,
) -> BTreeMap<ServerName, Scopes> {
    let of = |name: &ServerName| {
        let rules = rulebook.rules.server(name).into_iter().flat_map(ServerRules::all);
        rules.fold(Scopes::default(), |all, rule| {
            all.union(&rule.scopes).union(&rule.releasing_scopes().collect())
        })
    };
    let federated = |federation: &Federation| {
        federation.members().fold(Scopes::default(), |all, member| all.union(&of(member)))
    };
    let upstreams = file.upstreams.keys().map(ServerName::new).map(|name| (name.clone(), of(&name)));
    let federations = federations.iter().map(|(name, federation)| (name.clone(), federated(federation)));
    upstreams.chain(federations).collect()
}

/// The public host, and the listening address for those on this machine.
fn served(file: &File, listen: SocketAddr) -> Served {
    let mut hosts = vec![listen.to_string(), format!("localhost:{}", listen.port())];
    let mut origins: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
    if let Ok(url) = url::Url::parse(&file.public_url.value) {
        let host = url.host_str().unwrap_or_default().to_owned();
        hosts.push(url.port().map_or(host.clone(), |port| format!("{host}:{port}")));
        origins.push(url.origin().ascii_serialization());
    }
    origins.extend(file.allowed_origins.iter().cloned());
    Served { hosts, origins }
}
