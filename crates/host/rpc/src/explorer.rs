//! The files of js/explorer, built into the program. Without them the rest of the server works all the same.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../../js/explorer/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
const MISSING: &str = "This node was built without its explorer. To have it:\n\n    \
    npm ci && npm run build -w enigma-js -w enigma-explorer\n    cargo build --release\n\n\
    The node's API answers here all the same: docs/rpc.md lists its methods.\n";
const POLICY: &str = "default-src 'self'; connect-src *; style-src 'self'; img-src 'self' data:";

/// Answers `GET path`.
pub(crate) fn file(path: &str, asked: &HeaderMap) -> Response {
    // The names are a fixed set: whatever else a path says, it names no file.
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { INDEX } else { name };
    let mut response = match Files::get(name) {
        Some(file) => found(name, file, asked),
        None if name == INDEX => (StatusCode::OK, [(header::CONTENT_TYPE, TEXT)], MISSING).into_response(),
        None => (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, TEXT)], "no such page\n").into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

const TEXT: &str = "text/plain; charset=utf-8";

fn found(name: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    // Names under assets/ hold a hash of their content; the others may change with the next version.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let caching = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, cache.to_owned())];
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, content_type(name))], file.data).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webp") => "image/webp",
        Some("woff2") => "font/woff2",
        Some("txt") => TEXT,
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_finds_the_explorer_carries_it() {
        let built =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../js/explorer/dist/index.html");
        assert_eq!(Files::get(INDEX).is_some(), built.is_file());
        let page = file("/", &HeaderMap::new());
        assert_eq!(page.status(), StatusCode::OK);
        let kind = if built.is_file() { "text/html; charset=utf-8" } else { TEXT };
        assert_eq!(page.headers()[header::CONTENT_TYPE], kind);
        assert_eq!(page.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
    }
}
