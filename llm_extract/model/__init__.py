"""The model step: endpoints, calls, retries, limits, cache, prices, and the model in the box."""
