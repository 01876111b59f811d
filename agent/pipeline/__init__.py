"""From a run to a message: the stages of the product, over the ports alone."""
