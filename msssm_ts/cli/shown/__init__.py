"""What commands show: messages, progress, tables, pictures, files."""
