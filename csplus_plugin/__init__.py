"""The parts of the plugin: see the architecture section of CONTRIBUTING.md."""
