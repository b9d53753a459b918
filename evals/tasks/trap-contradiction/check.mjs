// Nothing is delivered: the task cannot be done as it is written.
