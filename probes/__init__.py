"""The journeys of people through the central services, one to a file, loaded by path."""
