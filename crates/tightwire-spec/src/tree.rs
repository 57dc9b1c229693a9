//! YAML and JSON as one tree in which every node knows where it stands.
//!
//! Nodes of all files live in one arena; a [`Node`] is a cursor into it, cheap to copy, that knows its parent. Nothing
//! here knows AsyncAPI.

use std::hash::{Hash, Hasher};

use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use crate::sources::{FileId, Span};

pub(crate) mod fault;
pub(crate) mod json;
pub(crate) mod scalar;
pub(crate) mod yaml;

/// Nodes deeper than this are refused: nobody writes them by hand, and everything that walks the tree may recurse.
pub(crate) const MAX_DEPTH: usize = 128;
/// More nodes than this are refused, aliases counted as often as they are used (a "billion laughs" document).
pub(crate) const MAX_NODES: usize = 1_000_000;
/// Larger files are refused.
pub(crate) const MAX_BYTES: usize = 32 << 20;

/// The nodes of all files.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    nodes: Vec<Data>,
}

#[derive(Clone, Debug)]
struct Data {
    kind: Kind,
    span: Span,
    parent: Option<u32>,
    /// Which of the parent's children it is.
    place: u32,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<u32>),
    Object(IndexMap<String, Member>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    key: Span,
    value: u32,
}

impl Arena {
    pub(crate) fn is_full(&self) -> bool {
        self.nodes.len() >= MAX_NODES
    }

    /// Adds a node; its children must be there already.
    pub(crate) fn add(&mut self, kind: Kind, span: Span) -> u32 {
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        match &kind {
            Kind::Array(items) => {
                for (place, &item) in (0..).zip(items) {
                    self.adopt(item, id, place);
                }
            }
            Kind::Object(members) => {
                for (place, member) in (0..).zip(members.values()) {
                    self.adopt(member.value, id, place);
                }
            }
            _ => {}
        }
        self.nodes.push(Data { kind, span, parent: None, place: 0 });
        id
    }

    fn adopt(&mut self, child: u32, parent: u32, place: u32) {
        let child = &mut self.nodes[child as usize];
        (child.parent, child.place) = (Some(parent), place);
    }

    /// Copies a subtree (an alias); `None` where there is no room for it.
    pub(crate) fn copy(&mut self, id: u32) -> Option<u32> {
        if self.is_full() {
            return None;
        }
        let Data { kind, span, .. } = self.nodes[id as usize].clone();
        let kind = match kind {
            Kind::Array(items) => {
                Kind::Array(items.into_iter().map(|item| self.copy(item)).collect::<Option<Vec<_>>>()?)
            }
            Kind::Object(mut members) => {
                for member in members.values_mut() {
                    member.value = self.copy(member.value)?;
                }
                Kind::Object(members)
            }
            scalar => scalar,
        };
        Some(self.add(kind, span))
    }

