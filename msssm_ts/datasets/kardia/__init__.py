"""Recordings of AliveCor's Kardia devices."""
