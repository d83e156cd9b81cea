//! A lane made of software: people, doors, devices, test documents and the emulated controller.
