//! The page at `/docs`: what the protocol has, from the contract that the server was built with.

use std::fmt::{self, Display, Write};

use serde_json::Value;
use tightwire_proto::contract::{Contract, Delivery, Heartbeat, Limits, MessageInfo};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;\
vertical-align:top}th{background:#f4f4f4}code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f7f7f7;padding:.8rem;\
overflow:auto}summary{cursor:pointer}";

/// Text in HTML.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// What the page is about.
pub(super) struct Subject<'a> {
    pub(super) contract: &'a Contract,
    /// Those in force.
    pub(super) limits: &'a Limits,
    pub(super) heartbeat: &'a Heartbeat,
    /// Whether the document is to be had.
    pub(super) has_document: bool,
}

/// Writes the page.
pub(super) fn write(subject: &Subject<'_>) -> String {
    let mut html = String::new();
    // Writing to memory cannot fail.
    let _ = page(&mut html, subject);
    html
}

fn page(html: &mut String, subject: &Subject<'_>) -> fmt::Result {
    let Subject { contract, limits, heartbeat, has_document } = *subject;
    let bundle: Value = serde_json::from_str(contract.schema_bundle).unwrap_or_default();
    let (title, version) = (Escaped(contract.title), Escaped(contract.version));
    write!(html, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} {version}</title>")?;
    write!(html, "<meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>")?;
    write!(html, "<h1>{title} <small>{version}</small></h1>")?;
    if let Some(description) = bundle["description"].as_str() {
        write!(html, "<p>{}</p>", Escaped(description))?;
    }
    if has_document {
        html.push_str("<p>The document that all of this comes from: <a href=\"asyncapi.yml\">asyncapi.yml</a>.</p>");
    }
    let routes =
        contract.routes.iter().map(|route| [route.path.to_owned(), names(route.to_server), names(route.to_client)]);
    table(html, "Where clients connect", ["path", "from clients", "from the server"], routes)?;
    let channels = contract.channels.iter().map(|channel| [channel.address.to_owned(), channel.id.to_owned()]);
    table(html, "Channels", ["topic", "name in the document"], channels)?;
    messages(html, "Messages from clients", contract.to_server, &bundle, "to_server")?;
    messages(html, "Messages from the server", contract.to_client, &bundle, "to_client")?;
    schemas(html, &bundle)?;
    let codes = contract.close_codes.iter().map(|code| {
        let reconnect = if code.reconnect { "yes" } else { "no" };
        [code.code.to_string(), code.name.to_owned(), code.meaning.to_owned(), reconnect.to_owned()]
    });
    table(html, "Close codes", ["code", "name", "meaning", "reconnect"], codes)?;
    let rows = limit_rows(limits, heartbeat).map(|(name, value)| [name.to_owned(), value.to_string()]);
    table(html, "Limits in force", ["limit", "value"], rows.into_iter())?;
    html.push_str("</body></html>\n");
    Ok(())
}

fn names(names: &[&str]) -> String {
    names.join(", ")
}

