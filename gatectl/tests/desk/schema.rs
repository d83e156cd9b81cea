//! What `--json` prints, held against the committed schemas.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    reason = "each test uses its own part, and a helper of a test fails by panicking"
)]

use boon::{Compiler, Schemas};
use serde_json::Value;
use std::path::Path;

/// Whatever a command with `--json` prints is one object of its schema, a failure's too.
pub fn check(arguments: &[&str], out: &str) {
    let schema = match arguments {
        _ if !arguments.contains(&"--json") => return,
        ["face", ..] if !out.trim_start().starts_with('{') => return,
        ["document", "check" | "read", ..] => "gatectl/schemas/document.schema.json",
        ["document", "mrz", ..] => "gatectl/schemas/mrz.schema.json",
        ["document", "barcode", ..] => "gatectl/schemas/barcode.schema.json",
        ["trust", "show", ..] => "gatectl/schemas/trust-show.schema.json",
        _ => "gatectl/schemas/failure.schema.json",
    };
    let value: Value = match serde_json::from_str(out) {
        Ok(value) => value,
        Err(problem) => panic!("{arguments:?}: {problem}: {out:?}"),
    };
    if let Some(misfit) = misfit(schema, &value) {
        panic!("{arguments:?}: {misfit}: {out}");
    }
}

/// What of `value` has not the form of `schema`, a path in the repository.
pub fn misfit(schema: &str, value: &Value) -> Option<String> {
    const ROOT: &str = "file:///repository";
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    for path in [
        "gatectl/schemas/failure.schema.json",
        "gatectl/schemas/face-rate.schema.json",
        "gate-document/schemas/report.schema.json",
        schema,
    ] {
        let text = std::fs::read_to_string(repository.join(path)).expect("a schema");
        let text = serde_json::from_str(&text).expect("JSON");
        compiler
            .add_resource(&format!("{ROOT}/{path}"), text)
            .expect("a schema");
    }
    let schema = compiler
        .compile(&format!("{ROOT}/{schema}"), &mut schemas)
        .expect("a schema");
    let fault = schemas.validate(value, schema).err();
    fault.map(|fault| format!("{fault:#}"))
}
