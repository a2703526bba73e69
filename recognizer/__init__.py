"""The site: a Django app that keeps drawings, lets people answer for them, and learns."""
