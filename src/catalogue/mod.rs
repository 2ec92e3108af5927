//! The trusted tools: what each server said of them when they were pinned.
//!
//! Invariant: a tool whose definition differs from its pin is not called and not
//! listed until an operator accepts it. A description that changes after review is
//! how a trusted tool is turned against its users.

mod federation;
mod mirror;
mod schema;

use crate::jose::{base64url, sha256};
use crate::model::ids::ServerName;
use crate::redact::shape::Shape;
pub use federation::Federation;
pub use mirror::Mirrored;
use schema::ArgumentSchema;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// One tool as its server defines it.
pub struct Definition {
    pub name: String,
    /// SHA-256 over name, title, description, annotations and schemas.
    pub hash: String,
    pub shape: Option<Arc<Shape>>,
    /// Of the arguments.
    pub input: Arc<Shape>,
    /// Set when the hash is not the pinned one.
    pub changed: bool,
    /// The arguments that headers mirror (`x-mcp-header`).
    pub mirrored: Vec<Mirrored>,
    /// As the server lists it.
    pub listed: Value,
    arguments: Arc<Result<ArgumentSchema, String>>,
}

impl Definition {
    /// None for what is no tool, or has mirrored arguments that clients must not accept.
    fn read(tool: &Value) -> Option<Self> {
        let name = tool.get("name")?.as_str()?.to_owned();
        let schema = tool.get("inputSchema").cloned().unwrap_or_else(|| json!({"type": "object"}));
        let shape = tool.get("outputSchema").map(Shape::compile).map(Arc::new);
        let arguments = Arc::new(ArgumentSchema::compile(&schema));
        let mirrored = mirror::mirrored(&schema)?;
        let input = Arc::new(Shape::compile(&schema));
        let (hash, listed) = (hash(tool), tool.clone());
        Some(Self { name, hash, shape, input, changed: false, mirrored, listed, arguments })
    }

    /// The same tool under another name.
    fn renamed(&self, name: String) -> Self {
        let mut listed = self.listed.clone();
        listed["name"] = Value::from(name.as_str());
        Self {
            name,
            hash: hash(&listed),
            shape: self.shape.clone(),
            input: self.input.clone(),
            changed: self.changed,
            mirrored: self.mirrored.clone(),
            listed,
            arguments: self.arguments.clone(),
        }
    }

    /// Checks arguments against the pinned `inputSchema`.
    ///
    /// # Errors
    /// What was expected of which argument; never the value.
    pub fn check(&self, arguments: &Value) -> Result<(), String> {
        match &*self.arguments {
            Ok(schema) => schema.check(arguments),
            Err(why) => Err(why.clone()),
        }
    }
}

/// The hash that a tool is pinned by.
pub fn hash(tool: &Value) -> String {
    let parts = ["name", "title", "description", "annotations", "inputSchema", "outputSchema"];
    let pinned: BTreeMap<&str, Value> =
        parts.into_iter().filter_map(|part| tool.get(part).map(|value| (part, sorted(value)))).collect();
    base64url(&sha256(json!(pinned).to_string().as_bytes()))
}

/// Members in a fixed order: two spellings of one schema are one schema.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let ordered: BTreeMap<&String, Value> =
                object.iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(
                ordered.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>(),
            )
        }
        Value::Array(elements) => Value::Array(elements.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// All servers' tools, and the file that remembers their pins.
pub struct Catalogue {
    federations: HashMap<ServerName, Federation>,
    tools: RwLock<HashMap<ServerName, HashMap<String, Arc<Definition>>>>,
    pins: PathBuf,
}

impl Catalogue {
    /// `directory` keeps one file of pins per server.
    pub fn new(directory: &Path, federations: HashMap<ServerName, Federation>) -> Self {
        Self { federations, tools: RwLock::default(), pins: directory.to_owned() }
    }

    /// The servers behind a federated endpoint. None for a server of its own.
    pub fn federation(&self, server: &ServerName) -> Option<&Federation> {
        self.federations.get(server)
    }

    pub fn tool(&self, server: &ServerName, name: &str) -> Option<Arc<Definition>> {
        self.tools.read().unwrap_or_else(PoisonError::into_inner).get(server)?.get(name).cloned()
    }

    /// Every tool of a server; None before the server was first reached.
    pub fn tools(&self, server: &ServerName) -> Option<Vec<Arc<Definition>>> {
        let tools = self.tools.read().unwrap_or_else(PoisonError::into_inner);
        tools.get(server).map(|tools| tools.values().cloned().collect())
    }

    /// Takes a server's current definitions. Tools seen for the first time are
    /// pinned as they are; the others are compared with their pins. Returns the names
    /// of tools that changed.
    ///
    /// # Errors
    /// When the pins cannot be read or written; then nothing is taken.
    pub fn take(&self, server: &ServerName, listed: &[Value]) -> std::io::Result<Vec<String>> {
        let path = self.pins.join(format!("{server}.json"));
        let mut pins: BTreeMap<String, String> = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| std::io::Error::other(format!("{}: {error}", path.display())))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let known = pins.len();
        let mut tools = HashMap::new();
        for mut definition in listed.iter().filter_map(Definition::read) {
            let pin = pins.entry(definition.name.clone()).or_insert_with(|| definition.hash.clone());
            definition.changed = *pin != definition.hash;
            tools.insert(definition.name.clone(), Arc::new(definition));
        }
        if pins.len() > known {
            std::fs::create_dir_all(&self.pins)?;
            // Whole or not at all: half a file of pins would unpin the other half.
            let fresh = path.with_extension("new");
            std::fs::write(&fresh, serde_json::to_vec_pretty(&pins)?)?;
            std::fs::rename(&fresh, &path)?;
        }
        let changed = tools.values().filter(|tool| tool.changed).map(|tool| tool.name.clone()).collect();
        self.tools.write().unwrap_or_else(PoisonError::into_inner).insert(server.clone(), tools);
        Ok(changed)
    }
}
