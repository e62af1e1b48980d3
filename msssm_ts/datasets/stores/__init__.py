"""Object stores and servers: what lies there is read from a copy on this machine."""
