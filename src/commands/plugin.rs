//! `pennypress plugin`: the WordPress plugin as a zip.

use std::path::Path;
use std::process::ExitCode;

use super::Outcome;
use crate::packaging::{Preset, plugin_zip};
use crate::settings::Settings;

/// With a site of the settings: its address and keys are in the zip.
pub fn plugin(settings: &Settings, out: &Path, site: Option<&str>) -> Outcome {
    let preset = site.map(|key| preset(settings, key)).transpose()?;
    let zip = plugin_zip(preset.as_ref())?;
    std::fs::write(out, &zip).map_err(|error| format!("cannot write {}: {error}", out.display()))?;
    println!(
        "wrote {} ({} bytes): upload it in WordPress under Plugins › Add New Plugin › Upload Plugin",
        out.display(),
        zip.len()
    );
    Ok(ExitCode::SUCCESS)
}

fn preset(settings: &Settings, key: &str) -> Result<Preset, String> {
    let site = settings.sites.iter().find(|site| site.key == key);
    let site = site.ok_or_else(|| {
        format!("there is no site `{key}` in the settings; a site of the operator's page is downloaded there")
    })?;
    let service_url = settings.server.public_url.clone();
    let secret = site.secret.clone();
    Ok(Preset {
        service_url: service_url.ok_or("set server.public_url: it is the address that the plugin calls")?,
        site_key: site.key.clone(),
        secret: secret
            .ok_or_else(|| format!("the site `{key}` has no secret_env, so that no plugin can sign for it"))?,
        accent: site.appearance.accent.clone(),
        on_accent: site.appearance.on_accent(),
    })
}
