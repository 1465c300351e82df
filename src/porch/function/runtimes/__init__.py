"""The ways of running a function, a module each. A chain imports those that its options name."""
