"""Process managers, one file each: pure functions of a state and an event."""
