"""Spatial queries and tiles, one file each, named after the method that runs it."""
