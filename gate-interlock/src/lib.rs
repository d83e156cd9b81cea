//! Doors and safety as a scan: inputs in, pin levels out.
#![no_std]
#![forbid(unsafe_code)]
