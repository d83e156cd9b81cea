//! Makes the RSA keys that test authorities take from a file.
//!
//! ```text
//! cargo run -p gate-sim --example long_keys > gate-sim/src/issuer/long_rsa.pem
//! ```
use std::io::Write as _;

fn main() -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(&gate_sim::issuer::long_keys()?)?)
}
