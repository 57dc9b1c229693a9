//! The parameters of a handshake: what stands in the path, the query and the headers of the request with which a client
//! connects.
//!
//! All of it is text. What a text stands for follows from the parameter's schema: where that allows a Boolean, `true` is
//! one. The values are then judged by the schemas of the bundle (`x-handshake`), as the document has them: the server
//! judges what arrived, the client what it is about to send. Generated code holds one [`Handshakes`] per protocol.

mod text;

use std::sync::OnceLock;

use jsonschema::Validator;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::inbound::Violation;
use crate::reference::{build, integral, push_segment, violations_of};

/// Where a parameter stands in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path: `/v1/marketdata/{symbol}`.
    Path,
    /// In the query.
    Query,
    /// In a header, whose name may be written in any case.
    Header,
}

/// What a text may stand for. Of several, the text is the first in this order that it can be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A number of JSON.
    Number,
    /// An object, written as JSON.
    Object,
    /// `null`, or nothing.
    Null,
    /// The text itself.
    String,
    /// A list of such: in the query the parameter is repeated, in a header there are commas between.
    Array(&'static [Self]),
}

/// A parameter that the document names.
#[derive(Clone, Copy, Debug)]
pub struct ParameterInfo {
    /// Where it stands.
    pub place: Place,
    /// Its name there.
    pub name: &'static str,
    /// The name of its property in the JSON form of the generated struct.
    pub key: &'static str,
    /// What its text may stand for.
    pub kinds: &'static [Kind],
}

/// What the document says of the handshake at one path.
#[derive(Clone, Copy, Debug)]
pub struct RouteParameters {
    /// The path, as `x-handshake` of the bundle has it; empty where the server's settings name it.
    pub path: &'static str,
    /// The parameters.
    pub parameters: &'static [ParameterInfo],
}

/// The texts of a request, by name.
#[derive(Clone, Debug, Default)]
pub struct Texts<'a> {
    /// The path's parameters, decoded.
    pub path: Vec<(&'a str, &'a str)>,
    /// The query, decoded, in its order.
    pub query: Vec<(&'a str, &'a str)>,
    /// The headers.
    pub headers: Vec<(&'a str, &'a str)>,
}

/// The texts of a request that a client is about to send; not encoded yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The path's parameters.
    pub path: Vec<(&'static str, String)>,
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
}

/// The parameters of all routes of a protocol, with the validators for them, built when the first request needs them.
#[derive(Debug)]
pub struct Handshakes {
    bundle: &'static str,
    routes: &'static [RouteParameters],
    validators: OnceLock<Result<Vec<Validators>, String>>,
}

#[derive(Debug)]
struct Validators {
    path: Option<Validator>,
    query: Option<Validator>,
    headers: Option<Validator>,
}

impl Handshakes {
    /// The handshakes of the protocol whose schema bundle is `bundle`; `routes` in the contract's order.
    #[must_use]
    pub const fn new(bundle: &'static str, routes: &'static [RouteParameters]) -> Self {
        Self { bundle, routes, validators: OnceLock::new() }
    }

    /// Builds the validators now rather than with the first request. For the start of a server.
    ///
    /// # Errors
    /// Why the bundle cannot be used. A generated one always can.
    pub fn prepare(&self) -> Result<(), &str> {
        self.validators().map(drop)
    }

    /// The parameters of a request at the route with that index, as the generated struct.
    ///
    /// # Errors
    /// What the request violates. The pointers begin with `path`, `query` or `header`; no value is repeated.
    pub fn read<T: DeserializeOwned>(&self, route: usize, texts: &Texts<'_>) -> Result<T, Vec<Violation>> {
        let mut values = self.check(route, texts)?;
        let mut members = Map::new();
        for parameter in self.parameters(route) {
            if let Some(value) = values.of(parameter.place).remove(parameter.name) {
                members.insert(parameter.key.to_owned(), value);
            }
        }
        let value = Value::Object(members);
        T::deserialize(&value)
            .or_else(|_| T::deserialize(&integral(&value)))
            .map_err(|_| vec![Violation::new("", "type", crate::inbound::UNREPRESENTABLE)])
    }

