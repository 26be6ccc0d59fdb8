"""Stand-ins for providers: real servers on this machine that speak the real protocols, faults included."""
