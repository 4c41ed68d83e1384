"""Synthetic training articles for `it_contracts`: made from templates and invented names, with their records.

    python -m evals.it_contracts.generator --count 500 --seed 1 --out DIR

What is said is kept apart from how it is put together. Data: `regions` and `words` (names), `services`, `sentences`
and `fillers` (templates). Code: `markup` (words that carry a value), `names`, `notations` (sums, dates, terms),
`facts` (what a contract is), `voice` (facts into sentences), `stories` (which contracts, which sentences), `layouts`
(what the page looks like), `labels` (the gold file).

A value is in a record only if its words were written: sentences carry marks, and the label is read off these.
"""
