"""Train again where there is a reason to, through the same gate, and tell people."""
