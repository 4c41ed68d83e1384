"""Tuning a small model for a task: training pairs, training, adapters."""
