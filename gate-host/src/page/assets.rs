//! The page's files, carried inside the binary.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// One file of the page.
pub(super) struct Asset {
    pub(super) name: &'static str,
    content_type: &'static str,
    pub(super) bytes: &'static [u8],
}

pub(super) const INDEX: Asset = Asset {
    name: "index.html",
    content_type: "text/html; charset=utf-8",
    bytes: include_bytes!("assets/index.html"),
};

pub(super) const ASSETS: [Asset; 4] = [
    Asset {
        name: "page.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("assets/page.css"),
    },
    Asset {
        name: "page.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("assets/page.js"),
    },
    Asset {
        name: "texts.json",
        content_type: "application/json",
        bytes: include_bytes!("assets/texts.json"),
    },
    Asset {
        name: "icon.svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("assets/icon.svg"),
    },
];

pub(super) fn find(name: &str) -> Option<&'static Asset> {
    static TABLE: [Asset; 4] = ASSETS;
    TABLE.iter().find(|asset| asset.name == name)
}

/// Names this build of the page. A browser that hears another name than at its start
/// still shows the page of before an update, and loads it anew.
pub(super) fn bundle() -> &'static str {
    static BUNDLE: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for asset in std::iter::once(&INDEX).chain(&ASSETS) {
            hash.update(asset.bytes);
        }
        hash.finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    });
    &BUNDLE
}

/// The file, or `304` when the browser already has this bundle. Browsers keep the
/// files but ask each time: after an update no part of the old page survives.
pub(super) fn answer(asset: &Asset, request: &HeaderMap) -> Response {
    static TAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", bundle()));
    let tag = HeaderValue::from_str(&TAG).expect("a quoted hexadecimal number is a header value");
    let known = request.get(header::IF_NONE_MATCH) == Some(&tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
