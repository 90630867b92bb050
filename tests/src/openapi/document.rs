//! An OpenAPI document, as far as it says what requests may be: 3.0, or Swagger 2.0.
//!
//! It is read more strictly than it is written: what an object's properties do not name must not be there. A name that is
//! misspelt would pass otherwise, which is the mistake that is made.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A request, as an upstream had it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// In capitals.
    pub method: &'a str,
    /// As the document's paths begin.
    pub path: &'a str,
    /// Without its question mark.
    pub query: &'a str,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// As it came.
    pub body: &'a [u8],
}

/// What a document allows.
#[derive(Debug)]
pub struct Document {
    /// Where schemas are looked for.
    schemas: Value,
    operations: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    method: String,
    path: Vec<String>,
    query: Vec<Parameter>,
    body: Option<Body>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    is_required: bool,
    schema: Value,
    validator: Validator,
}

#[derive(Debug)]
struct Body {
    media_type: String,
    /// Its own name for each property, to know numbers in a form.
    schema: Value,
    validator: Validator,
}

impl Document {
    /// Reads JSON or YAML.
    pub fn parse(text: &str) -> Result<Value, String> {
        match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map_err(|error| error.to_string()),
            false => serde_saphyr::from_str(text).map_err(|error| error.to_string()),
        }
    }

    /// What the document says.
    pub fn of(mut whole: Value) -> Result<Self, String> {
        narrow(&mut whole);
        let schemas = json!({
            "definitions": whole.get("definitions").unwrap_or(&json!({})),
            "components": { "schemas": whole.pointer("/components/schemas").unwrap_or(&json!({})) },
        });
        let mut document = Self {
            schemas,
            operations: Vec::new(),
        };
        let paths = whole["paths"].as_object().ok_or("a document without paths")?;
        for (path, methods) in paths {
            let methods = methods.as_object().into_iter().flatten();
            for (method, operation) in methods.filter(|(_, operation)| operation.get("responses").is_some()) {
                let operation = document.operation(method, path, operation)?;
                document.operations.push(operation);
            }
        }
        Ok(document)
    }

    /// What is wrong with a request; an operation that the document does not have is wrong as well.
    pub fn mistakes(&self, request: &Request<'_>) -> Vec<String> {
        let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let found = self
            .operations
            .iter()
            .find(|operation| operation.method == request.method && fits(&operation.path, &segments));
        let Some(operation) = found else {
            return vec![format!("there is no {} {}", request.method, request.path)];
        };
        let mut mistakes = query_mistakes(&operation.query, request.query);
        mistakes.extend(body_mistakes(operation.body.as_ref(), request));
        mistakes
    }

    /// What is wrong with a value that has to be as the named schema says.
    pub fn departures(&self, schema: &str, value: &Value) -> Result<Vec<String>, String> {
        let reference = json!({ "$ref": format!("#/components/schemas/{schema}") });
        Ok(errors(&self.validator(&reference)?, value).collect())
    }

    fn operation(&self, method: &str, path: &str, operation: &Value) -> Result<Operation, String> {
        let mut read = Operation {
            method: method.to_uppercase(),
            path: path.trim_matches('/').split('/').map(str::to_owned).collect(),
            query: Vec::new(),
            body: None,
        };
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            // In Swagger 2.0 a parameter is its own schema, and the body is one of them.
            let schema = parameter.get("schema").unwrap_or(parameter);
            match parameter["in"].as_str() {
                Some("query") => read.query.push(Parameter {
                    name: parameter["name"].as_str().unwrap_or_default().to_owned(),
                    is_required: parameter["required"] == true,
                    validator: self.validator(&of_parameter(schema))?,
                    schema: schema.clone(),
                }),
                Some("body") => read.body = Some(self.body(JSON, schema)?),
                _ => {}
            }
        }
        if let Some((media_type, content)) = operation["requestBody"]["content"]
            .as_object()
            .and_then(|content| content.iter().next())
        {
            read.body = Some(self.body(media_type, &content["schema"])?);
        }
        Ok(read)
    }

    fn body(&self, media_type: &str, schema: &Value) -> Result<Body, String> {
        let target = schema["$ref"]
            .as_str()
            .and_then(|reference| self.schemas.pointer(reference.trim_start_matches('#')));
        Ok(Body {
            media_type: media_type.to_owned(),
            schema: target.unwrap_or(schema).clone(),
            validator: self.validator(schema)?,
        })
    }

    fn validator(&self, schema: &Value) -> Result<Validator, String> {
        let mut whole = self.schemas.clone();
        whole["allOf"] = json!([schema]);
        // Both kinds of document have references that stand alone, as this draft has.
        jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .build(&whole)
            .map_err(|error| error.to_string())
    }
}

