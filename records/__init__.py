"""WHAT WE REMEMBER: PostgreSQL and PostGIS, nothing else."""
