"""When: the next firing of a schedule, the throttle, the retry plan."""
