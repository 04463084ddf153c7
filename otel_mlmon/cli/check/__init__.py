"""What would be observed here: adapters, their libraries, and the models in a folder."""
