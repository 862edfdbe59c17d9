"""One verb each: what the user types, as a function from a place and wishes to a report."""
