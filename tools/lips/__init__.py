"""How the network that reads lips from sound is trained and measured; `python -m tools.lips --help`, README.md."""
