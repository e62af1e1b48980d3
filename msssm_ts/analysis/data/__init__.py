"""What is wrong with data, or odd, before anything is fitted to them."""
