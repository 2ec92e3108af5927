//! Rego, evaluated in process by regorus' interpreter.
//!
//! Its compiled VM is not used: there `v := <undefined>` succeeds, which turns a
//! missing field into permission. Every evaluation runs under a timer.

use crate::jose::{base64url, sha256};
use crate::model::fault::SourceFault;
use crate::model::scope::Scopes;
use crate::policy::input::Input;
use crate::redact::rules::Source;
use crate::redact::tools::Narrowing;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;

const ENTRY_POINT: &str = "data.portcullis.authz.decision";
const BUDGET: Duration = Duration::from_millis(500);
/// What a policy must not call: its decisions could not be replayed.
const IMPURE: [&str; 4] = ["time.now_ns", "rand.intn", "opa.runtime", "http.send"];

/// Why no decision could be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PolicyFault(String);

/// A policy's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub allow: bool,
    /// What the caller is told when refused.
    pub reason: String,
    /// The scopes that would permit the call; empty if no scope would.
    pub scopes: Scopes,
    pub narrowing: Narrowing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDecision {
    allow: bool,
    reason: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    obligations: RawObligations,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawObligations {
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default)]
    profiles: Vec<String>,
}

/// One test rule and whether it held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    pub name: String,
    pub passed: bool,
    /// Why it could not be evaluated, if it could not.
    pub error: Option<String>,
}

/// A set of policies whose tests have passed.
pub struct Policies {
    engine: Engine,
    revision: String,
    tests: Vec<TestResult>,
}

impl Policies {
    /// Parses the policies, then runs every `test_…` rule in them.
    ///
    /// # Errors
    /// Every fault; a set with a failing test is not taken.
    pub fn load(sources: &[Source]) -> Result<Self, Vec<SourceFault>> {
        let mut engine = Engine::new();
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: BUDGET,
            check_interval: NonZeroU32::new(64).unwrap_or(NonZeroU32::MIN),
        });
        let mut faults = Vec::new();
        let mut packages = Vec::new();
        for source in sources {
            if let Some(call) = IMPURE.into_iter().find(|call| source.text.contains(call)) {
                faults.push(SourceFault::whole(
                    &source.file,
                    format!("`{call}` is not allowed: decisions must replay"),
                ));
            }
            match engine.add_policy(source.file.clone(), source.text.clone()) {
                Ok(package) => packages.push((package, source)),
                Err(error) => faults.push(place(&source.file, &error.to_string())),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        // What is prepared for the first evaluation is shared by all clones: of each decision that
        // was three quarters. Without input it decides nothing, and what it says is of no use.
        drop(engine.eval_rule(ENTRY_POINT.to_owned()));
        let tests: Vec<TestResult> =
            packages.iter().flat_map(|(package, source)| run(&engine, package, source)).collect();
        let failed = tests.iter().filter(|test| !test.passed);
        faults.extend(failed.map(|test| {
            SourceFault::whole(&test.name, test.error.as_deref().unwrap_or("the test does not hold"))
        }));
        if tests.is_empty() {
            faults.push(SourceFault::whole(
                "policies",
                "there are no `test_` rules: a policy without tests is not taken",
            ));
        }
        if faults.is_empty() { Ok(Self { engine, revision: revision(sources), tests }) } else { Err(faults) }
    }

    /// Names the sources: a short hash over all of them.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    pub fn tests(&self) -> &[TestResult] {
        &self.tests
    }

    /// # Errors
    /// When the decision is undefined, fails, takes too long, or is not well formed.
    /// The caller must deny.
    pub fn decide(&self, input: &Input<'_>) -> Result<Decision, PolicyFault> {
        let fault = |error: &dyn std::fmt::Display| PolicyFault(error.to_string());
        let mut engine = self.engine.clone();
        let input: Value = serde_json::from_value(input.to_json()).map_err(|error| fault(&error))?;
        engine.set_input(input);
        let value = engine.eval_rule(ENTRY_POINT.to_owned()).map_err(|error| fault(&error))?;
        let json = value.to_json_str().map_err(|error| fault(&error))?;
        let raw: RawDecision =
            serde_json::from_str(&json).map_err(|_| PolicyFault("the decision is not well formed".into()))?;
        let narrowing = Narrowing { drop: raw.obligations.drop, profiles: raw.obligations.profiles };
        Ok(Decision::of(raw.allow, raw.reason, raw.scopes.into_iter().collect(), narrowing))
    }
}

/// Evaluates the test rules of one module.
fn run(engine: &Engine, package: &str, source: &Source) -> Vec<TestResult> {
    let rules = source.text.lines().filter_map(|line| {
        let name = line.split([' ', '{', ':']).next()?;
        name.strip_prefix("test_").map(|_| name)
    });
    let test = |rule: &str| {
        let held = engine.clone().eval_rule(format!("{package}.{rule}"));
        let passed = matches!(held, Ok(Value::Bool(true)));
        let error = held.err().map(|error| said(&error.to_string()));
        TestResult { name: format!("{}: {rule}", source.file), passed, error }
    };
    rules.map(test).collect()
}

fn revision(sources: &[Source]) -> String {
    let mut sorted: Vec<&Source> = sources.iter().collect();
    sorted.sort();
    let text: String = sorted.iter().map(|source| format!("{}\n{}\n", source.file, source.text)).collect();
    base64url(&sha256(text.as_bytes())).chars().take(12).collect()
}

/// regorus says ` --> file:line:column` in its own rendering.
fn place(file: &str, message: &str) -> SourceFault {
    let position = message.split("--> ").nth(1).and_then(|rest| rest.lines().next());
    let mut numbers = position
        .into_iter()
        .flat_map(|text| text.rsplitn(3, ':'))
        .filter_map(|part| part.trim().parse().ok());
    let (column, line) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    SourceFault { file: file.to_owned(), line, column, message: said(message) }
}

/// The sentence in regorus' rendering of an error.
fn said(message: &str) -> String {
    let sentence = message.lines().rev().find_map(|text| text.trim().strip_prefix("error: "));
    sentence.unwrap_or_else(|| message.lines().next().unwrap_or_default()).to_owned()
}
