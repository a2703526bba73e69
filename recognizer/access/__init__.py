"""Who asks, and how much they may: visitors, API keys, addresses, throttles and lock-outs."""
