//! The description that `GET /openapi.json` serves. Written by hand; it moves together with the contract.

/// OpenAPI 3.1, JSON.
pub const DOCUMENT: &str = include_str!("openapi.json");

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    fn document() -> Value {
        serde_json::from_str(super::DOCUMENT).expect("JSON")
    }

    fn every<'a>(value: &'a Value, see: &mut dyn FnMut(&'a Value)) {
        see(value);
        match value {
            Value::Object(members) => members.values().for_each(|member| every(member, see)),
            Value::Array(items) => items.iter().for_each(|item| every(item, see)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_nothing_is_left_over() {
        let document = document();
        let mut used = HashSet::new();
        every(&document, &mut |value| {
            if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
                used.insert(reference.to_owned());
            }
        });
        for (kind, named) in document["components"].as_object().expect("components") {
            for name in named.as_object().expect("named parts").keys() {
                // Schemes are named by operations without $ref, and the shapes of events by prose.
                let told = kind == "securitySchemes" || name.starts_with("Event");
                assert!(
                    told || used.contains(&format!("#/components/{kind}/{name}")),
                    "{kind}/{name} is not used"
                );
            }
        }
    }

    #[test]
    fn every_operation_is_complete() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
        let mut ids = HashSet::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for method in ["get", "put", "post", "delete"] {
                let Some(operation) = item.get(method) else { continue };
                let id = operation["operationId"].as_str().expect("an operationId");
                assert!(ids.insert(id), "{id} stands twice");
                assert!(operation["summary"].is_string(), "{method} {path}: summary");
                assert!(
                    operation["responses"].as_object().is_some_and(|all| !all.is_empty()),
                    "{method} {path}: responses"
                );
                for name in path
                    .split('/')
                    .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                {
                    let lists = [&item["parameters"], &operation["parameters"]];
                    let mut parameters = lists.into_iter().filter_map(Value::as_array).flatten();
                    assert!(
                        parameters.any(|one| one["name"] == name && one["in"] == "path"),
                        "{method} {path}: {name}"
                    );
                }
                for alternative in operation["security"].as_array().into_iter().flatten() {
                    for name in alternative.as_object().expect("an object").keys() {
                        assert!(schemes.contains_key(name), "{method} {path}: {name}");
                    }
                }
            }
        }
    }
}
