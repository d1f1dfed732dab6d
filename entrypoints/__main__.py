"""`python -m entrypoints` is `shopify-sync`."""

from entrypoints.command_line import main

if __name__ == "__main__":
    main()
