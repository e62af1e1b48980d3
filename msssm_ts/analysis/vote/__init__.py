"""Inside a vote: which bands its classifiers listen to, and what a series' answer hangs on."""
