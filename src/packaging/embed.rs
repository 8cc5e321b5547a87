//! The build script: lists the plugin's files, so that the binary holds each of them as it is on disk.

use std::fs;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

const PLUGIN: &str = "wp-plugin/pennypress";

/// Added when the zip is made, or made by the zip; a developer may have them lying about.
const LEFT_OUT: &[&str] = &["preset.php", "assets/widget.js", "assets/chat.js"];

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed={PLUGIN}");
    println!("cargo::rerun-if-changed=src/packaging/embed.rs");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").map_err(Error::other)?).join(PLUGIN);
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for name in files.iter().filter(|name| !LEFT_OUT.contains(&name.as_str())) {
        let path = root.join(name);
        list.push_str(&format!("    ({name:?}, include_bytes!({path:?})),\n"));
    }
    list.push_str("]\n");
    let out = std::env::var("OUT_DIR").map_err(Error::other)?;
    fs::write(Path::new(&out).join("plugin_files.rs"), list)
}

/// Every file below `folder` by its path below `root`, with slashes; hidden ones are no part of the plugin.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let below = path.strip_prefix(root).map_err(Error::other)?;
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        files.push(parts.join("/"));
    }
    Ok(())
}
