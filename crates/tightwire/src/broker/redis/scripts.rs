//! The scripts: what happens in Redis in one step, or not at all.

use redis::{Cmd, Pipeline, Script as Hashed, cmd};

/// The scripts.
#[derive(Clone, Debug)]
pub(super) struct Scripts {
    /// Publishes a frame.
    pub(super) publish: Script,
    /// Says where a topic is, and what is kept of it.
    pub(super) history: Script,
    /// Says how far a shard is.
    pub(super) check: Script,
    /// Notes what a node says of itself, and gives what the others say.
    pub(super) nodes: Script,
    /// Appends to a list.
    pub(super) append: Script,
    /// Takes over.
    pub(super) fence: Script,
}

/// A script, which a server knows by its hash once it was loaded.
#[derive(Clone, Debug)]
pub(super) struct Script {
    code: String,
    hash: String,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            publish: Script::new(include_str!("lua/publish.lua")),
            history: Script::new(include_str!("lua/history.lua")),
            check: Script::new(include_str!("lua/check.lua")),
            nodes: Script::new(include_str!("lua/nodes.lua")),
            append: Script::new(include_str!("lua/append.lua")),
            fence: Script::new(include_str!("lua/fence.lua")),
        }
    }

    /// What a server must be told before it knows the scripts.
    pub(super) fn load(&self) -> Pipeline {
        let mut pipeline = Pipeline::new();
        for script in [&self.publish, &self.history, &self.check, &self.nodes, &self.append, &self.fence] {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(&script.code);
        }
        pipeline
    }
}

impl Script {
    fn new(of_its_own: &str) -> Self {
        let code = format!("{}\n{of_its_own}", include_str!("lua/shard.lua"));
        let hash = Hashed::new(&code).get_hash().to_owned();
        Self { code, hash }
    }

    /// A call with these keys; arguments follow.
    pub(super) fn call(&self, keys: &[String]) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(&self.hash).arg(keys.len()).arg(keys);
        call
    }
}
