"""How well the decision procedure detects, and how seldom it is wrong, on simulated traffic with seeds of its own."""
