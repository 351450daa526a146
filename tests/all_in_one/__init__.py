"""What needs everything at once, as `townhall up` runs it; a package, so that it ends with its tests."""
