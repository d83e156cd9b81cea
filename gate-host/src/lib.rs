//! The gate's daemon: devices, lane loop, settings, journal, traveller page.
