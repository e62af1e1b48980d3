"""Tables: text, Parquet, data frames; wide, long or with series in cells."""
