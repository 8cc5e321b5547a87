//! Under which key an answer to a program is kept: its program, the models that may answer, and every field of the request,
//! whatever their order.

use std::sync::Arc;

use serde_json::Value;

use super::fields::Fields;
use crate::cache::CacheKey;
use crate::domain::Program;
use crate::models::Model;

/// What changes nothing of the answer itself.
const LEFT_OUT: &[&str] = &["stream_options"];

/// `None` when the body cannot be compared, such as one nested deeper than the parser follows.
pub fn cache_key(program: &Program, path: &str, models: &[Arc<Model>], fields: &Fields) -> Option<CacheKey> {
    let body = fields.value()?;
    let mut hash = blake3::Hasher::new_derive_key("pennypress 2026 front door cache");
    text(&mut hash, &program.name);
    text(&mut hash, path);
    hash.update(&(models.len() as u64).to_le_bytes());
    for model in models {
        text(&mut hash, &model.id);
        text(&mut hash, model.provider.name());
    }
    for (name, member) in sorted(&body) {
        if !LEFT_OUT.contains(&name) {
            text(&mut hash, name);
            value(&mut hash, member);
        }
    }
    Some(CacheKey(*hash.finalize().as_bytes()))
}

/// With its length before it, so that no two lists of texts give the same bytes.
fn text(hash: &mut blake3::Hasher, text: &str) {
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

fn value(hash: &mut blake3::Hasher, given: &Value) {
    match given {
        Value::Object(members) => {
            hash.update(b"{").update(&(members.len() as u64).to_le_bytes());
            for (name, member) in sorted(given) {
                text(hash, name);
                value(hash, member);
            }
        }
        Value::Array(items) => {
            hash.update(b"[").update(&(items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| value(hash, item));
        }
        Value::String(string) => {
            hash.update(b"\"");
            text(hash, string);
        }
        other => {
            hash.update(b"=");
            text(hash, &other.to_string());
        }
    }
}

fn sorted(object: &Value) -> Vec<(&str, &Value)> {
    let members = object.as_object().into_iter().flatten();
    let mut members: Vec<_> = members.map(|(name, member)| (name.as_str(), member)).collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn key(program: &str, body: &'static str) -> CacheKey {
        let program = Program {
            name: program.to_owned(),
            per_minute: None,
            monthly_budget: None,
        };
        let fields = Fields::parse(Bytes::from_static(body.as_bytes())).expect("an object");
        cache_key(&program, "/p", &[], &fields).expect("a key")
    }

    #[test]
    fn order_and_spaces_do_not_count_and_everything_else_does() {
        let one = key(
            "a",
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"seed":1}"#,
        );
        let same = r#"{ "seed":1, "stream_options":{"include_usage":true}, "messages":[{"content":"\u0078","role":"user"}], "model":"m"}"#;
        assert_eq!(one, key("a", same));
        for other in [
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"seed":2}"#,
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"seed":"1"}"#,
            r#"{"model":"m","messages":[{"role":"user","content":"x "}],"seed":1}"#,
            r#"{"model":"m","messages":[[{"role":"user","content":"x"}]],"seed":1}"#,
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"seed":1,"new":null}"#,
        ] {
            assert_ne!(one, key("a", other), "{other}");
        }
        assert_ne!(one, key("b", same), "another program");
    }
}
