"""What drives the domain: the command line, the consumer loop, the ops server, the demo."""
