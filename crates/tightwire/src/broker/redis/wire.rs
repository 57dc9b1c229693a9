//! How a frame is written in Redis, and read again: by name, so that other programs can read it too.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use redis::{Cmd, Value};
use tightwire_proto::contract::{Contract, Delivery};
use tightwire_proto::envelope::{Head, Publication, Stamp};
use tightwire_proto::flat;
use tightwire_proto::frame::{OutboundFrame, Position, Tag};
use uuid::Uuid;

use super::answer::{self, Unexpected};

/// What is published.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// With an envelope, which it is given where it is read.
    Enveloped(Publication),
    /// As it is.
    Flat(OutboundFrame),
}

/// Reads frames.
#[derive(Debug)]
pub(super) struct Reader {
    /// Names of types that need not be kept again for each frame.
    types: HashMap<&'static str, &'static str>,
}

/// An entry of a shard's stream.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) topic: &'a str,
    form: &'a str,
    /// None if it is not kept for replay.
    pub(super) position: Option<(&'a str, u64)>,
    fields: Fields<'a>,
}

/// What entries of streams and of histories have both.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    id: &'a str,
    ts: u64,
    correlation_id: &'a str,
    wire_type: &'a str,
    delivery: &'a str,
    data: &'a [u8],
}

impl Content {
    pub(super) fn topic(&self) -> &Arc<str> {
        match self {
            Self::Enveloped(publication) => &publication.head().topic,
            Self::Flat(frame) => &frame.tag().topic,
        }
    }

    pub(super) fn is_replayable(&self) -> bool {
        matches!(self, Self::Enveloped(publication) if publication.is_replayable())
    }

    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Enveloped(publication) => publication.data().len() + 400,
            Self::Flat(frame) => frame.payload().len() + 400,
        }
    }

    /// Adds form, topic, id, ts, correlation_id, type, delivery and data to a call.
    pub(super) fn write(&self, call: &mut Cmd) {
        let (form, tag, ts, data) = match self {
            Self::Enveloped(publication) => {
                let Head { stamp, wire_type, topic, delivery, .. } = publication.head();
                let tag = (topic, stamp.id, stamp.correlation_id, wire_type, *delivery);
                ("envelope", tag, stamp.unix_ms, &**publication.data())
            }
            Self::Flat(frame) => {
                let Tag { id, wire_type, topic, correlation_id, delivery, .. } = frame.tag();
                ("flat", (topic, *id, *correlation_id, wire_type, *delivery), 0, frame.payload())
            }
        };
        let (topic, id, correlation_id, wire_type, delivery) = tag;
        let (mut id_text, mut correlation_text) = (Uuid::encode_buffer(), Uuid::encode_buffer());
        call.arg(form)
            .arg(&**topic)
            .arg(&*id.hyphenated().encode_lower(&mut id_text))
            .arg(ts)
            .arg(&*correlation_id.hyphenated().encode_lower(&mut correlation_text))
            .arg(&**wire_type)
            .arg(delivery_name(delivery))
            .arg(data);
    }
}

impl Reader {
    pub(super) fn new(contract: &'static Contract) -> Self {
        Self { types: contract.to_client.iter().map(|message| (message.wire_type, message.wire_type)).collect() }
    }

    /// The frame of an entry of a stream. `topic` is the entry's, `epoch` that of its position.
    pub(super) fn frame(
        &self,
        entry: &Entry<'_>,
        topic: &Arc<str>,
        epoch: &Arc<str>,
    ) -> Result<OutboundFrame, Unexpected> {
        let position = entry.position.map(|(_, seq)| Position { epoch: Arc::clone(epoch), seq });
        if entry.form == "flat" {
            let head = self.head(&entry.fields, topic)?;
            let tag = Tag {
                id: head.stamp.id,
                wire_type: head.wire_type,
                topic: head.topic,
                correlation_id: head.stamp.correlation_id,
                delivery: head.delivery,
                heartbeat: false,
            };
            return Ok(flat::of_json(tag, entry.fields.data));
        }
        self.enveloped(&entry.fields, topic, position)
    }

