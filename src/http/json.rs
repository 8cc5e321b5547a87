//! A body of JSON, read into what is expected. What does not fit is told in JSON's words and not in those of Rust's types.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::problem::Problem;

/// Reads a body, which has to be an object; the error says where in it something is wrong.
pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    read_part("body", body)
}

/// The same for a part of a body, which has this name.
pub fn read_part<'a, T: Deserialize<'a>>(name: &str, json: &'a [u8]) -> Result<T, Problem> {
    // To know where one is takes longer, and is worth it only when something is wrong.
    match serde_json::from_slice(json) {
        Ok(Object(value)) => Ok(value),
        Err(_) => read_watched(name, json),
    }
}

fn read_watched<'a, T: Deserialize<'a>>(name: &str, json: &'a [u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let Object(value) = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let why = in_json_s_words(error.into_inner().to_string());
        Problem::invalid(match path.as_str() {
            "." => format!("The {name} is not the JSON that is expected: {why}."),
            _ => format!("`{path}` in the {name} is wrong: {why}."),
        })
    })?;
    reader
        .end()
        .map_err(|error| Problem::invalid(format!("The {name} is not JSON: {error}.")))?;
    Ok(value)
}

/// What stands in an object. A list, which serde would take for one with the names left out, is none.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

/// What serde calls the kinds of values.
const KINDS: [(&str, &str); 4] = [
    ("map", "object"),
    ("sequence", "list"),
    ("integer", "number"),
    ("floating point", "number"),
];

fn in_json_s_words(told: String) -> String {
    let Some(found) = told.strip_prefix("invalid type: ") else {
        return told;
    };
    let kind = KINDS.iter().find(|(serde_s, _)| found.starts_with(serde_s));
    let (serde_s, json_s) = kind.copied().unwrap_or_default();
    let found = &found[serde_s.len()..];
    // Behind the value that was found, which may be any text.
    match found.rsplit_once(", expected a sequence") {
        Some((value, place)) => format!("invalid type: {json_s}{value}, expected a list{place}"),
        None => format!("invalid type: {json_s}{found}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    struct Letter {
        #[serde(default)]
        to: Vec<String>,
    }

    #[test]
    fn what_does_not_fit_is_told_in_json_s_words() {
        for (json, told) in [
            (
                "null",
                "The body is not the JSON that is expected: invalid type: null, expected an object",
            ),
            ("[[\"a\"]]", "invalid type: list, expected an object"),
            ("7", "invalid type: number `7`, expected an object"),
            ("-0.5", "invalid type: number `-0.5`, expected an object"),
            ("true", "invalid type: boolean `true`, expected an object"),
            (
                r#"{"to":{}}"#,
                "`to` in the body is wrong: invalid type: object, expected a list",
            ),
            (
                r#"{"to":", expected a sequence"}"#,
                "string \", expected a sequence\", expected a list",
            ),
            (
                r#"{"to":["a",["b"]]}"#,
                "`to[1]` in the body is wrong: invalid type: list, expected a string",
            ),
        ] {
            let problem = read::<Letter>(json.as_bytes()).expect_err(json);
            assert!(problem.detail.contains(told), "{json}: {}", problem.detail);
        }
        assert_eq!(read::<Letter>(br#"{"to":["a"]}"#).expect("a letter").to, ["a"]);
    }
}
