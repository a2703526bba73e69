"""What the site does: views, commands and the admin call these modules; only they call ml."""
