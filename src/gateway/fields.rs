//! The fields of a JSON object in their order, each value as it was written. What is not needed is not read, and goes on
//! to the provider byte for byte.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Rejection;

/// More fields than any API takes.
const MOST_FIELDS: usize = 200;

pub struct Fields {
    body: Bytes,
    list: Vec<(String, Range<usize>)>,
}

impl Fields {
    pub fn parse(body: Bytes) -> Result<Self, Rejection> {
        let Object(members) = serde_json::from_slice(&body).map_err(|error| {
            Rejection::invalid(
                None,
                format!("We could not parse the JSON body of your request: {error}."),
            )
        })?;
        if members.len() > MOST_FIELDS {
            return Err(Rejection::invalid(
                None,
                format!("The body has more than {MOST_FIELDS} fields."),
            ));
        }
        let start = body.as_ptr() as usize;
        let mut list: Vec<(String, Range<usize>)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            if list.iter().any(|(other, _)| *other == name) {
                return Err(Rejection::invalid(
                    None,
                    format!("The field `{name}` stands twice in the body."),
                ));
            }
            // The value is borrowed from `body`, so this is where it lies in there.
            let from = value.get().as_ptr() as usize - start;
            list.push((name.into_owned(), from..from + value.get().len()));
        }
        Ok(Self { body, list })
    }

    /// A value as it was written; `None` also when that is `null`.
    pub fn raw(&self, name: &str) -> Option<&str> {
        let (_, range) = self.list.iter().find(|(other, _)| other == name)?;
        let text = str::from_utf8(&self.body[range.clone()]).ok()?;
        (text != "null").then_some(text)
    }

    /// A value that is read; `None` when it is not there, an error when it is something else.
    pub fn read<'a, T: Deserialize<'a>>(&'a self, name: &'static str, what: &str) -> Result<Option<T>, Rejection> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let read = serde_json::from_str(raw).map(Some);
        read.map_err(|_| Rejection::invalid(Some(name), format!("Invalid type for '{name}': expected {what}.")))
    }

    /// The object with some values in the place of others, or added at its end.
    pub fn with(&self, replaced: &[(&str, Cow<'_, str>)]) -> Bytes {
        let added: usize = replaced.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut out = BytesMut::with_capacity(self.body.len() + added + 2);
        let mut separator = b'{';
        let mut member = |name: &str, value: &[u8]| {
            out.put_u8(std::mem::replace(&mut separator, b','));
            out.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
            out.put_u8(b':');
            out.extend_from_slice(value);
        };
        for (name, range) in &self.list {
            let new = replaced.iter().find(|(other, _)| other == name);
            member(
                name,
                new.map_or(&self.body[range.clone()], |(_, value)| value.as_bytes()),
            );
        }
        for (name, value) in replaced {
            if !self.list.iter().any(|(other, _)| other == name) {
                member(name, value.as_bytes());
            }
        }
        if separator == b'{' {
            out.put_u8(b'{');
        }
        out.put_u8(b'}');
        out.freeze()
    }

    /// The whole as a value, for what is compared and not sent.
    pub fn value(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() <= MOST_FIELDS {
                        members.push(member);
                    }
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &'static str) -> Fields {
        Fields::parse(Bytes::from_static(text.as_bytes())).expect("an object")
    }

    #[test]
    fn what_is_not_replaced_stays_as_it_was_written() {
        let fields = fields(r#" {"model" : "auto", "x\"y": 1.50e2, "tools":[ {"a":"ü\u00fc"} ], "n":null}"#);
        assert_eq!(fields.raw("tools"), Some(r#"[ {"a":"ü\u00fc"} ]"#));
        assert_eq!(fields.raw("n"), None);
        let with = fields.with(&[("model", r#""m""#.into()), ("stream", "true".into())]);
        assert_eq!(
            with,
            r#"{"model":"m","x\"y":1.50e2,"tools":[ {"a":"ü\u00fc"} ],"n":null,"stream":true}"#
        );
    }

    #[test]
    fn an_empty_object_can_be_added_to() {
        assert_eq!(fields("{}").with(&[]), "{}");
        assert_eq!(fields("{}").with(&[("a", "1".into())]), r#"{"a":1}"#);
    }

    #[test]
    fn what_is_no_object_or_says_a_thing_twice_is_refused() {
        for wrong in [
            "",
            "[]",
            "{\"a\":1,}",
            "{\"a\":1} x",
            r#"{"a":1,"a":2}"#,
            "{\"a\":\"\u{1}\"}",
        ] {
            let parsed = Fields::parse(Bytes::copy_from_slice(wrong.as_bytes()));
            assert!(parsed.is_err(), "{wrong}");
        }
        assert!(Fields::parse(Bytes::from_static(b"{\"a\":\"\xff\"}")).is_err());
    }
}
