"""Tells people and watchdogs how backups and the certificate are: pings, alerts, mail. Nothing here delays a job, or makes it fail."""