/// Makes schemas of JSON out of what is a little different in OpenAPI, and stricter ones.
fn narrow(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(narrow);
            if object.get("properties").is_some_and(Value::is_object) && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".into(), json!(false));
            }
            if object.get("nullable") == Some(&json!(true))
                && let Some(kind @ Value::String(_)) = object.get("type").cloned()
            {
                object.insert("type".into(), json!([kind, "null"]));
            }
            // A converter's word for whatever it refers to, numbers and strings too.
            if object.contains_key("allOf") && object.get("type") == Some(&json!("object")) {
                object.remove("type");
            }
            // Constants that have names; others in the range are as good.
            if object.contains_key("x-enum-varnames") && object.get("type") == Some(&json!("integer")) {
                object.remove("enum");
            }
        }
        Value::Array(array) => array.iter_mut().for_each(narrow),
        _ => {}
    }
}

/// Only what says something about a value: in Swagger 2.0 `required` is a flag beside it.
fn of_parameter(schema: &Value) -> Value {
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    for name in ["required", "name", "in"] {
        schema.remove(name);
    }
    Value::Object(schema)
}

fn fits(path: &[String], segments: &[&str]) -> bool {
    let one = |(pattern, segment): (&String, &&str)| pattern.starts_with('{') || pattern == segment;
    path.len() == segments.len() && path.iter().zip(segments).all(one)
}

fn query_mistakes(parameters: &[Parameter], query: &str) -> Vec<String> {
    let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let missing = parameters
        .iter()
        .filter(|parameter| parameter.is_required && !given.iter().any(|(name, _)| *name == parameter.name))
        .map(|parameter| format!("{}: missing from the query", parameter.name));
    let wrong = given.iter().flat_map(
        |(name, text)| match parameters.iter().find(|parameter| parameter.name == *name) {
            Some(parameter) => errors(&parameter.validator, &typed(&parameter.schema, text))
                .map(|error| format!("{name}: {error}"))
                .collect(),
            None => vec![format!("{name}: no such parameter in the query")],
        },
    );
    missing.chain(wrong).collect()
}

fn body_mistakes(body: Option<&Body>, request: &Request<'_>) -> Vec<String> {
    let Some(body) = body else {
        return match request.body.is_empty() {
            true => Vec::new(),
            false => vec!["a body where none belongs".to_owned()],
        };
    };
    let media_type = request.content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if media_type.trim() != body.media_type {
        return vec![format!("the content is {media_type:?} and not {:?}", body.media_type)];
    }
    let value = match media_type.trim() {
        FORM => of_form(&body.schema, request.body),
        _ => match serde_json::from_slice(request.body) {
            Ok(value) => value,
            Err(error) => return vec![format!("the body is no JSON: {error}")],
        },
    };
    errors(&body.validator, &value).collect()
}

/// A form as the object that its schema describes.
fn of_form(schema: &Value, form: &[u8]) -> Value {
    let object: Map<String, Value> = url::form_urlencoded::parse(form)
        .map(|(name, text)| (name.to_string(), typed(&schema["properties"][&*name], &text)))
        .collect();
    Value::Object(object)
}

