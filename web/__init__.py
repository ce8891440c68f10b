"""WHAT PEOPLE SEE: pages, live map, drawings, the assembled command line."""
