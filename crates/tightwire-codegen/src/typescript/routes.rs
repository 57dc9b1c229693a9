//! `routes.ts`: the URL at which a client connects, and the headers with which it does, by path.
//!
//! There for documents that name parameters of the handshake: of the path, or of the query and the headers of a WebSocket
//! binding. What is the same for all of them, and what the server reads, stands in `handshake.ts`.

use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;

use super::checks::Checks;
use super::names::{Names, camel, pascal, shouty, string};
use super::writer::{Brackets, Writer};
use crate::config::Config;
use crate::error::Error;
use crate::handshakes::{self, Handshake, Kind, Parameter, Place};

/// `handshake.ts`, after its preamble.
pub(super) const HANDSHAKE: &str = include_str!("handshake.ts");

/// The places that a URL has.
const IN_URL: [Place; 2] = [Place::Path, Place::Query];

/// The routes of a protocol.
pub(super) struct Routes<'ir> {
    routes: Vec<Route<'ir>>,
}

/// A path, and what is declared for it.
struct Route<'ir> {
    handshake: Handshake<'ir>,
    /// The function that makes its URL, and the type of what that takes.
    url: Made,
    /// The function that makes its headers, and the type of what that takes.
    headers: Made,
}

/// A function that makes a part of the handshake.
struct Made {
    function: String,
    /// The type of the parameters; `None` where there are none.
    argument: Option<(String, Schema)>,
    /// Whether nothing has to be given.
    optional: bool,
}

impl<'ir> Routes<'ir> {
    /// The routes of a document; none where it names no parameters.
    pub(super) fn new(ir: &'ir Ir, config: &Config, names: &mut Names) -> Self {
        let routes = handshakes::of(ir, config).into_iter().map(|handshake| {
            let at = if handshake.path.is_empty() { String::new() } else { format!(" at `{}`", handshake.path) };
            let name = pascal(&handshake.name);
            let mut text = format!("What a client says in the URL when it connects{at}.");
            if let Some(description) = &handshake.description {
                text.push_str("\n\n");
                text.push_str(description.trim());
            }
            let url = made(&handshake, &IN_URL, "Url", format!("{name}Handshake"), text, names);
            let text = format!("The headers with which a client connects{at}.");
            let headers = made(&handshake, &[Place::Header], "Headers", format!("{name}Headers"), text, names);
            Route { handshake, url, headers }
        });
        Self { routes: routes.collect() }
    }

    /// The types of the parameters.
    pub(super) fn types(&self) -> Vec<(String, Schema)> {
        self.routes
            .iter()
            .flat_map(|route| [&route.url, &route.headers])
            .filter_map(|made| made.argument.clone())
            .collect()
    }

    /// Writes `routes.ts`; nothing for a document without parameters.
    pub(super) fn emit(&self, ir: &Ir, names: &Names, preamble: &str) -> Result<Option<String>, Error> {
        if self.routes.is_empty() {
            return Ok(None);
        }
        let mut checks = Checks::new(ir, names);
        let mut body = Writer::default();
        let mut functions = vec!["type RouteInfo".to_owned(), "urlOf".to_owned()];
        for route in &self.routes {
            let constant = route.constant(ir, &mut checks)?;
            route.url(&constant, &mut body);
            if route.headers.argument.is_some() {
                functions.push("headersOf".to_owned());
                route.headers(&constant, &mut body);
            }
        }
        let imports = checks.imports();
        let mut w = Writer::new(preamble);
        w.gap();
        w.import("import", imports.formats, "./formats.js");
        w.import("import", functions, "./handshake.js");
        let types = self.types().into_iter().map(|(name, _)| name).collect();
        w.import("import type", types, "./models.js");
        let only_types = imports.report.iter().all(|name| name.starts_with("type "));
        let (keyword, report) = if only_types {
            ("import type", imports.report.iter().map(|name| name.replacen("type ", "", 1)).collect())
        } else {
            ("import", imports.report)
        };
        w.import(keyword, report, "./report.js");
        w.import("import", imports.runtime, "./runtime.js");
        w.append(body);
        w.append(checks.finish());
        Ok(Some(w.finish()))
    }
}

fn made(
    handshake: &Handshake<'_>,
    places: &[Place],
    suffix: &str,
    type_name: String,
    docs: String,
    names: &mut Names,
) -> Made {
    let function = names.claim(&camel(&format!("{}{suffix}", handshake.name)), "Of");
    let mut object = handshake.object_of(places);
    let filled_in = handshake.parameters.iter().filter(|one| places.contains(&one.place) && fallback(one).is_some());
    filled_in.for_each(|one| object.required.retain(|key| *key != one.key));
    let optional = object.required.is_empty();
    object.description = Some(docs);
    let is_empty = object.properties.is_empty();
    let argument = (!is_empty).then(|| (names.claim(&type_name, "Parameters"), Schema::Object(Box::new(object))));
    Made { function, argument, optional }
}

