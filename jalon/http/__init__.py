"""The HTTP shell: who calls, how much at once, what goes wrong, and what is known of it all. No rule of the trade."""
