//! What happened, as counters: calls by outcome, what was inspected and withheld, and how
//! often each rule acted. The same facts as the records hold, and as little: no value, no
//! caller, no name that a client could choose.

use crate::model::call::Call;
use crate::model::stage::Stage;
use crate::model::trail::{Action, Event, Filtered};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// From half a millisecond to a quarter of a minute, each bound twice the last.
const BOUNDS: [f64; 16] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.0, 4.0, 8.0, 16.0];

/// Of one stage: from eight microseconds on, each bound four times the last.
const STAGE_BOUNDS: [f64; 11] = [
    8e-6, 32e-6, 128e-6, 512e-6, 0.002_048, 0.008_192, 0.032_768, 0.131_072, 0.524_288, 2.097_152, 8.388_608,
];

/// All counters of this gate.
pub struct Metrics {
    registry: Registry,
    calls: Family<Outcome, Counter>,
    took: Family<Server, Histogram>,
    stages: Family<In, Histogram>,
    bytes: Family<Way, Counter>,
    inspected: Family<Server, Counter>,
    withheld: Family<Server, Counter>,
    actions: Family<Acted, Counter>,
    restored: Family<Of, Counter>,
    killed: Family<Pattern, Counter>,
    emergencies: Family<Emergency, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Server {
    server: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct In {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    server: String,
    method: &'static str,
    /// `ok`, or the reason's code.
    status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Way {
    server: String,
    /// `in`: as the upstream sent it; `out`: as it left.
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Acted {
    server: String,
    rule: String,
    entity: String,
    operator: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    server: String,
    entity: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Emergency {
    server: String,
    /// `opened`, or `continued` for further calls within it.
    opened: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pattern {
    server: String,
    pattern: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("portcullis");
        let (calls, bytes, inspected, withheld) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        let (actions, restored, killed) = (Family::default(), Family::default(), Family::default());
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        let took = Family::new_with_constructor(histogram);
        let of_stage: fn() -> Histogram = || Histogram::new(STAGE_BOUNDS);
        let stages = Family::new_with_constructor(of_stage);
        registry.register("calls", "Messages of clients, by how they ended", calls.clone());
        registry.register_with_unit(
            "call",
            "How long a call took, or a stream was open",
            Unit::Seconds,
            took.clone(),
        );
        registry.register_with_unit(
            "stage",
            "How long messages were in each stage on their way",
            Unit::Seconds,
            stages.clone(),
        );
        registry.register_with_unit(
            "results",
            "Tool results as they came and as they left",
            Unit::Bytes,
            bytes.clone(),
        );
        registry.register(
            "values_inspected",
            "Strings, numbers and member names looked at",
            inspected.clone(),
        );
        registry.register(
            "values_withheld",
            "Members and elements that no held scope releases",
            withheld.clone(),
        );
        registry.register("rule_actions", "What each rule did to values of results", actions.clone());
        registry.register(
            "values_restored",
            "Values put in the place of stand-ins in arguments",
            restored.clone(),
        );
        registry.register("lineages_killed", "Callers stopped, by the pattern they showed", killed.clone());
        let emergencies = Family::default();
        registry.register(
            "break_glass",
            "Calls by emergency access, which bears review",
            emergencies.clone(),
        );
        Self {
            registry,
            calls,
            took,
            stages,
            bytes,
            inspected,
            withheld,
            actions,
            restored,
            killed,
            emergencies,
        }
    }
}

impl Metrics {
    /// Counts a call that has ended.
    pub(super) fn observe(&self, call: &Call, status: &str) {
        let bound = call.trail.events().iter().find_map(|event| match event {
            Event::Bound { server, method, .. } => Some((server.as_str().to_owned(), *method)),
            _ => None,
        });
        // Before a message is bound to a server it has no method that could be believed.
        let (server, method) = bound.unwrap_or_default();
        for event in call.trail.events() {
            match event {
                Event::Filtered(filtered) => self.filtered(&server, filtered),
                Event::Restored(counts) => {
                    for (entity, count) in counts {
                        let entity = entity.as_str().to_owned();
                        self.restored.get_or_create(&Of { server: server.clone(), entity }).inc_by(*count);
                    }
                }
                Event::Killed { pattern } => {
                    self.killed.get_or_create(&Pattern { server: server.clone(), pattern }).inc();
                }
                Event::Emergency { opened, .. } => {
                    let opened = if *opened { "opened" } else { "continued" };
                    self.emergencies.get_or_create(&Emergency { server: server.clone(), opened }).inc();
                }
                Event::Authenticated { .. }
                | Event::Bound { .. }
                | Event::Decided { .. }
                | Event::Noted { .. }
                | Event::Delegated { .. }
                | Event::Answered { .. } => {}
            }
        }
        call.laps.took().for_each(|(stage, took)| self.stage(stage, took));
        self.took.get_or_create(&Server { server: server.clone() }).observe(call.elapsed().as_secs_f64());
        self.calls.get_or_create(&Outcome { server, method, status: status.to_owned() }).inc();
    }

    /// Counts how long a call was in a stage.
    pub(super) fn stage(&self, stage: Stage, took: Duration) {
        self.stages.get_or_create(&In { stage: stage.name() }).observe(took.as_secs_f64());
    }

    fn filtered(&self, server: &str, filtered: &Filtered) {
        let of = || Server { server: server.to_owned() };
        let bytes = |direction, count: usize| {
            let way = Way { server: server.to_owned(), direction };
            self.bytes.get_or_create(&way).inc_by(u64::try_from(count).unwrap_or(u64::MAX));
        };
        bytes("in", filtered.bytes_in);
        bytes("out", filtered.bytes_out);
        self.inspected.get_or_create(&of()).inc_by(filtered.values_inspected);
        self.withheld.get_or_create(&of()).inc_by(filtered.withheld);
        for Action { rule, entity, operator, count } in &filtered.actions {
            let entity = entity.as_ref().map(|entity| entity.as_str().to_owned()).unwrap_or_default();
            let acted = Acted { server: server.to_owned(), rule: rule.as_str().to_owned(), entity, operator };
            self.actions.get_or_create(&acted).inc_by(*count);
        }
    }

    /// All counters in the OpenMetrics text format.
    ///
    /// # Errors
    /// None that memory allows for.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        encode(&mut out, &self.registry)?;
        Ok(out)
    }
}
