"""The backup container's first process: runs the jobs by the clock, tells how they went, answers whether backups are well."""
