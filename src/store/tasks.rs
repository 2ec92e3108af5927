//! Which tool is behind a task, so that the task obeys the tool's rules.

use crate::model::ids::{Lineage, ServerName};
use crate::request::Task;
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
    tasks: HashMap<Key, Task>,
    order: VecDeque<Key>,
}

impl Tasks {
    /// Remembers a task by its upstream's own id.
    pub fn began(&self, lineage: &Lineage, server: &ServerName, id: &str, task: Task) {
        let mut known = lock(&self.known);
        let key = (lineage.clone(), server.clone(), id.to_owned());
        if known.tasks.insert(key.clone(), task).is_none() {
            known.order.push_back(key);
        }
        if known.order.len() > MOST
            && let Some(oldest) = known.order.pop_front()
        {
            known.tasks.remove(&oldest);
        }
    }

    /// What this caller's task came from.
    pub fn get(&self, lineage: &Lineage, server: &ServerName, id: &str) -> Option<Task> {
        let key = (lineage.clone(), server.clone(), id.to_owned());
        lock(&self.known).tasks.get(&key).cloned()
    }
}
