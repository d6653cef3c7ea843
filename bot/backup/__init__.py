"""Everything the bot knows in one tar file, and back.

`writing` makes the file, `reading` unpacks and verifies it, `swap` puts what was
unpacked in the place of what was there. A tar holds the database as it was at one
moment, the key of the vault, and every still and clip; `manifest.json` is its last
member, so a file that was cut off is noticed.
"""

DATABASE = "vivant.sqlite3"
VAULT_KEY = "secret.key"
MANIFEST = "manifest.json"
FORMAT = 1
