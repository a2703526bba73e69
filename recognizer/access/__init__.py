"""Who asks and how much they may do: visitors, API keys, addresses, throttles and lock-outs."""
