//! Which keys there are in Redis, and which shard a topic belongs to.
//!
//! A shard's number is the hash tag of its keys, so that all that a script touches lies on one server of a cluster.

use crate::fnv::fnv1a;

/// Names of keys.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// How far the shard is.
    pub(super) fn state(&self, shard: usize) -> String {
        format!("{}:{{{shard}}}:state", self.prefix)
    }

    /// What all nodes read.
    pub(super) fn stream(&self, shard: usize) -> String {
        format!("{}:{{{shard}}}:stream", self.prefix)
    }

    /// What is kept of a topic.
    pub(super) fn history(&self, shard: usize, topic: &str) -> String {
        format!("{}:{{{shard}}}:topic:{topic}", self.prefix)
    }

    /// Where a topic is.
    pub(super) fn meta(&self, shard: usize, topic: &str) -> String {
        format!("{}:{{{shard}}}:meta:{topic}", self.prefix)
    }

    /// What a writer has published last. A node is another writer whenever its numbers begin again.
    pub(super) fn writer(&self, shard: usize, node: &str, incarnation: u64) -> String {
        format!("{}:{{{shard}}}:writer:{node}.{incarnation}", self.prefix)
    }

    /// Who listens to the channels of other programs.
    pub(super) fn listener(&self) -> String {
        format!("{}:{{channels}}:listener", self.prefix)
    }

    /// What was published with an idempotency key.
    pub(super) fn once(&self, shard: usize, key: &str) -> String {
        format!("{}:{{{shard}}}:key:{key}", self.prefix)
    }

    /// Who has taken over, of what has this name in that topic. Both may have any characters.
    pub(super) fn fence(&self, shard: usize, topic: &str, name: &str) -> String {
        format!("{}:{{{shard}}}:fence:{}:{topic}:{name}", self.prefix, topic.len())
    }

    /// What all nodes say of themselves; in the first shard.
    pub(super) fn nodes(&self) -> String {
        format!("{}:{{0}}:nodes", self.prefix)
    }

    /// A list of the application's.
    pub(super) fn list(&self, shard: usize, name: &str) -> String {
        format!("{}:{{{shard}}}:list:{name}", self.prefix)
    }
}

/// The shard of a topic: FNV-1a of its name, modulo their number. It must never change, nor differ between nodes.
pub(super) fn shard_of(topic: &str, shards: usize) -> usize {
    (fnv1a(topic.bytes()) % shards.max(1) as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shard_of_a_topic_is_the_same_for_ever() {
        // Published test vectors of FNV-1a: "" cbf29ce484222325, "a" af63dc4c8601ec8c, "foobar" 85944171f73967e8.
        assert_eq!(shard_of("", 16), 0x5);
        assert_eq!(shard_of("a", 16), 0xc);
        assert_eq!(shard_of("foobar", 256), 0xe8);
        assert_eq!(shard_of("foobar", 1), 0);
    }

    #[test]
    fn keys_of_a_shard_share_their_hash_tag() {
        let keys = Keys::new("tightwire");
        assert_eq!(keys.state(3), "tightwire:{3}:state");
        assert_eq!(keys.stream(3), "tightwire:{3}:stream");
        // A topic cannot have a tag of its own: the first pair of braces counts.
        assert_eq!(keys.history(3, "thread:{9}"), "tightwire:{3}:topic:thread:{9}");
        assert_eq!(keys.meta(3, "a"), "tightwire:{3}:meta:a");
        assert_eq!(keys.writer(3, "n1", 2), "tightwire:{3}:writer:n1.2");
        assert_eq!(keys.once(3, "k"), "tightwire:{3}:key:k");
        assert_eq!(keys.fence(3, "a:b", "c"), "tightwire:{3}:fence:3:a:b:c");
        assert_ne!(keys.fence(3, "a:b", "c"), keys.fence(3, "a", "b:c"));
    }
}
