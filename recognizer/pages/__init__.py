"""What a browser shows, and what tells whether the site is well."""