    /// The request that a client sends for the generated struct.
    ///
    /// # Errors
    /// What the server would refuse.
    pub fn write<T: Serialize>(&self, route: usize, parameters: &T) -> Result<Request, Vec<Violation>> {
        let Ok(Value::Object(members)) = serde_json::to_value(parameters) else {
            return Err(vec![Violation::new("", "type", "cannot be written")]);
        };
        let mut request = Request::default();
        for parameter in self.parameters(route) {
            let Some(value) = members.get(parameter.key) else { continue };
            let texts = text::write(value, parameter.place);
            let to = match parameter.place {
                Place::Path => &mut request.path,
                Place::Query => &mut request.query,
                Place::Header => &mut request.headers,
            };
            to.extend(texts.into_iter().map(|text| (parameter.name, text)));
        }
        let unreachable = request.path.iter().filter_map(|(name, text)| {
            // A path without the segment, or one that is taken for a step, is another path.
            let message = match text.as_str() {
                "" => "must not be empty",
                "." | ".." => "must not be `.` or `..`",
                _ => return None,
            };
            Some(Violation::new(pointer(Place::Path, name), "pattern", message))
        });
        let unreachable: Vec<Violation> = unreachable.collect();
        if !unreachable.is_empty() {
            return Err(unreachable);
        }
        self.check(route, &request.texts())?;
        Ok(request)
    }

    fn parameters(&self, route: usize) -> &'static [ParameterInfo] {
        self.routes.get(route).map_or(&[], |route| route.parameters)
    }

    /// The values of the texts, if the document allows them.
    fn check(&self, route: usize, texts: &Texts<'_>) -> Result<Values, Vec<Violation>> {
        let unusable = |_| vec![Violation::new("", "$schema", "cannot be checked: the contract is unusable")];
        let validators = self.validators().map_err(unusable)?.get(route);
        let mut violations = Vec::new();
        let values = Values::read(self.parameters(route), texts, &mut violations);
        if let Some(validators) = validators {
            for (place, validator, values) in [
                (Place::Path, &validators.path, &values.path),
                (Place::Query, &validators.query, &values.query),
                (Place::Header, &validators.headers, &values.headers),
            ] {
                let Some(validator) = validator else { continue };
                for mut violation in violations_of(validator, &Value::Object(values.clone())) {
                    violation.pointer = format!("{}{}", place.as_str(), violation.pointer);
                    if violation.message == "must be a boolean" {
                        violation.message.to_mut().push_str(": `true` or `false`");
                    }
                    // What is given twice is a text already known to be wrong.
                    if !violations.iter().any(|known: &Violation| known.pointer == violation.pointer) {
                        violations.push(violation);
                    }
                }
            }
        }
        if violations.is_empty() { Ok(values) } else { Err(violations) }
    }

    fn validators(&self) -> Result<&[Validators], &str> {
        let built = self.validators.get_or_init(|| {
            let bundle: Value = serde_json::from_str(self.bundle).map_err(|error| error.to_string())?;
            let schema = |path: &str, place: &str| {
                let schema = bundle["x-handshake"].get(path).and_then(|route| route.get(place));
                schema.map(|schema| build(schema, &bundle)).transpose()
            };
            let validators = |route: &RouteParameters| {
                Ok(Validators {
                    path: schema(route.path, "path")?,
                    query: schema(route.path, "query")?,
                    headers: schema(route.path, "headers")?,
                })
            };
            self.routes.iter().map(validators).collect()
        });
        built.as_deref().map_err(String::as_str)
    }
}

/// What to say of a request at a route that the protocol does not have.
#[must_use]
pub fn no_route() -> Vec<Violation> {
    vec![Violation::new("path", "enum", "is not a path of the protocol")]
}

impl Place {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}

impl Request {
    /// The same, as the server sees it.
    fn texts(&self) -> Texts<'_> {
        fn borrowed<'a>(pairs: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
            pairs.iter().map(|(name, text)| (*name, text.as_str())).collect()
        }
        Texts { path: borrowed(&self.path), query: borrowed(&self.query), headers: borrowed(&self.headers) }
    }
}

/// What the texts stand for, by place and name.
#[derive(Debug, Default)]
struct Values {
    path: Map<String, Value>,
    query: Map<String, Value>,
    headers: Map<String, Value>,
}

