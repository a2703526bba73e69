"""What the site does: called by views, commands and the admin; only these modules call ml."""
