#!/usr/bin/env bash
# tree.sh newest|oldest DIR: a WordPress tree as its makers ship it, into DIR (which must not exist yet).
# It comes from Debian's own packages, by the mirror that this machine's apt uses: 7.1 from sid, 6.1 from bookworm. Nothing is
# installed; package lists and files are kept in /var/tmp/pennypress-tests, so that the second time takes no network.
set -euo pipefail
case ${1-} in
  newest) suite=sid theme=twentytwentyfive ;;
  oldest) suite=bookworm theme=twentytwentythree ;;
  *) echo "usage: tree.sh newest|oldest DIR" >&2; exit 2 ;;
esac
dir=${2:?where to put the tree}
[ ! -e "$dir" ] || { echo "tree.sh: $dir exists already" >&2; exit 1; }
cache=/var/tmp/pennypress-tests/wordpress-$suite
whole=$cache/whole

# Debian links what WordPress bundles (PHPMailer, getID3, some scripts) to packages of its own; these hold them.
packages="wordpress wordpress-theme-$theme libphp-phpmailer php-getid3 libjs-cropper libjs-underscore libjs-jquery-ui node-lodash-packages"

fetch() {
  local mirror apt
  # The first address after `URIs:` (or in a line `deb [options] address suite …`) that is not a security archive.
  mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null |
    sed -E 's/\[[^]]*\]//' | awk '$1 == "URIs:" || $1 == "deb" { print $2 }' | grep -v -- '-security' | head -n 1) || true
  [ -n "$mirror" ] || { echo "tree.sh: apt has no source on this machine" >&2; return 1; }
  rm -rf "$cache"
  mkdir -p "$cache"/{lists/partial,archives/partial,debs,root}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$cache/sources.list"
  apt=(-qq -o "Dir::Etc::SourceList=$cache/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$cache/lists"
    -o "Dir::Cache=$cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
  apt-get "${apt[@]}" update
  for package in $packages; do
    # The machine's own suite may be listed as installed: the version has to be named to get this suite's.
    version=$(apt-cache "${apt[@]}" madison "$package" | awk -F' *[|] *' 'NR == 1 { print $2 }')
    [ -n "$version" ] || { echo "tree.sh: $suite has no package $package" >&2; return 1; }
    (cd "$cache/debs" && apt-get "${apt[@]}" download "$package=$version")
  done
  for deb in "$cache"/debs/*.deb; do dpkg-deb --extract "$deb" "$cache/root"; done
  touch "$whole"
}

[ -e "$whole" ] || fetch
root=$cache/root
mkdir -p "$(dirname "$dir")"
cp -a "$root/usr/share/wordpress" "$dir"
while IFS= read -r -d '' link; do
  points_to=$(readlink "$link")
  case $points_to in
    /*) real=$root$points_to ;;
    *) real=$(realpath -m "$root/usr/share/wordpress/$(dirname "${link#"$dir"/}")/$points_to") ;;
  esac
  rm "$link"
  # A link of Debian's own (certificates, .htaccess, language files) may lead nowhere here: WordPress does without.
  [ ! -e "$real" ] || cp -rL "$real" "$link"
done < <(find "$dir" -type l -print0)
rm -f "$dir/wp-config.php"
mkdir -p "$dir"/wp-content/{themes,plugins,uploads}
for themes in "$root/usr/share/wordpress/wp-content/themes" "$root/var/lib/wordpress/wp-content/themes"; do
  [ ! -d "$themes/$theme" ] || cp -rL "$themes/$theme" "$dir/wp-content/themes/"
done
[ -e "$dir/wp-content/themes/$theme/style.css" ] || { echo "tree.sh: no theme came along" >&2; exit 1; }
[ -e "$dir/wp-includes/PHPMailer/PHPMailer.php" ] || { echo "tree.sh: PHPMailer did not come along" >&2; exit 1; }
sed -n "s/^\$wp_version = '\(.*\)';.*/\1/p" "$dir/wp-includes/version.php"
