//! One traveller's journey through the gate as a state machine without I/O and without clock.
