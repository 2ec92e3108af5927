//! The stages of a call's way, and how long it was in each.

use std::time::Duration;

/// A stage, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Identity,
    Session,
    Policy,
    Inspect,
    /// With the record of the decision, which is written meanwhile.
    Exchange,
    /// Until the head of the answer is there.
    Upstream,
    Release,
    Audit,
}

impl Stage {
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Session,
        Self::Policy,
        Self::Inspect,
        Self::Exchange,
        Self::Upstream,
        Self::Release,
        Self::Audit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Session => "session",
            Self::Policy => "policy",
            Self::Inspect => "inspect",
            Self::Exchange => "exchange",
            Self::Upstream => "upstream",
            Self::Release => "release",
            Self::Audit => "audit",
        }
    }
}

/// The stages that a call has entered, each with the time, since the Unix epoch.
#[derive(Clone, Debug, Default)]
pub struct Laps([Option<Duration>; Stage::ALL.len()]);

impl Laps {
    /// Notes that a stage begins, and the one before it ends. A stage is entered once.
    pub fn enter(&mut self, stage: Stage, now: Duration) {
        if let Some(lap) = self.0.get_mut(stage as usize) {
            lap.get_or_insert(now);
        }
    }

    /// How long the call was in each stage that has ended.
    pub fn took(&self) -> impl Iterator<Item = (Stage, Duration)> + '_ {
        let entered = || Stage::ALL.into_iter().zip(self.0).filter_map(|(stage, at)| Some((stage, at?)));
        entered().zip(entered().skip(1)).map(|((stage, at), (_, next))| (stage, next.saturating_sub(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_lasts_until_the_next() {
        let mut laps = Laps::default();
        let at = Duration::from_micros;
        for (stage, time) in
            [(Stage::Identity, 10), (Stage::Session, 15), (Stage::Session, 90), (Stage::Audit, 35)]
        {
            laps.enter(stage, at(time));
        }
        let took: Vec<_> = laps.took().collect();
        assert_eq!(took, [(Stage::Identity, at(5)), (Stage::Session, at(20))]);
    }
}
