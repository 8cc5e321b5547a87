//! The WordPress plugin as a zip, ready to upload. Everything in it is in the binary; the same parts give the same bytes.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::domain::Secret;

/// The plugin's own files by their path, in order; written by the build script beside this file.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/plugin_files.rs"));

/// The plugin serves the widget from its own address.
const WIDGET: &[(&str, &[u8])] = &[
    ("assets/chat.js", include_bytes!("../widget/dist/chat.js")),
    ("assets/widget.js", include_bytes!("../widget/dist/widget.js")),
];

/// What a plugin is told beforehand, so that nobody has to type it.
#[derive(Debug, Clone)]
pub struct Preset {
    pub service_url: String,
    pub site_key: String,
    pub secret: Secret,
    /// Of the launcher, as `#rrggbb`: the colour itself, and what is drawn on it.
    pub accent: String,
    pub on_accent: &'static str,
}

/// The zip: one folder, `pennypress/`. With a preset it holds the site's secret.
pub fn plugin_zip(preset: Option<&Preset>) -> Result<Vec<u8>, zip::result::ZipError> {
    // No time and no machine in it, so that two zips can be compared. 1980 is where a zip's calendar begins.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let preset = preset.map(preset_file);
    let preset = preset.iter().map(|php| ("preset.php", php.as_bytes()));
    let mut files: Vec<(&str, &[u8])> = FILES.iter().chain(WIDGET).copied().chain(preset).collect();
    files.sort_unstable_by_key(|(name, _)| *name);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(format!("pennypress/{name}"), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn preset_file(preset: &Preset) -> String {
    format!(
        "<?php\nif ( ! defined( 'ABSPATH' ) ) {{\n\texit;\n}}\nreturn array(\n\t'service_url' => {},\n\t'site_key'    => {},\n\t'secret'      => {},\n\t'accent'      => {},\n\t'on_accent'   => {},\n);\n",
        php_string(&preset.service_url),
        php_string(&preset.site_key),
        php_string(preset.secret.expose()),
        php_string(&preset.accent),
        php_string(preset.on_accent),
    )
}

/// A PHP string in single quotes, in which only the backslash and the quote mean anything
/// (php.net, "Strings", single quoted).
fn php_string(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;
    use std::path::Path;

    use super::*;

    fn preset(secret: &str) -> Preset {
        Preset {
            service_url: "https://chat.example.com".to_owned(),
            site_key: "site_demo".to_owned(),
            secret: Secret::new(secret),
            accent: "#9a4318".to_owned(),
            on_accent: "#ffffff",
        }
    }

    fn unpacked(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
        (0..archive.len())
            .map(|at| {
                let mut file = archive.by_index(at).expect("a file");
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).expect("whole");
                (file.name().expect("text").into_owned(), bytes)
            })
            .collect()
    }

    fn on_disk(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = format!("{below}{}", path.file_name().expect("a name").to_str().expect("plain"));
            if path.is_dir() {
                on_disk(&path, &format!("{name}/"), files);
            } else {
                files.insert(name, std::fs::read(&path).expect("readable"));
            }
        }
    }

    #[test]
    fn the_zip_holds_the_plugin_as_it_is_on_disk_and_the_widget() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut expected = BTreeMap::new();
        on_disk(&root.join("wp-plugin/pennypress"), "pennypress/", &mut expected);
        for name in ["widget.js", "chat.js"] {
            let bytes = std::fs::read(root.join("widget/dist").join(name)).expect("built");
            expected.insert(format!("pennypress/assets/{name}"), bytes);
        }
        let found = unpacked(&plugin_zip(None).expect("a zip"));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        assert!(found == expected, "a file's content differs");
        assert!(found.contains_key("pennypress/pennypress.php"));
    }

    #[test]
    fn the_same_parts_give_the_same_bytes() {
        let zip = plugin_zip(Some(&preset("whsec_a"))).expect("a zip");
        assert_eq!(zip, plugin_zip(Some(&preset("whsec_a"))).expect("a zip"));
        assert_ne!(zip, plugin_zip(Some(&preset("whsec_b"))).expect("a zip"));
    }

    #[test]
    fn a_preset_is_a_php_file_that_returns_it() {
        let files = unpacked(&plugin_zip(Some(&preset("whsec_c2VjcmV0"))).expect("a zip"));
        let php = String::from_utf8(files["pennypress/preset.php"].clone()).expect("text");
        assert_eq!(
            php,
            "<?php\nif ( ! defined( 'ABSPATH' ) ) {\n\texit;\n}\nreturn array(\n\t'service_url' => 'https://chat.example.com',\n\
             \t'site_key'    => 'site_demo',\n\t'secret'      => 'whsec_c2VjcmV0',\n\t'accent'      => '#9a4318',\n\t'on_accent'   => '#ffffff',\n);\n"
        );
    }

    /// Reads a PHP string in single quotes as PHP does; what stands after its closing quote comes back too.
    fn read_php(source: &str) -> (String, &str) {
        let mut text = String::new();
        let mut characters = source.strip_prefix('\'').expect("a quote").char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            match c {
                '\'' => return (text, &source[at + 2..]),
                '\\' if matches!(characters.peek(), Some((_, '\\' | '\''))) => {
                    text.extend(characters.next().map(|(_, c)| c));
                }
                c => text.push(c),
            }
        }
        panic!("the string is not closed: {source}");
    }

    #[test]
    fn no_value_breaks_out_of_its_string() {
        for hostile in [
            "",
            "'",
            "\\",
            "\\'",
            "\\\\'",
            "'); system('id'); //",
            "\\'); system('id'); //",
            "a\\",
            "$x {$y} \" `id` \n\r\t?> <?php echo 1;",
            "日本語 🍕 \u{202e}",
        ] {
            let written = php_string(hostile);
            let (read, rest) = read_php(&written);
            assert_eq!((read.as_str(), rest), (hostile, ""));
        }
    }
}
