"""Field types: one module a kind of value, each with the five abilities of `fields.base`."""