/// What text stands for where the schema wants no text; as it is, if it does not stand for that.
fn typed(schema: &Value, text: &str) -> Value {
    let read = match schema["type"].as_str() {
        Some("integer" | "number") => text.parse::<i64>().ok().map(Value::from),
        Some("boolean") => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    read.unwrap_or_else(|| Value::from(text))
}

fn errors<'a>(validator: &'a Validator, value: &'a Value) -> impl Iterator<Item = String> + 'a {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
}

#[cfg(test)]
mod tests {
    use super::{Document, FORM, JSON, Request};

    const SWAGGER: &str = r##"{
        "swagger": "2.0",
        "paths": {
            "/messages": { "post": {
                "responses": {},
                "parameters": [
                    { "in": "query", "name": "dry", "type": "boolean" },
                    { "in": "body", "name": "request", "required": true, "schema": { "$ref": "#/definitions/Message" } }
                ]
            } },
            "/messages/{id}": { "get": { "responses": {}, "parameters": [{ "in": "query", "name": "page", "type": "integer", "required": true }] } }
        },
        "definitions": {
            "Message": {
                "type": "object", "required": ["to"],
                "properties": {
                    "to": { "type": "string", "pattern": "^[0-9]+$" },
                    "until": { "type": "string", "format": "date-time", "nullable": true },
                    "urgency": { "type": "object", "allOf": [{ "$ref": "#/definitions/Urgency" }] }
                }
            },
            "Urgency": { "type": "integer", "maximum": 9, "enum": [0, 9], "x-enum-varnames": ["Least", "Most"] }
        }
    }"##;

    const OPENAPI: &str = r##"
openapi: "3.0.0"
paths:
  /{format}:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: { $ref: "#/components/schemas/New" }
      responses: {}
components:
  schemas:
    New:
      required: [to]
      properties:
        to: { type: string, maxLength: 5 }
        ttl: { type: integer, minimum: 20 }
        report: { type: boolean }
"##;

    fn read(text: &str) -> Result<Document, String> {
        Document::of(Document::parse(text)?)
    }

    fn mistakes(document: &str, method: &str, target: &str, content_type: &str, body: &str) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method,
            path,
            query,
            content_type: Some(content_type),
            body: body.as_bytes(),
        };
        read(document).unwrap().mistakes(&request).join("\n")
    }

    #[test]
    fn a_body_of_json_is_as_the_schema_says_and_no_more() {
        let rows = [
            (r#"{"to":"1"}"#, ""),
            (r#"{"to":"1","until":"2026-08-20T07:55:32Z","urgency":5}"#, ""),
            (r#"{"to":"1","until":null}"#, ""),
            (r#"{"too":"1","to":"1"}"#, "too"),
            ("{}", "required"),
            (r#"{"to":1}"#, "/to"),
            (r#"{"to":"one"}"#, "/to"),
            (r#"{"to":"1","until":"tomorrow"}"#, "/until"),
            (r#"{"to":"1","urgency":10}"#, "/urgency"),
            ("to=1", "no JSON"),
        ];
        for (body, expected) in rows {
            let mistakes = mistakes(SWAGGER, "POST", "/messages", JSON, body);
            assert_eq!(mistakes.is_empty(), expected.is_empty(), "{body}: {mistakes}");
            assert!(mistakes.contains(expected), "{body}: {mistakes}");
        }
        assert!(mistakes(SWAGGER, "POST", "/messages", FORM, "to=1").contains("not \"application/json\""));
    }

    #[test]
    fn paths_and_queries_are_those_of_the_document() {
        let rows = [
            ("GET", "/messages/17?page=1", ""),
            ("GET", "/messages/17", "page: missing"),
            ("GET", "/messages/17?page=one", "page:"),
            ("GET", "/messages/17?page=1&size=2", "size: no such parameter"),
            ("DELETE", "/messages/17", "there is no DELETE"),
            ("GET", "/messages/17/parts", "there is no GET"),
        ];
        for (method, target, expected) in rows {
            let mistakes = mistakes(SWAGGER, method, target, JSON, "");
            assert_eq!(mistakes.is_empty(), expected.is_empty(), "{target}: {mistakes}");
            assert!(mistakes.contains(expected), "{target}: {mistakes}");
        }
        assert!(mistakes(SWAGGER, "GET", "/messages/17?page=1", JSON, "{}").contains("where none belongs"));
    }

    #[test]
    fn a_form_is_read_by_the_types_of_its_fields() {
        let rows = [
            ("to=1&ttl=20&report=true", ""),
            ("to=1&ttl=19", "/ttl"),
            ("to=1&ttl=soon", "/ttl"),
            ("to=1&report=yes", "/report"),
            ("to=123456", "/to"),
            ("ttl=20", "required"),
            ("to=1&tll=20", "tll"),
        ];
        for (form, expected) in rows {
            let mistakes = mistakes(OPENAPI, "POST", "/json", FORM, form);
            assert_eq!(mistakes.is_empty(), expected.is_empty(), "{form}: {mistakes}");
            assert!(mistakes.contains(expected), "{form}: {mistakes}");
        }
    }

    #[test]
    fn what_is_no_document_is_said_to_be_none() {
        assert!(read("{}").unwrap_err().contains("paths"));
        assert!(read("{").is_err());
    }
}