    /// A frame of a topic's history: name of the entry, and its fields.
    pub(super) fn kept(&self, entry: &Value, topic: &Arc<str>, epoch: &Arc<str>) -> Result<OutboundFrame, Unexpected> {
        let [name, fields] = answer::array(entry)?;
        let (seq, _) = answer::text(name)?.split_once('-').ok_or(Unexpected)?;
        let position = Position { epoch: Arc::clone(epoch), seq: seq.parse().map_err(|_| Unexpected)? };
        let mut found = Fields::default();
        for (name, value) in answer::pairs(fields)? {
            found.read(answer::text(name)?, value)?;
        }
        self.enveloped(&found, topic, Some(position))
    }

    fn enveloped(
        &self,
        fields: &Fields<'_>,
        topic: &Arc<str>,
        position: Option<Position>,
    ) -> Result<OutboundFrame, Unexpected> {
        let head = self.head(fields, topic)?;
        Ok(Publication::of_json(head, Bytes::copy_from_slice(fields.data)).finish(position))
    }

    fn head(&self, fields: &Fields<'_>, topic: &Arc<str>) -> Result<Head, Unexpected> {
        let uuid = |text| Uuid::try_parse(text).map_err(|_| Unexpected);
        let wire_type = match self.types.get(fields.wire_type) {
            Some(known) => Cow::Borrowed(*known),
            None if fields.wire_type.is_empty() => return Err(Unexpected),
            None => Cow::Owned(fields.wire_type.to_owned()),
        };
        Ok(Head {
            stamp: Stamp { id: uuid(fields.id)?, unix_ms: fields.ts, correlation_id: uuid(fields.correlation_id)? },
            wire_type,
            topic: Arc::clone(topic),
            delivery: delivery(fields.delivery)?,
            heartbeat: false,
        })
    }
}

impl<'a> Entry<'a> {
    /// The id of its frame.
    pub(super) fn id(&self) -> &'a str {
        self.fields.id
    }

    /// Reads what an entry has.
    pub(super) fn read(fields: &'a Value) -> Result<Self, Unexpected> {
        let mut entry = Self { topic: "", form: "", position: None, fields: Fields::default() };
        let (mut epoch, mut seq) = ("", None);
        for (name, value) in answer::pairs(fields)? {
            match answer::text(name)? {
                "form" => entry.form = answer::text(value)?,
                "topic" => entry.topic = answer::text(value)?,
                "epoch" => epoch = answer::text(value)?,
                "seq" if answer::bytes(value)?.is_empty() => {}
                "seq" => seq = Some(answer::number(value)?),
                name => entry.fields.read(name, value)?,
            }
        }
        entry.position = seq.map(|seq| (epoch, seq));
        Ok(entry)
    }

    /// About how much it takes.
    pub(super) fn size(&self) -> usize {
        self.fields.data.len() + 400
    }
}

impl<'a> Fields<'a> {
    /// What is not known was written by a later version.
    fn read(&mut self, name: &str, value: &'a Value) -> Result<(), Unexpected> {
        match name {
            "id" => self.id = answer::text(value)?,
            "ts" => self.ts = answer::number(value)?,
            "correlation_id" => self.correlation_id = answer::text(value)?,
            "type" => self.wire_type = answer::text(value)?,
            "delivery" => self.delivery = answer::text(value)?,
            "data" => self.data = answer::bytes(value)?,
            _ => {}
        }
        Ok(())
    }
}

fn delivery_name(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Durable => "durable",
        Delivery::Latest => "latest",
        Delivery::Ephemeral => "ephemeral",
        Delivery::Control => "control",
    }
}

fn delivery(name: &str) -> Result<Delivery, Unexpected> {
    match name {
        "durable" => Ok(Delivery::Durable),
        "latest" => Ok(Delivery::Latest),
        "ephemeral" => Ok(Delivery::Ephemeral),
        "control" => Ok(Delivery::Control),
        _ => Err(Unexpected),
    }
}
