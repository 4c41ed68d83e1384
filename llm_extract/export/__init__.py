"""What a run holds, as tables and files that others read."""
