"""What the application says of a database that was restored: migrations, answers of the API, files that it names. Reads only."""
