"""What articles come in: one module a container or table, all of them over streams of bytes."""
