"""One loader per source; each says what it left out, and why."""