/// What stands in the path where a client does not give the parameter.
fn fallback(parameter: &Parameter) -> Option<&str> {
    match &parameter.schema {
        Schema::Object(schema) if parameter.place == Place::Path => schema.default.as_ref()?.as_str(),
        _ => None,
    }
}

impl Route<'_> {
    /// The function that makes the URL.
    fn url(&self, constant: &str, w: &mut Writer) {
        let path = self.handshake.path;
        let at = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
        let refused =
            if self.url.argument.is_some() { " A parameter that the server would refuse is a RangeError." } else { "" };
        let base = if path.is_empty() {
            "`base` is the server's URL, with the path."
        } else if path.contains('{') {
            "`base` is the server's address, for instance `wss://example.com`."
        } else {
            "`base` is the server's address, for instance `wss://example.com`; the path may stand in it already."
        };
        w.gap();
        w.docs([format!("The URL with which a client connects{at}. {base}{refused}")]);
        let (argument, value) = self.url.argument("parameters");
        let separator = if argument.is_empty() { "" } else { ", " };
        w.block(
            format!("export function {}(base: string{separator}{argument}): string {{", self.url.function),
            "}",
            |w| {
                w.line(format!("return urlOf({constant}, base, {value});"));
            },
        );
    }

    /// The function that makes the headers.
    fn headers(&self, constant: &str, w: &mut Writer) {
        let path = self.handshake.path;
        let at = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
        w.gap();
        w.docs([
            format!("The headers with which a client connects{at}. One that the server would refuse is a RangeError."),
            "For clients that can set headers: the `WebSocket` of browsers cannot.".to_owned(),
        ]);
        let (argument, value) = self.headers.argument("headers");
        w.block(
            format!("export function {}({argument}): Record<string, string> {{", self.headers.function),
            "}",
            |w| {
                w.line(format!("return headersOf({constant}, {value});"));
            },
        );
    }

    /// What the document says of the parameters, as a constant of the output; gives back its name.
    fn constant(&self, ir: &Ir, checks: &mut Checks<'_>) -> Result<String, Error> {
        let handshake = &self.handshake;
        checks.at(format!("the handshake at {}", handshake.path));
        let mut members = Vec::new();
        for (place, schema) in handshakes::places(ir, handshake.route) {
            let hint = format!("{}{}", pascal(&handshake.name), pascal(place.as_str()));
            members.extend(checks.check(&schema, &hint)?.map(|check| format!("{}: {check}", place.as_str())));
        }
        let parameters: Vec<String> = handshake.parameters.iter().map(info).collect();
        Ok(checks.constant(&format!("{}_ROUTE", shouty(&handshake.name)), |name, w| {
            w.block(format!("const {name}: RouteInfo = {{"), "};", |w| {
                w.line(format!("path: {},", string(handshake.path)));
                w.list("parameters: ", Brackets::Squares, &parameters, ",");
                w.list("checks: ", Brackets::Braces, &members, ",");
            });
        }))
    }
}

impl Made {
    /// The argument of the function, and the value that it hands on.
    fn argument<'a>(&self, name: &'a str) -> (String, &'a str) {
        let default = if self.optional { " = {}" } else { "" };
        match &self.argument {
            Some((type_name, _)) => (format!("{name}: {type_name}{default}"), name),
            None => (String::new(), "{}"),
        }
    }
}

/// A parameter as `handshake.ts` wants to know it.
fn info(parameter: &Parameter) -> String {
    let fallback = fallback(parameter).map_or_else(String::new, |text| format!(", fallback: {}", string(text)));
    format!(
        "{{ place: \"{}\", name: {}, key: {}, kinds: {}{fallback} }}",
        parameter.place.as_str(),
        string(&parameter.name),
        string(&parameter.key),
        kinds(&parameter.kinds),
    )
}

fn kinds(list: &[Kind]) -> String {
    let kinds = list.iter().map(|kind| match kind {
        Kind::Boolean => "\"boolean\"".to_owned(),
        Kind::Number => "\"number\"".to_owned(),
        Kind::Object => "\"object\"".to_owned(),
        Kind::Null => "\"null\"".to_owned(),
        Kind::String => "\"string\"".to_owned(),
        Kind::Array(items) => kinds(items),
    });
    format!("[{}]", kinds.collect::<Vec<_>>().join(", "))
}
