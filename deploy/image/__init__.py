"""The image, built on a stand-in base and tried the way a cluster runs it: ``make image``."""
