//! What a connection lives under: the envelope, errors, close codes, heartbeat and limits.

use maud::{Markup, html};
use tightwire_spec::ir::{Envelope, Ir, LIMITS, SessionRole};

use super::anchors::{Anchors, Kind};
use super::messages::name;

/// What every frame carries.
pub(super) fn envelope(ir: &Ir) -> Markup {
    let Some(Envelope::V1) = ir.envelope else { return Markup::default() };
    let rows = [
        ("v", "The version of the envelope: 1."),
        ("id", "Identity of the frame, a UUID."),
        ("type", "The message's name, as below."),
        ("topic", "What the frame is about: the address of a channel."),
        ("ts", "When the sender made the frame, in milliseconds since the Unix epoch."),
        ("correlation_id", "The id of the frame that this one answers."),
        ("seq", "Position in the topic's log, of frames that are kept."),
        ("epoch", "Changes when the topic's log was lost or rebuilt."),
        ("data", "What the message says: its own properties."),
    ];
    html! {
        section #envelope {
            h2 { "The envelope" }
            p { "Every frame is a JSON object in the same envelope. Each message says which of these it has." }
            table {
                caption { "Properties of the envelope" }
                thead { tr { th scope="col" { "Property" } th scope="col" { "Meaning" } } }
                tbody { @for (name, meaning) in rows { tr { th scope="row" { code { (name) } } td { (meaning) } } } }
            }
        }
    }
}

pub(super) fn errors<'ir>(ir: &'ir Ir, anchors: &Anchors<'ir>) -> Markup {
    let error = ir.messages.values().find(|message| message.session == Some(SessionRole::Error));
    html! {
        section #errors {
            h2 { "Errors and close codes" }
            @match error {
                Some(message) => p {
                    "What was wrong with a frame is told in "
                    (anchors.link(Kind::Message, &message.id, name(message)))
                    ", whose " code { "correlation_id" } " is the frame's " code { "id" } "."
                },
                None => p { "A connection ends with one of these codes and a reason (RFC 6455, section 7.4)." },
            }
            @if !ir.close_codes.is_empty() {
                table.wide {
                    caption { "Codes with which a connection is closed" }
                    thead {
                        tr {
                            th scope="col" { "Code" } th scope="col" { "Name" } th scope="col" { "Meaning" }
                            th scope="col" { "Reconnect" }
                        }
                    }
                    tbody {
                        @for code in &ir.close_codes {
                            tr.entry id={ "close-" (code.code) } {
                                th scope="row" { code { (code.code) } }
                                td { code { (code.name) } }
                                td { (code.meaning) }
                                td { @if code.reconnect { "yes" } @else { "no" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The column of those in force is the script's to fill.
pub(super) fn limits(ir: &Ir) -> Markup {
    let heartbeat = ir.heartbeat;
    let rows = LIMITS.into_iter().map(|name| (name, ir.limits.get(name).copied())).chain([
        ("ping_interval_ms", heartbeat.map(|heartbeat| heartbeat.ping_interval_ms)),
        ("pong_timeout_ms", heartbeat.map(|heartbeat| heartbeat.pong_timeout_ms)),
    ]);
    html! {
        section #limits {
            h2 { "Limits and heartbeat" }
            p { "What a server has unless its settings say otherwise." }
            table.wide {
                caption { "Limits" }
                thead {
                    tr { th scope="col" { "Limit" } th scope="col" { "In the contract" } th scope="col" hidden { "In force" } }
                }
                tbody {
                    @for (name, value) in rows {
                        tr.entry id={ "limit-" (name) } data-limit=(name) {
                            th scope="row" { code { (name) } }
                            td { @match value { Some(value) => (value), None => "as the server has it" } }
                        }
                    }
                }
            }
        }
    }
}