/// Nothing, if there are no rows.
fn table<const N: usize>(
    html: &mut String,
    title: &str,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> fmt::Result {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    write!(html, "<h2>{}</h2><table><tr>", Escaped(title))?;
    for cell in head {
        write!(html, "<th>{}</th>", Escaped(cell))?;
    }
    html.push_str("</tr>");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            write!(html, "<td>{}</td>", Escaped(&cell))?;
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
    Ok(())
}

fn messages(html: &mut String, title: &str, messages: &[MessageInfo], bundle: &Value, direction: &str) -> fmt::Result {
    write!(html, "<h2>{}</h2>", Escaped(title))?;
    for message in messages {
        write!(html, "<h3><code>{}</code></h3>", Escaped(message.wire_type))?;
        let delivery = match message.delivery {
            Delivery::Durable => "Kept for replay.",
            Delivery::Latest => "Kept for replay; only the newest per key matters.",
            Delivery::Ephemeral => "Not kept; may be dropped for a slow client.",
            Delivery::Control => "",
        };
        // Frames are found by `type`; without an envelope by the message's key.
        let by = &bundle["x-messages"][direction];
        let reference = by[message.wire_type]["$ref"].as_str().or_else(|| by[message.id]["$ref"].as_str());
        let schema = reference.and_then(|reference| bundle.pointer(reference.strip_prefix('#')?));
        let description = schema.and_then(|schema| schema["description"].as_str()).unwrap_or_default();
        let about = [description.trim(), delivery].map(Escaped);
        if about.iter().any(|text| !text.0.is_empty()) {
            write!(html, "<p>{} {}</p>", about[0], about[1])?;
        }
        if let Some(schema) = schema {
            details(html, "Frame", schema)?;
        }
    }
    Ok(())
}

/// What the schemas of messages refer to.
fn schemas(html: &mut String, bundle: &Value) -> fmt::Result {
    let messages =
        bundle["x-messages"].as_object().into_iter().flatten().filter_map(|(_, by)| by.as_object()).flatten();
    let frames: Vec<&str> = messages.filter_map(|(_, message)| message["$ref"].as_str()?.rsplit('/').next()).collect();
    let definitions = bundle["definitions"].as_object().into_iter().flatten();
    let mut others = definitions.filter(|(name, _)| !frames.contains(&name.as_str())).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    html.push_str("<h2>Schemas</h2>");
    others.try_for_each(|(name, schema)| details(html, name, schema))
}

fn details(html: &mut String, summary: &str, schema: &Value) -> fmt::Result {
    let (summary, schema) = (Escaped(summary), format!("{schema:#}"));
    write!(html, "<details><summary>{summary}</summary><pre>{}</pre></details>", Escaped(&schema))
}

fn limit_rows(limits: &Limits, heartbeat: &Heartbeat) -> [(&'static str, u64); 13] {
    [
        ("max_message_bytes", limits.max_message_bytes),
        ("max_frame_bytes", limits.max_frame_bytes),
        ("messages_per_second", limits.messages_per_second),
        ("message_burst", limits.message_burst),
        ("connections", limits.connections),
        ("subscriptions_per_connection", limits.subscriptions_per_connection),
        ("outbound_queue_frames", limits.outbound_queue_frames),
        ("outbound_queue_bytes", limits.outbound_queue_bytes),
        ("idle_timeout_ms", limits.idle_timeout_ms),
        ("replay_frames", limits.replay_frames),
        ("replay_age_ms", limits.replay_age_ms),
        ("ping_interval_ms", heartbeat.ping_interval_ms),
        ("pong_timeout_ms", heartbeat.pong_timeout_ms),
    ]
}

#[cfg(test)]
mod tests {
    use tightwire_proto::contract::{ChannelInfo, CloseCodeInfo};

    use super::*;

    #[test]
    fn texts_of_the_document_are_texts() {
        let contract = Contract {
            title: "<script>alert('a & b')</script>",
            version: "1",
            to_client: &[MessageInfo { wire_type: "note", id: "note", delivery: Delivery::Durable, session: None }],
            channels: &[ChannelInfo { id: "room", address: "room:{name}" }],
            close_codes: &[CloseCodeInfo {
                code: 4408,
                name: "pong_timeout",
                meaning: "No \"pong\".",
                reconnect: true,
            }],
            schema_bundle: r##"{"description": "a < b", "x-messages": {"to_client": {"note": {"$ref": "#/definitions/N"}}},
                "definitions": {"N": {"description": "A note."}}}"##,
            ..Contract::EMPTY
        };
        let limits = Limits { connections: 77, ..Limits::DEFAULT };
        let heartbeat = &contract.heartbeat;
        let page = write(&Subject { contract: &contract, limits: &limits, heartbeat, has_document: false });
        for part in [
            "<h1>&lt;script&gt;alert(&#39;a &amp; b&#39;)&lt;/script&gt; <small>1</small></h1>",
            "<p>a &lt; b</p>",
            "<td>room:{name}</td><td>room</td>",
            "<h3><code>note</code></h3><p>A note. Kept for replay.</p>",
            "&quot;description&quot;: &quot;A note.&quot;",
            "<td>4408</td><td>pong_timeout</td><td>No &quot;pong&quot;.</td><td>yes</td>",
            "<td>connections</td><td>77</td>",
        ] {
            assert!(page.contains(part), "{page} lacks {part}");
        }
        assert!(!page.contains("<script") && !page.contains("Where clients connect") && !page.contains("asyncapi.yml"));
    }
}
