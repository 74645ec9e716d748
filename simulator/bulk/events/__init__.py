"""From columns of moments to events: a module for each family, in the payloads' own words."""