impl Values {
    /// Reads what the document names, and the rest of the query: its schema may be closed. Other headers are nobody's
    /// business here: every client sends some.
    fn read(parameters: &[ParameterInfo], texts: &Texts<'_>, violations: &mut Vec<Violation>) -> Self {
        let mut values = Self::default();
        for &(name, text) in &texts.query {
            if !parameters.iter().any(|parameter| parameter.place == Place::Query && parameter.name == name) {
                values.query.insert(name.to_owned(), text.into());
            }
        }
        for parameter in parameters {
            let given: Vec<&str> = match parameter.place {
                Place::Path => named(&texts.path, |name| name == parameter.name),
                Place::Query => named(&texts.query, |name| name == parameter.name),
                Place::Header => named(&texts.headers, |name| name.eq_ignore_ascii_case(parameter.name)),
            };
            if given.is_empty() {
                continue;
            }
            let value = text::read(&given, parameter.kinds, parameter.place).unwrap_or_else(|| {
                let pointer = pointer(parameter.place, parameter.name);
                violations.push(Violation::new(&pointer, "maxItems", "must be given only once"));
                given[0].into()
            });
            values.of(parameter.place).insert(parameter.name.to_owned(), value);
        }
        values
    }

    fn of(&mut self, place: Place) -> &mut Map<String, Value> {
        match place {
            Place::Path => &mut self.path,
            Place::Query => &mut self.query,
            Place::Header => &mut self.headers,
        }
    }
}

fn named<'a>(pairs: &[(&str, &'a str)], is_meant: impl Fn(&str) -> bool) -> Vec<&'a str> {
    pairs.iter().filter(|(name, _)| is_meant(name)).map(|(_, text)| *text).collect()
}

