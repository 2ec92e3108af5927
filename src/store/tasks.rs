//! Which tool is behind a task, so that the task obeys the tool's rules.

use crate::model::ids::{Lineage, ServerName};
use crate::store::lock;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

/// Tasks remembered; beyond it the oldest are forgotten, and then refused.
const MOST: usize = 100_000;

/// The tasks that the gate has seen begin.
#[derive(Default)]
pub struct Tasks {
    known: Mutex<Known>,
}

type Key = (Lineage, ServerName, String);

#[derive(Default)]
struct Known {
    tools: HashMap<Key, String>,
    order: VecDeque<Key>,
}

impl Tasks {
    /// Remembers a task by its upstream's own id.
    pub fn began(&self, lineage: &Lineage, server: &ServerName, task: &str, tool: &str) {
        let mut known = lock(&self.known);
        let key = (lineage.clone(), server.clone(), task.to_owned());
        if known.tools.insert(key.clone(), tool.to_owned()).is_none() {
            known.order.push_back(key);
        }
        if known.order.len() > MOST
            && let Some(oldest) = known.order.pop_front()
        {
            known.tools.remove(&oldest);
        }
    }

    /// The tool that this caller's task came from.
    pub fn tool(&self, lineage: &Lineage, server: &ServerName, task: &str) -> Option<String> {
        let key = (lineage.clone(), server.clone(), task.to_owned());
        lock(&self.known).tools.get(&key).cloned()
    }
}
