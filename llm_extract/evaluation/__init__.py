"""How good is it: gold, scoring, runs, comparison, gates and reports."""
