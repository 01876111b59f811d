"""From a month of recordings to the rates of the trials' world, and to thresholds that fit it."""