    pub(crate) fn node(&self, id: u32) -> Node<'_> {
        Node { arena: self, id }
    }

    pub(crate) fn member(key: Span, value: u32) -> Member {
        Member { key, value }
    }

    pub(crate) fn depth(&self, id: u32) -> usize {
        match &self.nodes[id as usize].kind {
            Kind::Array(items) => 1 + items.iter().map(|&item| self.depth(item)).max().unwrap_or(0),
            Kind::Object(members) => 1 + members.values().map(|member| self.depth(member.value)).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl Member {
    pub(crate) fn key(&self) -> Span {
        self.key
    }
}

/// A node: a cursor into the arena.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    arena: &'a Arena,
    id: u32,
}

/// Two nodes are equal if they are the same node, not if they look alike.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Node<'_> {}

impl Hash for Node<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

impl<'a> Node<'a> {
    fn data(self) -> &'a Data {
        &self.arena.nodes[self.id as usize]
    }

    /// Its number in the arena.
    pub(crate) fn id(self) -> u32 {
        self.id
    }

    pub(crate) fn kind(self) -> &'a Kind {
        &self.data().kind
    }

    pub(crate) fn span(self) -> Span {
        self.data().span
    }

    /// Where to point at this node in a few words: its key, or the node itself where it has none.
    pub(crate) fn name_span(self) -> Span {
        let key = self.parent().and_then(|parent| match parent.kind() {
            Kind::Object(members) => Some(members.get_index(self.data().place as usize)?.1.key),
            _ => None,
        });
        key.unwrap_or_else(|| self.span())
    }

    pub(crate) fn file(self) -> FileId {
        self.data().span.file
    }

    pub(crate) fn parent(self) -> Option<Node<'a>> {
        Some(self.arena.node(self.data().parent?))
    }

    /// The member of that name, if this is an object that has it.
    pub(crate) fn get(self, key: &str) -> Option<Node<'a>> {
        match self.kind() {
            Kind::Object(members) => Some(self.arena.node(members.get(key)?.value)),
            _ => None,
        }
    }

    /// Where the key of that name stands.
    pub(crate) fn key_span(self, key: &str) -> Option<Span> {
        match self.kind() {
            Kind::Object(members) => Some(members.get(key)?.key),
            _ => None,
        }
    }

    /// The members of an object, in document order; nothing for anything else.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a str, Span, Node<'a>)> {
        let members = match self.kind() {
            Kind::Object(members) => Some(members),
            _ => None,
        };
        members
            .into_iter()
            .flatten()
            .map(move |(key, member)| (key.as_str(), member.key, self.arena.node(member.value)))
    }

    /// The items of an array; nothing for anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Node<'a>> {
        let items = match self.kind() {
            Kind::Array(items) => items.as_slice(),
            _ => &[],
        };
        items.iter().map(move |&item| self.arena.node(item))
    }

    pub(crate) fn as_str(self) -> Option<&'a str> {
        match self.kind() {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn as_number(self) -> Option<&'a Number> {
        match self.kind() {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A whole number that is not negative (`1.0` counts).
    pub(crate) fn as_u64(self) -> Option<u64> {
        let number = self.as_number()?;
        number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            (float >= 0.0 && float.fract() == 0.0 && float <= 9_007_199_254_740_991.0).then_some(float as u64)
        })
    }

    pub(crate) fn is_object(self) -> bool {
        matches!(self.kind(), Kind::Object(_))
    }

    pub(crate) fn is_array(self) -> bool {
        matches!(self.kind(), Kind::Array(_))
    }

    /// The text of a member that is a string.
    pub(crate) fn text(self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// `object`, `string` …: what the node is, in words.
    pub(crate) fn type_name(self) -> &'static str {
        match self.kind() {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
        }
    }

    pub(crate) fn to_json(self) -> Value {
        match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::String(text) => Value::String(text.clone()),
            Kind::Array(_) => Value::Array(self.items().map(Node::to_json).collect()),
            Kind::Object(_) => {
                let members = self.members().map(|(key, _, node)| (key.to_owned(), node.to_json()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    /// The key or index under which the parent has this node.
    pub(crate) fn token(self) -> Option<String> {
        let parent = self.parent()?;
        let place = self.data().place;
        match parent.kind() {
            Kind::Array(_) => Some(place.to_string()),
            Kind::Object(members) => members.get_index(place as usize).map(|(key, _)| key.clone()),
            _ => None,
        }
    }

    /// The JSON Pointer of this node in its file.
    pub(crate) fn pointer(self) -> String {
        let mut tokens = Vec::new();
        let mut node = self;
        while let (Some(token), Some(parent)) = (node.token(), node.parent()) {
            tokens.push(token.replace('~', "~0").replace('/', "~1"));
            node = parent;
        }
        tokens.iter().rev().fold(String::new(), |pointer, token| pointer + "/" + token)
    }

    /// The member or item that a token of a JSON Pointer names.
    pub(crate) fn child(self, token: &str) -> Option<Node<'a>> {
        match self.kind() {
            Kind::Object(_) => self.get(token),
            Kind::Array(items) => {
                token.parse::<usize>().ok().and_then(|index| items.get(index)).map(|&id| self.arena.node(id))
            }
            _ => None,
        }
    }

    /// The node a JSON Pointer leads to, or the last node on the way and the token that it does not have.
    pub(crate) fn follow(self, pointer: &str) -> Result<Node<'a>, (Node<'a>, String)> {
        let mut node = self;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            node = node.child(&token).ok_or((node, token))?;
        }
        Ok(node)
    }
}