fn pointer(place: Place, name: &str) -> String {
    let mut pointer = place.as_str().to_owned();
    push_segment(&mut pointer, name);
    pointer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BUNDLE: &str = r##"{
      "x-handshake": {
        "/{symbol}": {
          "path": {"type": "object", "properties": {"symbol": {"enum": ["btc", "eth/usd"]}}, "required": ["symbol"]},
          "query": {"type": "object", "required": ["depth"], "properties": {
            "depth": {"$ref": "#/definitions/Depth"}, "full": {"type": "boolean"}, "at": {"type": ["number", "null"]},
            "pair": {"type": "array", "items": {"type": "string", "maxLength": 3}}, "label": {}}},
          "headers": {"type": "object", "properties": {
            "X-Key": {"type": "string", "minLength": 2}, "X-Codes": {"type": "array", "items": {"type": "integer"}}}}
        },
        "/closed": {"query": {"type": "object", "additionalProperties": false, "properties": {"a": {}}}}
      },
      "definitions": {"Depth": {"type": "integer", "minimum": 1}}
    }"##;

    const fn parameter(place: Place, name: &'static str, kinds: &'static [Kind]) -> ParameterInfo {
        ParameterInfo { place, name, key: name, kinds }
    }

    static HANDSHAKES: Handshakes = Handshakes::new(
        BUNDLE,
        &[
            RouteParameters {
                path: "/{symbol}",
                parameters: &[
                    parameter(Place::Path, "symbol", &[Kind::String]),
                    parameter(Place::Query, "depth", &[Kind::Number]),
                    parameter(Place::Query, "full", &[Kind::Boolean]),
                    parameter(Place::Query, "at", &[Kind::Number, Kind::Null]),
                    parameter(Place::Query, "pair", &[Kind::Array(&[Kind::String])]),
                    parameter(Place::Query, "label", &[Kind::String]),
                    parameter(Place::Header, "X-Key", &[Kind::String]),
                    parameter(Place::Header, "X-Codes", &[Kind::Array(&[Kind::Number])]),
                ],
            },
            RouteParameters { path: "/closed", parameters: &[parameter(Place::Query, "a", &[Kind::String])] },
            RouteParameters { path: "/open", parameters: &[] },
        ],
    );

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn lines(violations: Vec<Violation>) -> Vec<String> {
        violations.into_iter().map(|found| format!("{}: {}", found.pointer, found.message)).collect()
    }

    #[track_caller]
    fn check(route: usize, [path, query, headers]: [Pairs<'_>; 3], expected: Result<Value, &[&str]>) {
        let texts = Texts { path: path.to_vec(), query: query.to_vec(), headers: headers.to_vec() };
        let found = HANDSHAKES.read::<Value>(route, &texts).map_err(lines);
        assert_eq!(found, expected.map_err(|lines| lines.iter().map(|line| (*line).to_owned()).collect()));
    }

    #[test]
    fn texts_are_read_by_their_schemas() {
        let btc: Pairs<'_> = &[("symbol", "btc")];
        check(0, [btc, &[("depth", "10")], &[]], Ok(json!({"symbol": "btc", "depth": 10})));
        check(
            0,
            [
                &[("symbol", "eth/usd")],
                &[("pair", "a"), ("full", "false"), ("depth", "1.0"), ("pair", "1"), ("label", "10"), ("at", "")],
                &[("x-key", "secret"), ("X-CODES", "1, 2"), ("x-codes", "3"), ("user-agent", "x")],
            ],
            Ok(json!({
                "symbol": "eth/usd", "depth": 1.0, "full": false, "at": null, "pair": ["a", "1"], "label": "10",
                "X-Key": "secret", "X-Codes": [1, 2, 3],
            })),
        );
        check(0, [btc, &[("depth", "2"), ("unknown", "x")], &[]], Ok(json!({"symbol": "btc", "depth": 2})));
        check(1, [&[], &[], &[("user-agent", "x")]], Ok(json!({})));
        check(2, [&[], &[("anything", "x")], &[]], Ok(json!({})));
    }

    #[test]
    fn what_violates_a_schema_is_named() {
        let btc: Pairs<'_> = &[("symbol", "btc")];
        check(0, [btc, &[], &[]], Err(&["query/depth: is required"]));
        check(0, [btc, &[("depth", "ten")], &[]], Err(&["query/depth: must be an integer"]));
        check(0, [btc, &[("depth", "+1")], &[]], Err(&["query/depth: must be an integer"]));
        check(0, [btc, &[("depth", "0")], &[]], Err(&["query/depth: must be at least 1"]));
        check(
            0,
            [&[("symbol", "doge")], &[("depth", "1"), ("full", "yes"), ("pair", "long")], &[("X-KEY", "x")]],
            Err(&[
                r#"path/symbol: must be one of "btc", "eth/usd""#,
                "query/full: must be a boolean: `true` or `false`",
                "query/pair/0: must be at most 3 characters long",
                "header/X-Key: must be at least 2 characters long",
            ]),
        );
        check(0, [btc, &[("depth", "1"), ("depth", "2")], &[]], Err(&["query/depth: must be given only once"]));
        check(1, [&[], &[("b", "1")], &[]], Err(&["query/b: is not a known property"]));
    }

    #[track_caller]
    fn check_write(parameters: Value, expected: Result<[&str; 3], &[&str]>) {
        let join = |pairs: &[(&str, String)]| {
            pairs.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("&")
        };
        let written = HANDSHAKES.write(0, &parameters).map_err(lines);
        let written = written.map(|request| [join(&request.path), join(&request.query), join(&request.headers)]);
        let expected = expected.map(|texts| texts.map(str::to_owned));
        assert_eq!(written, expected.map_err(|lines| lines.iter().map(|line| (*line).to_owned()).collect()));
    }

    #[test]
    fn what_is_written_is_what_would_be_read() {
        check_write(json!({"symbol": "btc", "depth": 3}), Ok(["symbol=btc", "depth=3", ""]));
        check_write(
            json!({"symbol": "btc", "depth": 3, "full": true, "pair": ["a", "b"], "at": null, "X-Codes": [1, 2]}),
            Ok(["symbol=btc", "depth=3&full=true&pair=a&pair=b", "X-Codes=1, 2"]),
        );
        check_write(json!({"symbol": "btc", "depth": 0}), Err(&["query/depth: must be at least 1"]));
        check_write(json!({"symbol": "btc"}), Err(&["query/depth: is required"]));
        check_write(json!({"symbol": "..", "depth": 1}), Err(&["path/symbol: must not be `.` or `..`"]));
        check_write(json!({"symbol": "", "depth": 1}), Err(&["path/symbol: must not be empty"]));
    }
}
