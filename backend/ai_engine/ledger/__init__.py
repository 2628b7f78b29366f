"""What happened: a row for each request and each attempt, and the statistics that are kept with the rows."""
