"""One file a framework: data, no control flow."""
